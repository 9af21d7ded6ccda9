/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/address_list.h"
#include "agent/model/guard_rules.h"
#include "agent/model/host_net.h"
#include "agent/model/notes.h"
#include "agent/model/service.h"

/*
 * The guard: which virtual services must not be, because their address would cut the node off from
 * something that it needs, or would take a port away from the node itself. What the node needs of
 * others is asked of services whose address somebody else than the node's administrator may have
 * chosen, or that are to be local here: those with bind, node_port or over_local. The node's own ports
 * are asked of every service at an address that the node has. Pure.
 */

/* A socket that takes connections or datagrams from anybody. */
struct listener {
	struct address
		address;  /* all zero bytes: every address, of IPv6 also every IPv4 one */
	uint16_t port;	  /* host byte order */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	bool v6_only;	  /* with an IPv6 address: not for IPv4 */
};

/* All borrowed. */
struct guard_facts {
	const struct host_net *host;
	int own_link; /* the index of our own link, 0 where there is none */
	const struct address_list *nameservers;
	const struct listener *listeners;
	size_t listener_count;
	const struct reserved_address *reserved; /* sorted by address */
	size_t reserved_count;
	const struct guard_rules *rules; /* the administrator's; NULL: none */
};

enum { GUARD_TEXT = 300 };

/* Whether the guard has anything to say about this service; NULL: without such rules. */
bool guard_concerns(const struct guard_rules *rules, const struct service *service);

/*
 * Whether the node itself has the service's address, so that only the port is asked about; for that
 * the facts need listeners.
 */
bool guard_needs_listeners(const struct guard_facts *facts,
			   const struct service *service);

/*
 * Whether the service is refused; reason then says why and what to do. One that is there already is not
 * refused for a program that has begun to listen since: whoever can open a socket could take it away.
 */
bool guard_refuses(const struct guard_facts *facts, const struct service *service,
		   bool is_there, char reason[static GUARD_TEXT]);

/*
 * Whether a program listens where the service takes what comes, and gets nothing of it: one that is a
 * destination of the service itself is no such program.
 */
bool guard_shadows(const struct guard_facts *facts, const struct service *service);
