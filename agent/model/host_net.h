/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/cleanup.h"
#include "common/macro.h"
#include "common/network.h"

/*
 * What this node has of links, addresses and routes, as far as it matters for what is local on it.
 * Pure memory; agent/kernel/rtnl.h reads it.
 */

enum {
	/*
	 * The protocol number of our routes (rtnetlink(7), rtm_protocol): in none of the lists of
	 * linux/rtnetlink.h, iproute2's rt_protos, FRR (186 to 199), Calico (80) and Cilium (202).
	 */
	HOST_ROUTE_PROTOCOL = 146,
	/* And their metric, so that a foreign route of the same network does not conflict. */
	HOST_ROUTE_METRIC = 146,
	HOST_HARDWARE_LENGTH = 6,
};

struct host_link {
	int index;
	char name[IF_NAMESIZE];
	bool dummy; /* of the kind dummy */
	bool loopback;
	uint8_t hardware
		[HOST_HARDWARE_LENGTH]; /* zero where it has none of this length */
};

struct host_address {
	struct address address;
	uint8_t prefix;
	int link; /* index */
	bool global; /* of scope universe, and not tentative, deprecated or refused by another */
	bool primary; /* neither an IPv4 secondary one nor an IPv6 temporary one */
};

/* A route of type local in table local, with our protocol number. */
struct host_route {
	struct network network;
	struct address source; /* of connections that begin here; family 0: none */
};

struct host_gateway {
	struct address address; /* family 0: the default route has none, only a link */
	uint8_t family;		/* of the default route */
	int link;
	uint32_t metric;
};

struct host_net {
	struct host_link *links;
	size_t link_count, link_room;
	struct host_address
		*addresses; /* sorted by address, then link, by host_net_sort() */
	size_t address_count, address_room;
	struct host_route *routes; /* sorted by network, by host_net_sort() */
	size_t route_count, route_room;
	struct host_gateway *gateways; /* of default routes in table main */
	size_t gateway_count, gateway_room;
};

void host_net_sort(struct host_net *host);

/* NULL where there is none. */
const struct host_link *host_find_link(const struct host_net *host, const char *name);

/* The dummy link with this hardware address, whatever its name; NULL where there is none. */
const struct host_link *
host_find_dummy(const struct host_net *host,
		const uint8_t hardware[static HOST_HARDWARE_LENGTH]);

/* The address on a link other than that with this index (0: on any), or NULL. */
const struct host_address *host_find_elsewhere(const struct host_net *host,
					       const struct address *address, int link);

/* The address on the link with this index, or NULL. */
const struct host_address *host_find_on_link(const struct host_net *host,
					     const struct address *address, int link);

/*
 * Whether it stands alone, as /32 or /128, on a link without a default route: then it may be a virtual one
 * that others have put there (kube-proxy, NodeLocal DNSCache).
 */
bool host_address_is_alone(const struct host_net *host,
			   const struct host_address *address);

/*
 * The node's own address of a family: a primary global one on the best default route's link, there
 * one in the gateway's network first, else on any other link but the one with the index except. None
 * that stands alone in one of these networks, which are of virtual addresses. NULL where it has none.
 */
const struct address *host_source_address(const struct host_net *host, uint8_t family,
					  int except, const struct network *networks,
					  size_t count);

void host_net_clear(struct host_net *host);

#define cleanup_host_net CLEANUP(host_net_clear)
