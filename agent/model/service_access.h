/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macro.h"
#include "common/network.h"

/*
 * How clients reach a virtual service, beside what IPVS itself does with it: whether its address is
 * made local on this node, which connections are masqueraded, and whose are let in. IPVS's table has
 * nothing of this; links, routes and nftables have.
 */

/* Whose connections get the node's address as their source. Each one has those before it. */
enum source_nat {
	SOURCE_NAT_NONE,
	SOURCE_NAT_HAIRPIN, /* a destination's own, where it is the one that is chosen */
	SOURCE_NAT_OUTSIDE, /* those of clients outside the cluster's networks */
	SOURCE_NAT_ALL,
};

/* Where connections from the node and from inside the cluster go instead. */
struct inside_target {
	struct address
		address; /* of a virtual service of the same protocol; family 0: none */
	uint16_t port;	 /* host byte order */
};

struct service_access {
	bool bind;	 /* the address is to be local on this node */
	bool cluster_ip; /* it is of a service network, which may be local as a whole */
	bool node_port;	 /* it is one of the node's own addresses */
	bool over_local; /* although the node itself uses the address and port */
	/* Who wrote it is not the node's administrator: it is of a cluster's Service. */
	bool of_cluster;
	bool permitted;	    /* of a Service: the administrator permits its namespace's */
	uint8_t source_nat; /* enum source_nat */
	uint16_t
		health_port; /* at which load balancers ask this node about it; 0: none */
	struct inside_target inside;
	struct network
		*sources; /* whose connections are let in; none: everybody's; owned */
	size_t source_count;
};

/* Whether it says nothing that an absent one would not. */
bool service_access_is_default(const struct service_access *access);

/* Makes it one that can be kept: a copy on the heap, sources taken over. NULL: memory. */
struct service_access *service_access_keep(struct service_access *access) MUST_CHECK;

/* Whether they say the same; either may be NULL. */
bool service_access_equal(const struct service_access *a, const struct service_access *b);

/* The state file's word for it: "hairpin", "outside", "all"; NULL for none. */
const char *source_nat_name(uint8_t source_nat);

/* Frees what it owns. */
void service_access_clear(struct service_access *access);
/* The same, and itself; NULL is nothing. */
void service_access_free(struct service_access *access);
