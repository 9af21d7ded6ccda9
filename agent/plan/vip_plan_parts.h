/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/vip_plan.h"

/* What binding.c, vip_routes.c and vip_link.c share; for nobody else. */

struct planning {
	const struct vip_wish *wish;
	const struct host_net *host;
	const struct ownership *ownership;
	struct vip_plan *plan;
	const struct host_link *own;   /* our link, whatever its name; NULL */
	const struct host_link *named; /* the link with the wished name; NULL */
	bool *used;		       /* one for each service network */
	bool routes_ours;
	struct address_list locals; /* the others that we have to look after */
	size_t shared;		    /* addresses of others on our link */
};

/* Our link's index; 0 where there is none. */
int planning_own_index(const struct planning *planning);
/* The node's own address of a family, for connections that begin here; NULL. */
const struct address *planning_source(const struct planning *planning, uint8_t family);
/* -ENOMEM. */
int planning_add_operation(struct vip_plan *plan,
			   const struct vip_operation *operation) MUST_CHECK;
int planning_add_conflict(struct vip_plan *plan,
			  const struct vip_conflict *conflict) MUST_CHECK;
/* For qsort(3): of networks, and of routes, in which the network stands first. */
int vip_compare_networks(const void *a, const void *b);
/* Of our protocol; NULL where there is none. */
const struct host_route *vip_find_route(const struct host_net *host,
					const struct network *network);

/* --- vip_routes.c: operations for the plan, of its first count local networks; -ENOMEM --- */

int planning_new_routes(struct planning *planning, size_t count) MUST_CHECK;
int planning_old_routes(struct planning *planning, size_t count) MUST_CHECK;
/* Whether routes of our protocol are ours although the record does not say so. */
bool planning_finds_own_route(const struct planning *planning);

/* --- vip_link.c: operations for the plan; -ENOMEM --- */

int planning_link_operation(struct planning *planning, enum vip_kind kind) MUST_CHECK;
int planning_link(struct planning *planning) MUST_CHECK;
int planning_new_addresses(struct planning *planning) MUST_CHECK;
/* on_link: addresses stand on our link; has_link: it stays or comes, although none may. */
int planning_old_addresses(struct planning *planning, bool on_link,
			   bool has_link) MUST_CHECK;
