/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/table/ownership.h"
#include "agent/table/table.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * The plan: the ordered difference of a wanted and an actual table. Pure; the same three inputs
 * give the same plan.
 *
 * The order is such that no step needs a later one and traffic always has somewhere to go: first
 * sysctls, timeouts and the sync daemons that stop, then new and changed services with their new
 * and changed destinations, then what goes: destinations, then services. A service whose key
 * changed is therefore there under its new key before the old one is deleted. Sync daemons start
 * last: the kernel refuses one beside a destination of the other family (ip_vs_ctl.c).
 */

enum operation_kind {
	OPERATION_SET_SYSCTL,
	OPERATION_SET_TIMEOUTS,
	OPERATION_STOP_DAEMON,
	OPERATION_START_DAEMON,
	OPERATION_NEW_SERVICE,
	OPERATION_SET_SERVICE,
	OPERATION_NEW_DESTINATION,
	OPERATION_SET_DESTINATION,
	OPERATION_DELETE_DESTINATION,
	OPERATION_DELETE_SERVICE,
};

/* One write. All pointers are borrowed from the two tables, which outlive the plan. */
struct operation {
	enum operation_kind kind;
	union {
		struct {
			/* wanted, or for a deletion the actual service */
			const struct service *service;
			/* NULL for the operations on services */
			const struct destination *destination;
			/* what a SET replaces, else NULL */
			union {
				const struct service *service_before;
				const struct destination *destination_before;
			};
		};
		struct {
			struct timeouts timeouts; /* those to be changed, the others 0 */
			struct timeouts timeouts_before;
		};
		struct {
			const struct sync_daemon *daemon; /* to be started or stopped */
			const struct sync_daemon
				*daemon_before; /* what a start replaces, or NULL */
		};
		struct {
			const struct sysctl *sysctl;
			const char *sysctl_before;
		};
	};
};

/* An object of the state whose key another has in the kernel with other attributes. */
struct conflict {
	const struct service *service; /* wanted, or NULL */
	const struct service *service_actual;
	const struct sync_daemon *daemon; /* wanted, or NULL */
	const struct sync_daemon *daemon_actual;
};

struct plan {
	struct operation *operations;
	size_t operation_count;
	size_t operation_room;
	struct conflict *conflicts;
	size_t conflict_count;
	size_t conflict_room;
	size_t foreign_services; /* in the kernel, neither wanted nor ours */
	size_t removed_services; /* ours that the plan deletes */
	size_t removed_destinations;
};

/*
 * Fills an empty plan from two sorted tables. Services in actual that ownership does not name
 * are others': never changed, adopted without a write where they equal what is wanted.
 * -ENOMEM; the plan is then to be cleared.
 */
int plan_make(const struct table *wanted, const struct table *actual,
	      const struct ownership *ownership, struct plan *plan) MUST_CHECK;

void plan_clear(struct plan *plan);

#define cleanup_plan CLEANUP(plan_clear)

/*
 * One line for people: "set destination tcp 10.0.0.1:80 -> 10.0.1.1:80, weight 1 -> 5". Returns
 * buffer.
 */
const char *operation_format(const struct operation *operation, char *buffer,
			     size_t size);

/*
 * The attributes alone, without the object: those that the operation sets, or with before those
 * that it replaces: "forward masquerade, weight 5". Empty where there are none. Returns buffer.
 */
const char *operation_format_values(const struct operation *operation, bool before,
				    char *buffer, size_t size);

/* The key of the operation's object: "tcp 10.0.0.1:80 -> 10.0.1.1:80", "sync daemon master". */
const char *operation_format_object(const struct operation *operation, char *buffer,
				    size_t size);

/* "new service", "set destination", …; the word for logs and JSON. */
const char *operation_kind_name(enum operation_kind kind);
