/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/vip_planner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/vip_plan_link.h"
#include "agent/plan/vip_plan_routes.h"
#include "common/array.h"

/* --- what is wished for --- */

int vip_collect(const struct table *wanted, struct address_list *bound)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		const struct service *service = &wanted->services[i];

		if (service->access && service->access->bind && !service->key.fwmark &&
		    address_list_add(bound, &service->key.address) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* An address that the node needs for itself and that the network would make its own; or NULL. */
static const struct address *find_needed(const struct vip_planning *planning,
					 const struct network *network)
{
	const struct host_net *host = planning->host;

	for (size_t i = 0; i < host->address_count; i++) {
		const struct host_address *own = &host->addresses[i];

		if (own->link != vip_own_index(planning) &&
		    network_contains(network, &own->address) &&
		    !host_address_is_alone(host, own))
			return &own->address;
	}
	for (size_t i = 0; i < host->gateway_count; i++) {
		if (network_contains(network, &host->gateways[i].address))
			return &host->gateways[i].address;
	}
	return NULL;
}

/* The name of a link; NULL where it is not known, and for kube-proxy's link. */
static const char *name_to_tell(const struct host_net *host, int index)
{
	for (size_t i = 0; i < host->link_count; i++) {
		const struct host_link *link = &host->links[i];

		/* In its IPVS mode it has all of them, until a migration is over. */
		if (link->index == index)
			return strcmp(link->name, "kube-ipvs0") == 0 ? NULL : link->name;
	}
	return NULL;
}

/* Names the first address of the network that another link has as well. */
static int note_shared(struct vip_planning *planning, const struct network *network)
{
	const struct host_net *host = planning->host;
	struct vip_conflict conflict = { .kind = VIP_NETWORK_SHARED,
					 .network = *network };
	const char *name = NULL;
	int own = vip_own_index(planning), silent = own;

	for (size_t i = 0; i < host->address_count; i++) {
		const struct host_address *other = &host->addresses[i];

		if (other->link == own || other->link == silent ||
		    !network_contains(network, &other->address))
			continue;
		name = name_to_tell(host, other->link);
		if (!name)
			silent = other->link;
		else if (conflict.count++ == 0) {
			conflict.address = other->address;
			strcpy(conflict.name, name);
		}
	}
	return conflict.count > 0 ? vip_plan_add_conflict(planning->plan, &conflict) : 0;
}

static int refuse_networks(struct vip_planning *planning, bool *refused)
{
	const struct vip_wish *wish = planning->wish;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wish->network_count; i++) {
		struct vip_conflict conflict = { .kind = VIP_NETWORK_OF_NODE,
						 .network = wish->networks[i] };
		const struct address *needed = find_needed(planning, &wish->networks[i]);

		if (!needed) {
			r = note_shared(planning, &wish->networks[i]);
			continue;
		}
		refused[i] = true;
		conflict.address = *needed;
		r = vip_plan_add_conflict(planning->plan, &conflict);
	}
	return r;
}

/* The index of a service network that has the address; network_count where there is none. */
static size_t covering(const struct vip_planning *planning, const struct address *address,
		       const bool *refused)
{
	const struct vip_wish *wish = planning->wish;
	size_t found = wish->network_count;

	for (size_t i = 0; i < wish->network_count; i++) {
		if (network_contains(&wish->networks[i], address) &&
		    (found == wish->network_count || refused[found]))
			found = i;
	}
	return found;
}

/* Whether an address that leaves was made local by us. */
static bool is_ours(const struct vip_planning *planning, const struct address *address,
		    size_t network)
{
	const struct network alone = network_of_one(address);

	if (address_list_has(&planning->ownership->bound, address) ||
	    (planning->routes_ours && vip_find_route(planning->host, &alone)))
		return true;
	return network < planning->wish->network_count && planning->routes_ours &&
	       vip_find_route(planning->host, &planning->wish->networks[network]);
}

static int take_address(struct vip_planning *planning, const struct address *address,
			const bool *refused, bool leaving)
{
	size_t network = covering(planning, address, refused);
	/* In a network that cannot be local as a whole each address is for itself. */
	bool covered = network < planning->wish->network_count && !refused[network];

	if (leaving && !is_ours(planning, address, network))
		return 0;
	if (covered) {
		planning->used[network] = true;
		return 0;
	}
	/* What we have on our link stays there, even if it is on another link meanwhile. */
	if (!(planning->own &&
	      host_find_on_link(planning->host, address, planning->own->index)) &&
	    host_find_elsewhere(planning->host, address, vip_own_index(planning)))
		return 0;
	return address_list_add(&planning->locals, address);
}

static int take_addresses(struct vip_planning *planning, bool *refused)
{
	const struct address_list *bound = planning->wish->bound;
	const struct address_list *leaving = planning->wish->leaving;
	size_t b = 0, l = 0;
	int r = bound->count + leaving->count > 0 ? refuse_networks(planning, refused)
						  : 0;

	/* In order, so that none of them is searched for. */
	while (r == 0 && (b < bound->count || l < leaving->count)) {
		int order;

		if (b == bound->count)
			order = 1;
		else if (l == leaving->count)
			order = -1;
		else
			order = address_compare(&bound->items[b], &leaving->items[l]);
		r = order <= 0
			    ? take_address(planning, &bound->items[b], refused, false)
			    : take_address(planning, &leaving->items[l], refused, true);
		b += order <= 0;
		l += order >= 0;
	}
	return r;
}

/* --- what is done --- */

static int add_local(struct vip_plan *plan, const struct network *network)
{
	if (ARRAY_MAKE_ROOM(plan->local, plan->local_count, plan->local_room) < 0)
		return -ENOMEM;
	plan->local[plan->local_count++] = *network;
	return 0;
}

static int add_wanted_networks(struct vip_planning *planning)
{
	const struct vip_wish *wish = planning->wish;
	struct vip_plan *plan = planning->plan;
	size_t kept = 0;

	for (size_t i = 0; i < wish->network_count; i++) {
		if (planning->used[i] && add_local(plan, &wish->networks[i]) < 0)
			return -ENOMEM;
	}
	if (plan->local_count > 1)
		qsort(plan->local, plan->local_count, sizeof(*plan->local),
		      vip_compare_networks);
	for (size_t i = 0; i < plan->local_count; i++) {
		if (kept == 0 ||
		    network_compare(&plan->local[kept - 1], &plan->local[i]) != 0)
			plan->local[kept++] = plan->local[i];
	}
	plan->local_count = kept;
	return 0;
}

static int add_alone(struct vip_planning *planning)
{
	struct vip_plan *plan = planning->plan;

	for (size_t i = 0; i < planning->locals.count; i++) {
		const struct network alone = network_of_one(&planning->locals.items[i]);

		if (add_local(plan, &alone) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool link_is_taken(const struct vip_planning *planning)
{
	return !planning->own && planning->named;
}

/* Where our link cannot be, what is local by a route stays so. */
static int keep_routes(struct vip_planning *planning)
{
	for (size_t i = 0; i < planning->locals.count; i++) {
		const struct network alone = network_of_one(&planning->locals.items[i]);

		if (planning->routes_ours && vip_find_route(planning->host, &alone) &&
		    add_local(planning->plan, &alone) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int plan_all(struct vip_planning *planning)
{
	struct vip_plan *plan = planning->plan;
	bool on_link =
		planning->locals.count > 0 && planning->locals.count <= VIP_ADDRESSES_MAX;
	bool has_link = on_link || planning->wish->keep_link;
	size_t routes;
	int r = add_wanted_networks(planning);

	if (r == 0 && planning->locals.count > VIP_ADDRESSES_MAX)
		r = add_alone(planning);
	if (r == 0 && on_link && link_is_taken(planning))
		r = keep_routes(planning);
	if (plan->local_count > 1)
		qsort(plan->local, plan->local_count, sizeof(*plan->local),
		      vip_compare_networks);
	routes = plan->local_count;
	if (r == 0)
		r = vip_plan_new_routes(planning, routes);
	if (r == 0 && has_link)
		r = vip_plan_link(planning);
	if (r == 0 && on_link && !link_is_taken(planning))
		r = vip_plan_new_addresses(planning);
	if (r == 0)
		r = vip_plan_old_addresses(planning, on_link, has_link);
	if (r == 0)
		r = vip_plan_old_routes(planning, routes);
	if (r == 0 && planning->own && !has_link && planning->shared == 0)
		r = vip_plan_link_operation(planning, VIP_REMOVE_LINK);
	plan->has_link = has_link && !link_is_taken(planning);
	plan->uses_link = on_link && plan->has_link;
	if (r == 0 && plan->uses_link)
		r = add_alone(planning);
	if (plan->local_count > 1)
		qsort(plan->local, plan->local_count, sizeof(*plan->local),
		      vip_compare_networks);
	return r;
}

int vip_plan_make(const struct vip_wish *wish, const struct host_net *host,
		  const struct ownership *ownership, struct vip_plan *plan)
{
	cleanup_free bool *refused = calloc(wish->network_count + 1, sizeof(*refused));
	cleanup_free bool *used = calloc(wish->network_count + 1, sizeof(*used));
	struct vip_planning planning = {
		.wish = wish,
		.host = host,
		.ownership = ownership,
		.plan = plan,
		.own = ownership->link.name[0]
			       ? host_find_dummy(host, ownership->link.hardware)
			       : NULL,
		.named = host_find_link(host, wish->link),
		.used = used,
	};
	int r;

	if (!refused || !used)
		return -ENOMEM;
	plan->adopts_routes = !ownership->routes && vip_finds_own_route(&planning);
	planning.routes_ours = ownership->routes || plan->adopts_routes;
	r = take_addresses(&planning, refused);
	if (r == 0)
		r = plan_all(&planning);
	address_list_clear(&planning.locals);
	return r;
}
