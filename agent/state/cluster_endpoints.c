/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which endpoints a node sends connections to, as kube-proxy decides it (kubernetes
 * pkg/proxy/topology.go, CategorizeEndpoints, and endpointslicecache.go).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/cluster.h"
#include "common/array.h"

/* The first slice of the service, or where it would be. */
static size_t first_slice(const struct cluster *cluster, const struct object_name *name)
{
	size_t low = 0, high = cluster->slice_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (object_name_compare(&cluster->slices[middle].service, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int add_slice_port(const struct cluster_slice *slice, uint16_t port,
			  struct endpoint_choice *choice)
{
	for (size_t i = 0; i < slice->endpoint_count; i++) {
		const struct cluster_endpoint *endpoint = &slice->endpoints[i];

		if (ARRAY_MAKE_ROOM(choice->list, choice->count, choice->room) < 0)
			return -ENOMEM;
		choice->list[choice->count++] = (struct chosen_endpoint){
			.address = endpoint->address,
			.port = port,
			.state = endpoint->state,
			.zone_hints = endpoint->zone_hints,
		};
	}
	return 0;
}

static int add_all(const struct cluster *cluster, const struct cluster_service *service,
		   const struct service_port *port, uint8_t family,
		   struct endpoint_choice *choice)
{
	for (size_t i = first_slice(cluster, &service->name); i < cluster->slice_count;
	     i++) {
		const struct cluster_slice *slice = &cluster->slices[i];

		if (object_name_compare(&slice->service, &service->name) != 0)
			break;
		for (size_t k = 0; slice->family == family && k < slice->port_count;
		     k++) {
			const struct slice_port *one = &slice->ports[k];

			if (one->protocol == port->protocol &&
			    strcmp(one->name, port->name) == 0 &&
			    add_slice_port(slice, one->port, choice) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int compare_endpoints(const void *a, const void *b)
{
	const struct chosen_endpoint *left = a, *right = b;
	int order = address_compare(&left->address, &right->address);

	return order != 0 ? order
			  : (left->port > right->port) - (left->port < right->port);
}

/* While an endpoint moves from one slice to another it may stand in both. */
static void unite_equal(struct endpoint_choice *choice)
{
	struct chosen_endpoint *list = choice->list;
	size_t kept = 0;

	if (choice->count == 0)
		return;
	qsort(list, choice->count, sizeof(*list), compare_endpoints);
	for (size_t i = 1; i < choice->count; i++) {
		if (compare_endpoints(&list[kept], &list[i]) == 0) {
			list[kept].state |= list[i].state;
			list[kept].zone_hints |= list[i].zone_hints;
		} else {
			list[++kept] = list[i];
		}
	}
	choice->count = kept + 1;
}

/* Keeps those that have all of these bits. */
static void keep(struct endpoint_choice *choice, uint8_t bits)
{
	size_t kept = 0;

	for (size_t i = 0; i < choice->count; i++) {
		if ((choice->list[i].state & bits) == bits)
			choice->list[kept++] = choice->list[i];
	}
	choice->count = kept;
}

static bool any_is(const struct endpoint_choice *choice, uint8_t bits)
{
	for (size_t i = 0; i < choice->count; i++) {
		if ((choice->list[i].state & bits) == bits)
			return true;
	}
	return false;
}

static uint64_t own_zone_bit(const struct cluster *cluster)
{
	for (size_t i = 0; cluster->zone && i < cluster->zone_count; i++) {
		if (strcmp(cluster->zones[i], cluster->zone) == 0)
			return UINT64_C(1) << i;
	}
	return 0;
}

/* Hints count where every ready endpoint has one, and one of them means this node or its zone. */
static void follow_hints(const struct cluster *cluster, struct endpoint_choice *choice)
{
	uint64_t zone = own_zone_bit(cluster);
	bool all_nodes = true, all_zones = true, our_zone = false;
	size_t kept = 0;

	for (size_t i = 0; i < choice->count; i++) {
		const struct chosen_endpoint *one = &choice->list[i];

		all_nodes &= (one->state & ENDPOINT_NODE_HINTS) != 0;
		all_zones &= one->zone_hints != 0;
		our_zone |= (one->zone_hints & zone) != 0;
	}
	if (all_nodes && any_is(choice, ENDPOINT_HINTED_HERE)) {
		keep(choice, ENDPOINT_HINTED_HERE);
		return;
	}
	if (!all_zones || !our_zone)
		return;
	for (size_t i = 0; i < choice->count; i++) {
		if (choice->list[i].zone_hints & zone)
			choice->list[kept++] = choice->list[i];
	}
	choice->count = kept;
}

int cluster_choose(const struct cluster *cluster, const struct cluster_service *service,
		   const struct service_port *port, uint8_t family, bool local_only,
		   struct endpoint_choice *choice)
{
	choice->count = 0;
	if (add_all(cluster, service, port, family, choice) < 0)
		return -ENOMEM;
	unite_equal(choice);
	if (local_only)
		keep(choice, ENDPOINT_LOCAL);
	if (!any_is(choice, ENDPOINT_READY)) {
		keep(choice, ENDPOINT_SERVING | ENDPOINT_TERMINATING);
		return 0;
	}
	keep(choice, ENDPOINT_READY);
	if (!local_only)
		follow_hints(cluster, choice);
	return 0;
}

/* A pod of a dual-stack Service has an endpoint of each family. */
static size_t larger_family(const struct endpoint_choice *choice)
{
	size_t v4 = 0;

	for (size_t i = 0; i < choice->count; i++)
		v4 += choice->list[i].address.family == AF_INET;
	return MAX_OF(v4, choice->count - v4);
}

int cluster_count_local(const struct cluster *cluster,
			const struct cluster_service *service, size_t *count)
{
	struct endpoint_choice choice = { 0 };
	int r = 0;

	for (size_t i = first_slice(cluster, &service->name);
	     r == 0 && i < cluster->slice_count; i++) {
		if (object_name_compare(&cluster->slices[i].service, &service->name) != 0)
			break;
		r = add_slice_port(&cluster->slices[i], 0, &choice);
	}
	if (r == 0) {
		unite_equal(&choice);
		keep(&choice, ENDPOINT_LOCAL | ENDPOINT_READY);
		*count = larger_family(&choice);
	}
	endpoint_choice_clear(&choice);
	return r;
}

void endpoint_choice_clear(struct endpoint_choice *choice)
{
	free(choice->list);
	memset(choice, 0, sizeof(*choice));
}
