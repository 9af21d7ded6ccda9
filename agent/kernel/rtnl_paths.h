/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/kernel/rtnl.h"
#include "agent/plan/usability.h"

/* Where packets go from this node, as far as usability.h asks for it. */
struct rtnl_paths {
	struct usability_link *links; /* owned, as all here */
	size_t link_count, link_room;
	struct route_map routes;
	struct forwarding *forwarding;
	size_t forwarding_count, forwarding_room;
};

/*
 * Fills empty paths from all tables of routes, without regard to the rules that choose
 * one: an address that none of them has is one without a route. Needs not be cleared
 * where it fails.
 */
int rtnl_read_paths(struct rtnl *rtnl, struct rtnl_paths *paths,
		    struct err *err) MUST_CHECK;

void rtnl_paths_clear(struct rtnl_paths *paths);

#define cleanup_paths CLEANUP(rtnl_paths_clear)
