/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/model/address_list.h"
#include "agent/model/host_net.h"
#include "agent/model/ownership.h"
#include "agent/plan/vip_plan.h"

/* What a plan of virtual addresses is made from. */

/* All borrowed. */
struct vip_wish {
	const struct address_list *bound;   /* of wanted services */
	const struct address_list *leaving; /* of ours that are still in the kernel */
	const struct network *networks;	    /* service networks, any order */
	size_t network_count;
	const char *link; /* the name of the dummy link */
	bool keep_link;	  /* which is there also while no address is on it */
};

struct vip_planning {
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
int vip_own_index(const struct vip_planning *planning);
/* The node's own address of a family, for connections that begin here; NULL. */
const struct address *vip_source(const struct vip_planning *planning, uint8_t family);
/* For qsort(3): of networks, and of routes, in which the network stands first. */
int vip_compare_networks(const void *a, const void *b);
/* Of our protocol; NULL where there is none. */
const struct host_route *vip_find_route(const struct host_net *host,
					const struct network *network);
