/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/vip_plan_routes.h"

/* The local routes that a node is to have. */

/* The route that a network is wanted to have. */
static struct host_route wanted_route(const struct vip_planning *planning,
				      const struct network *network)
{
	struct host_route route = { .network = *network };
	const struct address *source;

	if (network_is_of_one(network))
		return route;
	source = vip_source(planning, network->address.family);
	if (source)
		route.source = *source;
	return route;
}

static int route_operation(struct vip_planning *planning, enum vip_kind kind,
			   const struct host_route *route)
{
	return vip_plan_add(planning->plan,
			    &(struct vip_operation){ .kind = kind,
						     .network = route->network,
						     .source = route->source });
}

/* A route with another source is another route, of which the kernel takes one (IPv6). */
int vip_plan_new_routes(struct vip_planning *planning, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct host_route wanted =
			wanted_route(planning, &planning->plan->local[i]);
		const struct host_route *actual =
			vip_find_route(planning->host, &wanted.network);

		if (actual && address_compare(&actual->source, &wanted.source) == 0)
			continue;
		if (actual)
			r = route_operation(planning, VIP_REMOVE_ROUTE, actual);
		if (r == 0)
			r = route_operation(planning, VIP_ADD_ROUTE, &wanted);
	}
	return r;
}

int vip_plan_old_routes(struct vip_planning *planning, size_t count)
{
	const struct network *wanted = planning->plan->local;
	const struct host_net *host = planning->host;
	size_t w = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < host->route_count && planning->routes_ours;
	     i++) {
		const struct network *have = &host->routes[i].network;

		while (w < count && network_compare(&wanted[w], have) < 0)
			w++;
		if (w == count || network_compare(&wanted[w], have) != 0)
			r = route_operation(planning, VIP_REMOVE_ROUTE, &host->routes[i]);
	}
	return r;
}

/* Whether routes of our protocol are ours although the record does not say so. */
bool vip_finds_own_route(const struct vip_planning *planning)
{
	const struct vip_wish *wish = planning->wish;

	for (size_t i = 0; i < wish->network_count; i++) {
		if (vip_find_route(planning->host, &wish->networks[i]))
			return true;
	}
	for (size_t i = 0; i < wish->bound->count; i++) {
		const struct network alone = network_of_one(&wish->bound->items[i]);

		if (vip_find_route(planning->host, &alone))
			return true;
	}
	return false;
}
