/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which endpoints a node sends connections to, as kube-proxy decides it (kubernetes
 * pkg/proxy/topology.go, CategorizeEndpoints, and endpointslicecache.go).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
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

static int compare_port(const struct slice_port *port, uint8_t protocol, const char *name)
{
	int order = (port->protocol > protocol) - (port->protocol < protocol);

	return order != 0 ? order : strcmp(port->name, name);
}

static int compare_matched(const void *a, const void *b)
{
	const struct matched_port *left = a, *right = b;
	int order = (left->slice->family > right->slice->family) -
		    (left->slice->family < right->slice->family);

	return order != 0 ? order
			  : compare_port(left->port, right->port->protocol,
					 right->port->name);
}

static int add_slice(struct service_slices *slices, const struct cluster_slice *slice)
{
	for (size_t i = 0; i < slice->port_count; i++) {
		if (ARRAY_MAKE_ROOM(slices->list, slices->count, slices->room) < 0)
			return -ENOMEM;
		slices->list[slices->count++] =
			(struct matched_port){ slice, &slice->ports[i] };
	}
	return 0;
}

int cluster_find_slices(const struct cluster *cluster,
			const struct cluster_service *service,
			struct service_slices *slices)
{
	int r = 0;

	slices->service = service;
	slices->count = 0;
	for (size_t i = first_slice(cluster, &service->name);
	     r == 0 && i < cluster->slice_count; i++) {
		const struct cluster_slice *slice = &cluster->slices[i];

		if (object_name_compare(&slice->service, &service->name) != 0)
			break;
		r = add_slice(slices, slice);
	}
	if (r == 0 && slices->count > 0)
		qsort(slices->list, slices->count, sizeof(*slices->list),
		      compare_matched);
	return r;
}

void service_slices_clear(struct service_slices *slices)
{
	free(slices->list);
	memset(slices, 0, sizeof(*slices));
}

/* The first of the slices' ports that match, or where it would be. */
static size_t first_match(const struct service_slices *slices, uint8_t family,
			  const struct service_port *port)
{
	size_t low = 0, high = slices->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct matched_port *one = &slices->list[middle];

		if (one->slice->family < family ||
		    (one->slice->family == family &&
		     compare_port(one->port, port->protocol, port->name) < 0))
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
		};
	}
	return 0;
}

static int add_all(const struct service_slices *slices, const struct service_port *port,
		   uint8_t family, struct endpoint_choice *choice)
{
	int r = 0;

	for (size_t i = first_match(slices, family, port); r == 0 && i < slices->count;
	     i++) {
		const struct matched_port *one = &slices->list[i];

		if (one->slice->family != family ||
		    compare_port(one->port, port->protocol, port->name) != 0)
			break;
		r = add_slice_port(one->slice, one->port->port, choice);
	}
	return r;
}

/*
 * Of two with one address the higher one counts: a pod's address is given to the next one before the
 * old one, which terminates, is gone (as kube-proxy 1.36 has it). Of equal ones in two slices, which an
 * endpoint moves between, all bits decide, so that the order of the slices does not.
 */
static unsigned int precedence(uint16_t state)
{
	static const uint8_t bits[] = {
		ENDPOINT_READY,	      ENDPOINT_SERVING,	   ENDPOINT_LOCAL,
		ENDPOINT_HINTED_HERE, ENDPOINT_ZONED_HERE, ENDPOINT_NODE_HINTS,
		ENDPOINT_ZONE_HINTS,
	};
	unsigned int rank = (state & ENDPOINT_TERMINATING) == 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		rank = rank << 1 | ((state & bits[i]) != 0);
	return rank << 1 | ((state & ENDPOINT_ELSEWHERE) == 0);
}

static int compare_addresses(const struct chosen_endpoint *left,
			     const struct chosen_endpoint *right)
{
	int order = address_compare(&left->address, &right->address);

	return order != 0 ? order
			  : (left->port > right->port) - (left->port < right->port);
}

static int compare_endpoints(const void *a, const void *b)
{
	const struct chosen_endpoint *left = a, *right = b;
	unsigned int ours = precedence(left->state), theirs = precedence(right->state);
	int order = compare_addresses(left, right);

	return order != 0 ? order : (ours < theirs) - (ours > theirs);
}

/* Of those with one address and port the first counts, whole: readiness, place and hints. */
static void drop_seconds(struct endpoint_choice *choice)
{
	struct chosen_endpoint *list = choice->list;
	size_t kept = 0;

	if (choice->count == 0)
		return;
	qsort(list, choice->count, sizeof(*list), compare_endpoints);
	for (size_t i = 1; i < choice->count; i++) {
		if (compare_addresses(&list[kept], &list[i]) != 0)
			list[++kept] = list[i];
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

static bool all_are(const struct endpoint_choice *choice, uint8_t bits)
{
	for (size_t i = 0; i < choice->count; i++) {
		if ((choice->list[i].state & bits) != bits)
			return false;
	}
	return true;
}

/* Hints count where every ready endpoint has one, and one of them means this node or its zone. */
static void follow_hints(struct endpoint_choice *choice)
{
	if (all_are(choice, ENDPOINT_NODE_HINTS) && any_is(choice, ENDPOINT_HINTED_HERE))
		keep(choice, ENDPOINT_HINTED_HERE);
	else if (all_are(choice, ENDPOINT_ZONE_HINTS) &&
		 any_is(choice, ENDPOINT_ZONED_HERE))
		keep(choice, ENDPOINT_ZONED_HERE);
}

static bool has_zone(const char *zones, const char *end, const char *zone)
{
	for (; zones < end; zones += strlen(zones) + 1) {
		if (strcmp(zones, zone) == 0)
			return true;
	}
	return false;
}

void cluster_find_zone(struct cluster *cluster)
{
	/* As kube-proxy has it, a label without a value is no zone. */
	if (!cluster->zone || *cluster->zone == '\0')
		return;
	for (size_t i = 0; i < cluster->slice_count; i++) {
		struct cluster_slice *slice = &cluster->slices[i];
		const char *zones = slice->zones;

		for (size_t k = 0; zones && k < slice->endpoint_count; k++) {
			struct cluster_endpoint *endpoint = &slice->endpoints[k];
			const char *end = slice->zones + endpoint->zones_end;

			if (has_zone(zones, end, cluster->zone))
				endpoint->state |= ENDPOINT_ZONED_HERE;
			zones = end;
		}
	}
}

int cluster_choose(const struct service_slices *slices, const struct service_port *port,
		   uint8_t family, bool local_only, struct endpoint_choice *choice)
{
	choice->count = 0;
	if (add_all(slices, port, family, choice) < 0)
		return -ENOMEM;
	drop_seconds(choice);
	if (local_only)
		keep(choice, ENDPOINT_LOCAL);
	if (!any_is(choice, ENDPOINT_READY)) {
		keep(choice, ENDPOINT_SERVING | ENDPOINT_TERMINATING);
		return 0;
	}
	keep(choice, ENDPOINT_READY);
	if (!local_only)
		follow_hints(choice);
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
		drop_seconds(&choice);
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
