/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/address_list.h"
#include "common/macro.h"

/*
 * What a state says beside its services: what of it cannot be served, what is wrong with it all the
 * same, what others own, and what it took for granted.
 */

/* Something that the state has and the table has not, or something that fails. */
struct omission {
	char *object; /* "Service default/web"; owned, as all texts here */
	char *reason;
};

/* An address that a virtual service must not take away from its owner. */
struct reserved_address {
	struct address address;
	char *owner; /* "an address of Node worker-2" */
};

/* By address; for qsort(3) and bsearch(3). */
int reserved_address_compare(const void *a, const void *b);

/* A port at which load balancers ask for the endpoints of a Service on this node. */
struct health_check {
	uint16_t port; /* host byte order */
	char *space;   /* the Service's namespace; owned, as name */
	char *name;
	size_t local_endpoints;
};

enum { OMISSIONS_KEPT = 100 }; /* further ones are only counted */

struct notes {
	struct omission *omissions;
	size_t omission_room;
	size_t omission_count; /* all, also those that are not kept */
	/* What must be mended, while all that is in the table is served. */
	struct omission *failures;
	size_t failure_count, failure_room;
	/* What is served with something missing beside it. */
	char **warnings;
	size_t warning_count, warning_room;
	struct reserved_address *reserved; /* sorted by address */
	size_t reserved_count;
	size_t reserved_room;
	struct address_list
		own_node; /* addresses of this node's Node, where the state has that */
	struct health_check *health_checks;
	size_t health_check_count;
	size_t health_check_room;
	/* The node's addresses that services have node ports at, where any has; sorted. */
	bool node_addresses_used;
	struct address_list node_addresses;
};

/* Adds a refusal, its texts made printable, or counts it. -ENOMEM. */
int notes_omit(struct notes *notes, const char *object, const char *fmt, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;

/* Adds a failure, its texts made printable. -ENOMEM. */
int notes_fail(struct notes *notes, const char *object, const char *fmt, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;

/* Adds a warning, made printable. -ENOMEM. */
int notes_warn(struct notes *notes, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/* Fills an empty one with the health checks alone. -ENOMEM; it is then to be cleared. */
int notes_copy_health_checks(const struct notes *from, struct notes *to) MUST_CHECK;

/* -ENOMEM. */
int notes_reserve(struct notes *notes, const struct address *address,
		  const char *owner) MUST_CHECK;

/* A copy is added. -ENOMEM. */
int notes_add_health_check(struct notes *notes,
			   const struct health_check *check) MUST_CHECK;

/* Texts are copied; -ENOMEM. */
int health_check_copy(const struct health_check *from,
		      struct health_check *to) MUST_CHECK;
void health_check_clear(struct health_check *check);

/* How many refusals are kept. */
size_t notes_kept(const struct notes *notes);

void notes_clear(struct notes *notes);
