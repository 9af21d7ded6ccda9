/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/host_net.h"
#include "common/cleanup.h"
#include "common/macro.h"
#include "common/network.h"

/* The operations that make virtual addresses local here, in their order; vip_planner.h plans them. */

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
	bool drift; /* repairs drift */
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
		VIP_LINK_SHARED,     /* our link stays: a foreign address is on it */
		VIP_NETWORK_SHARED,  /* other links have addresses of a service network */
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

/* Both: -ENOMEM. */
int vip_plan_add(struct vip_plan *plan, const struct vip_operation *operation) MUST_CHECK;
int vip_plan_add_conflict(struct vip_plan *plan,
			  const struct vip_conflict *conflict) MUST_CHECK;

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
