/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/address_list.h"
#include "agent/model/host_net.h"
#include "agent/model/ownership.h"
#include "agent/model/table.h"
#include "common/cleanup.h"
#include "common/macro.h"
#include "common/network.h"

/*
 * Which addresses are to be local on this node, and what has to be done for it. Pure.
 *
 * An address in a service network is covered by that network's one `local` route, whose source is the
 * node's own address: without it the node's own connections would go out with the virtual address as
 * their source. A network that has an address which the node needs for itself is refused. The others stand on a dummy link of ours as /32 or /128; where these are many, which
 * costs quadratically there (net/ipv4/devinet.c: __inet_insert_ifa), each is a `local` route instead.
 * An address that another link has is local already.
 *
 * Our link is known by its hardware address, which is drawn once and recorded before the link is made;
 * our addresses by the record; our routes by their protocol number, once the record says that
 * there are any. What stands on our link or in the table and is none of these is never taken away.
 *
 * The order: what is new comes first, then what leaves; the link comes before the first address on it
 * and goes after the last.
 */

enum { VIP_ADDRESSES_MAX = 1000 }; /* on the link; more of them are routes */

/* All borrowed. */
struct vip_wish {
	const struct address_list *bound;   /* of wanted services */
	const struct address_list *leaving; /* of ours that are still in the kernel */
	const struct network *networks;	    /* service networks, any order */
	size_t network_count;
	const char *link; /* the name of the dummy link */
	bool keep_link;	  /* which is there also while no address is on it */
};

enum vip_kind {
	VIP_ADD_ROUTE,
	VIP_ADD_LINK,
	VIP_RENAME_LINK,
	VIP_ADD_ADDRESS,
	VIP_REMOVE_ADDRESS,
	VIP_REMOVE_ROUTE,
	VIP_REMOVE_LINK,
};

struct vip_operation {
	enum vip_kind kind;
	bool drift; /* puts back what somebody took away */
	struct network
		network; /* of an address or route; an address is a network of one */
	struct address source; /* of a route */
	int link; /* the index of the link that is renamed, removed or taken an address from */
	char name
		[IF_NAMESIZE]; /* the link's: that it has, or of ADD_LINK and RENAME_LINK gets */
	char name_before[IF_NAMESIZE]; /* of RENAME_LINK */
};

/* What stands in the way of one object. */
struct vip_conflict {
	enum {
		VIP_LINK_TAKEN,	     /* a link of our name is not ours */
		VIP_NETWORK_OF_NODE, /* a service network with an address the node needs */
		VIP_LINK_SHARED, /* our link stays: somebody else has an address on it */
		VIP_NETWORK_SHARED, /* other links have addresses of a service network */
	} kind;
	struct network network; /* of NETWORK_OF_NODE and NETWORK_SHARED */
	struct address address; /* of all but LINK_TAKEN: that address, or the first */
	bool dummy;		/* of LINK_TAKEN: it is a dummy link, too */
	size_t count;		/* of NETWORK_SHARED: of such addresses */
	char name[IF_NAMESIZE]; /* of NETWORK_SHARED: of the first one's link */
};

struct vip_plan {
	struct vip_operation *operations;
	size_t operation_count, operation_room;
	struct vip_conflict *conflicts;
	size_t conflict_count, conflict_room;
	/* What is ours or will be, sorted: /32, /128 and service networks. */
	struct network *local;
	size_t local_count, local_room;
	bool has_link;	    /* our link is there or will be, */
	bool uses_link;	    /* and some of them are on it */
	bool adopts_routes; /* routes of our protocol are as wanted, but not in the record */
};

/* Adds the addresses that wanted services with bind have. -ENOMEM. */
int vip_collect(const struct table *wanted, struct address_list *bound) MUST_CHECK;

/* Fills an empty plan. -ENOMEM; it is then to be cleared. */
int vip_plan_make(const struct vip_wish *wish, const struct host_net *host,
		  const struct ownership *ownership, struct vip_plan *plan) MUST_CHECK;

void vip_plan_clear(struct vip_plan *plan);

#define cleanup_vip_plan CLEANUP(vip_plan_clear)

enum { VIP_TEXT = 200 };

/* "add address 10.0.0.1 to ipvs0", "drift: add local route 10.96.0.0/12, source 192.168.1.1". */
const char *vip_format(const struct vip_operation *operation,
		       char buffer[static VIP_TEXT]);

/* "address 10.0.0.1", "local route 10.96.0.0/12", "link ipvs0". */
const char *vip_format_object(const struct vip_operation *operation,
			      char buffer[static VIP_TEXT]);

/* What it gets, or with before what it loses: "ipvs0", "source 192.168.1.1"; "" for nothing. */
const char *vip_format_values(const struct vip_operation *operation, bool before,
			      char buffer[static VIP_TEXT]);

/* "add address", "rename link", …: the word for JSON. */
const char *vip_kind_name(enum vip_kind kind);

/* Whether nothing stands in the way: it is only told. */
bool vip_conflict_is_note(const struct vip_conflict *conflict);

/* The object and the text of a conflict. link: its name. */
const char *vip_conflict_object(const struct vip_conflict *conflict, const char *link,
				char buffer[static VIP_TEXT]);
const char *vip_conflict_text(const struct vip_conflict *conflict, const char *link,
			      char buffer[static VIP_TEXT]);
