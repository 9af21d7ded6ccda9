/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/route_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

int route_map_add(struct route_map *map, const struct route *route)
{
	if (ARRAY_MAKE_ROOM(map->routes, map->count, map->room) < 0)
		return -ENOMEM;
	map->routes[map->count++] = *route;
	return 0;
}

/*
 * By network, the larger one first; of those with one network the one that counts first.
 */
static int compare_routes(const void *a, const void *b)
{
	const struct route *left = a, *right = b;
	int order = network_compare(&left->network, &right->network);

	if (order != 0)
		return order;
	return (left->metric > right->metric) - (left->metric < right->metric);
}

/* Of routes with one network and metric over several links the link is not known. */
static void drop_repeated(struct route_map *map)
{
	size_t kept = 0;

	for (size_t i = 0; i < map->count; i++) {
		struct route *last = kept > 0 ? &map->routes[kept - 1] : NULL;
		const struct route *route = &map->routes[i];

		if (!last || network_compare(&last->network, &route->network) != 0)
			map->routes[kept++] = *route;
		else if (last->metric == route->metric && last->link != route->link)
			last->link = 0;
	}
	map->count = kept;
}

/* --- spans --- */

/*
 * The networks that are open where the sweep is, the innermost last: at most one of each
 * prefix.
 */
enum { OPEN_MAX = 130 };

struct sweep {
	struct route_map *map;
	const struct route *open[OPEN_MAX];
	size_t open_count;
	size_t room;
};

static int start_span(struct sweep *sweep, const struct address *first)
{
	const struct route *route =
		sweep->open_count > 0 ? sweep->open[sweep->open_count - 1] : NULL;
	struct route_map *map = sweep->map;
	struct route_span *last =
		map->span_count > 0 ? &map->spans[map->span_count - 1] : NULL;

	if (!last || address_compare(&last->first, first) != 0) {
		if (ARRAY_MAKE_ROOM(map->spans, map->span_count, sweep->room) < 0)
			return -ENOMEM;
		last = &map->spans[map->span_count++];
	}
	*last = (struct route_span){ .first = *first,
				     .kind = route ? route->kind : ROUTE_NONE,
				     .link = route ? route->link : 0 };
	return 0;
}

/*
 * The first address after the network; false where the network ends with its family's
 * last one.
 */
static bool after(const struct network *network, struct address *next)
{
	unsigned int bit = network->prefix;

	*next = network->address;
	while (bit > 0) {
		uint8_t mask = (uint8_t)(0x80 >> ((bit - 1) % 8));
		uint8_t *byte = &next->bytes[(bit - 1) / 8];

		*byte ^= mask;
		if (*byte & mask)
			return true;
		bit--;
	}
	return false;
}

/* Closes what ends before the address; NULL: everything. */
static int close_before(struct sweep *sweep, const struct address *address)
{
	while (sweep->open_count > 0) {
		const struct network *innermost =
			&sweep->open[sweep->open_count - 1]->network;
		struct address next;
		int r = 0;

		if (address && network_contains(innermost, address))
			return 0;
		sweep->open_count--;
		if (after(innermost, &next))
			r = start_span(sweep, &next);
		if (r < 0)
			return r;
	}
	return 0;
}

int route_map_finish(struct route_map *map)
{
	struct sweep sweep = { .map = map };
	int r = 0;

	if (map->count > 0)
		qsort(map->routes, map->count, sizeof(*map->routes), compare_routes);
	drop_repeated(map);
	for (size_t i = 0; r == 0 && i < map->count; i++) {
		const struct route *route = &map->routes[i];

		r = close_before(&sweep, &route->network.address);
		if (r == 0) {
			sweep.open[sweep.open_count++] = route;
			r = start_span(&sweep, &route->network.address);
		}
	}
	if (r == 0)
		r = close_before(&sweep, NULL);
	free(map->routes);
	map->routes = NULL;
	map->count = map->room = 0;
	return r;
}

/* --- look-up --- */

static bool covers(const struct route_map *map, size_t i, const struct address *address)
{
	return address_compare(&map->spans[i].first, address) <= 0 &&
	       (i + 1 == map->span_count ||
		address_compare(address, &map->spans[i + 1].first) < 0);
}

const struct route_span *route_map_find(const struct route_map *map,
					const struct address *address, size_t *hint)
{
	size_t low = 0, high = map->span_count;

	if (*hint >= high || !covers(map, *hint, address)) {
		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (address_compare(&map->spans[middle].first, address) <= 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low == 0)
			return NULL;
		*hint = low - 1;
	}
	if (map->spans[*hint].first.family != address->family ||
	    map->spans[*hint].kind == ROUTE_NONE)
		return NULL;
	return &map->spans[*hint];
}

int route_map_default_link(const struct route_map *map, uint8_t family)
{
	/*
	 * The last addresses of each family: nobody has a network there but the default.
	 */
	struct address last = { .family = family };
	const struct route_span *span;
	size_t hint = 0;

	memset(last.bytes, 0xff, family == AF_INET6 ? sizeof(last.v6) : sizeof(last.v4));
	if (family == AF_INET)
		last.bytes[0] =
			0xdf; /* 223.255.255.255, the last one that is not multicast */
	else
		last.bytes[0] = 0xef;
	span = route_map_find(map, &last, &hint);
	return span && span->kind == ROUTE_LINK ? span->link : 0;
}

void route_map_clear(struct route_map *map)
{
	free(map->routes);
	free(map->spans);
	memset(map, 0, sizeof(*map));
}
