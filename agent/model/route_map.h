/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/macro.h"
#include "common/network.h"

/*
 * Where packets for an address go from this node: its routes, flattened into spans so
 * that an address is found by one binary search. Pure; agent/kernel/rtnl_paths.h reads
 * the routes.
 */

enum route_kind {
	ROUTE_NONE = 0, /* no route covers the address */
	ROUTE_LOCAL,	/* the node itself has the address */
	ROUTE_LINK,	/* over a link */
	ROUTE_REFUSED,	/* unreachable, prohibit, blackhole, throw */
};

struct route {
	struct network network;
	uint32_t metric; /* of routes with the same network the smallest one counts */
	uint8_t kind;	 /* enum route_kind */
	int link; /* the index of the only link that it leads over; 0: several, or none */
};

struct route_span {
	struct address first; /* up to the next span's, within the family */
	uint8_t kind;
	int link;
};

struct route_map {
	struct route *routes; /* as added, until route_map_finish() */
	size_t count, room;
	struct route_span *spans;
	size_t span_count;
};

/* -ENOMEM. */
int route_map_add(struct route_map *map, const struct route *route) MUST_CHECK;

/* Once, when all routes are added: makes the spans, and drops the routes. -ENOMEM. */
int route_map_finish(struct route_map *map) MUST_CHECK;

/*
 * The span of an address, or NULL where there is no route. hint is of the caller, 0 at
 * first: an address near the last one is found without a search.
 */
const struct route_span *route_map_find(const struct route_map *map,
					const struct address *address, size_t *hint);

/* The only link of a family's default routes; 0 where there are none, or several. */
int route_map_default_link(const struct route_map *map, uint8_t family);

void route_map_clear(struct route_map *map);

#define cleanup_route_map CLEANUP(route_map_clear)
