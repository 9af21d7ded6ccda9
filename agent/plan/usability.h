/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/guard.h"
#include "agent/model/ownership.h"
#include "agent/model/packet_filter.h"
#include "agent/model/route_map.h"
#include "agent/model/table.h"

/*
 * What makes virtual services useless although the kernel has them: their address is not
 * local, no destination can be used or reached, answers are not forwarded, a packet
 * filter drops them. Facts in, warnings out; pure. A fact that is not known warns of
 * nothing.
 */

/* Whether packets that come in over a link are forwarded. */
struct forwarding {
	uint8_t family;
	int link; /* index; FORWARDING_ALL: what counts where the link is not known */
	bool on;
};
enum { FORWARDING_ALL = -1 };

struct usability_link {
	int index;
	char name[IF_NAMESIZE];
};

/* All borrowed. */
struct usability_facts {
	const struct route_map *routes; /* NULL: not known, as all pointers here */
	const struct forwarding *forwarding;
	size_t forwarding_count;
	const struct usability_link *links;
	size_t link_count;
	const struct packet_filter *filter;
	/* The node's own sockets, where usability_needs_listeners(). */
	const struct listener *listeners;
	size_t listener_count;
	bool listeners_known;
	bool tracks; /* net.ipv4.vs.conntrack is 1: connection tracking knows IPVS's connections */
};

enum { USABILITY_SHOWN = 3, USABILITY_OBJECT = 224 };

/* One reason, and the objects that it concerns. */
struct usability_finding {
	int kind;   /* of usability.c */
	int detail; /* of the kind: a link's or chain's index; findings differ in it */
	size_t count;
	struct address address; /* of the first object, for what there is to do */
	uint16_t port;
	char objects[USABILITY_SHOWN][USABILITY_OBJECT]; /* the first of them */
};

struct usability_findings {
	struct usability_finding *items; /* owned */
	size_t count, room;
};

/*
 * Whether a destination is the virtual address itself, so that it matters who listens
 * there.
 */
bool usability_needs_listeners(const struct table *wanted);

/*
 * Fills empty findings about those services of a sorted table that ownership names: what
 * failed has been told. NULL: about all. -ENOMEM.
 */
int usability_judge(const struct table *wanted, const struct ownership *ownership,
		    const struct usability_facts *facts,
		    struct usability_findings *findings) MUST_CHECK;

/*
 * The warning: objects, what is wrong, and what to do. NULL: memory; the caller frees it.
 */
char *usability_format(const struct usability_finding *finding,
		       const struct usability_facts *facts);

void usability_findings_clear(struct usability_findings *findings);

#define cleanup_findings CLEANUP(usability_findings_clear)
