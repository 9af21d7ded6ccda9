/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/ownership.h"
#include "agent/plan/ruleset.h"
#include "agent/model/table.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * The plan: the ordered difference of a wanted and an actual table. Pure; the same inputs give the
 * same plan.
 *
 * The order is such that no step needs a later one and traffic always has somewhere to go: first
 * sysctls, nftables' tables (who is not let in must not be when a service appears), timeouts and
 * the sync daemons that stop; then, PLAN_GROUP keys at a time, new and changed services, and after
 * them their new and changed destinations, so that whoever executes the plan can wait for the
 * kernel's word on a new service before it puts destinations into it; then what leaves: destinations
 * that begin to drain or go, then services. A service whose key changed is therefore there under its
 * new key before the old one goes. Sync daemons start last: the kernel refuses one beside a
 * destination of the other family (ip_vs_ctl.c).
 *
 * A destination that leaves drains: its weight becomes 0, and it is deleted when a later plan sees
 * it without connections, or past its deadline. Under sh and mh weight 0 refuses the clients that
 * hash there, so the service has the scheduler's fallback flag for as long (ip_vs_sh.c, ip_vs_mh.c).
 */

/*
 * The kernel finds a destination's service by walking a list with the newest first, one of 256
 * (ip_vs_ctl.c: ip_vs_svc_table). Were all services made before the first destination, each
 * would be found behind a good part of the table; in groups of this size it is nearly always the first.
 */
enum { PLAN_GROUP = 256 };

/* Whose services on keys of the state are taken over. */
enum adopt_mode {
	ADOPT_EQUAL, /* those that are as wanted */
	ADOPT_ALL,   /* all: they are edited in place */
	ADOPT_NONE,
};

struct plan_policy {
	enum adopt_mode adopt;
	bool no_drain;		     /* what leaves goes at once */
	bool drain_udp;		     /* UDP and SCTP drain too */
	uint64_t drain_timeout_msec; /* 0: no deadline */
	uint64_t now_msec;  /* CLOCK_BOOTTIME, what deadlines are compared with */
	bool services_only; /* the two tables are a part: globals are left alone */
};

enum operation_kind {
	OPERATION_SET_SYSCTL,
	OPERATION_NEW_RULESET,
	OPERATION_SET_RULESET,	  /* replaces one of ours, in one transaction */
	OPERATION_CHANGE_RULESET, /* elements of one of ours; replaces it where it must */
	OPERATION_DELETE_RULESET,
	OPERATION_SET_TIMEOUTS,
	OPERATION_STOP_SYNC_DAEMON,
	OPERATION_START_SYNC_DAEMON,
	OPERATION_NEW_SERVICE,
	OPERATION_SET_SERVICE,
	OPERATION_NEW_DESTINATION,
	OPERATION_SET_DESTINATION,
	OPERATION_DELETE_DESTINATION,
	OPERATION_DELETE_SERVICE,
};

/* What an operation is for, where it is not simply that the state wants it. */
enum operation_reason {
	REASON_STATE,
	REASON_DRAIN,	/* a drain begins or ends: weight 0, the fallback flag */
	REASON_DRAINED, /* a drain is over: no connection is left */
	REASON_EXPIRED, /* a drain is over: its deadline has passed */
};

/*
 * One write. All pointers are borrowed from the two tables, which outlive the plan, or from the
 * plan itself.
 */
struct operation {
	enum operation_kind kind;
	enum operation_reason reason;
	bool drift; /* puts back what somebody changed; set by whoever knows the past */
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
		const struct ruleset *ruleset; /* wanted; of a deletion only the family */
	};
};

/* An object of the state whose key another has in the kernel, and that is not taken over. */
struct conflict {
	bool equal; /* as wanted, but ADOPT_NONE; otherwise it differs */
	const struct service *service; /* wanted, or NULL */
	const struct service *service_actual;
	const struct sync_daemon *daemon; /* wanted, or NULL */
	const struct sync_daemon *daemon_actual;
	const struct ruleset *ruleset; /* wanted, or NULL: nftables' table has its name */
};

struct plan {
	struct operation *operations;
	size_t operation_count;
	size_t operation_room;
	struct conflict *conflicts;
	size_t conflict_count;
	size_t conflict_room;
	/* The drains there are once the plan is executed; sorted. */
	struct drain *drains;
	size_t drain_count;
	size_t drain_room;
	size_t drains_begun; /* of these, new ones whose weight was not 0: look again soon */
	size_t foreign_services; /* in the kernel, neither wanted nor ours */
	/*
	 * What is ours in the kernel, and what of it leaves; what drains already is neither, nor are the
	 * endpoints of a cluster's service that stays.
	 */
	size_t owned_services;
	size_t owned_destinations;
	size_t removed_services;
	size_t removed_destinations;
	struct plan_copy *copies; /* objects that stand in neither table */
};

/*
 * Fills an empty plan from two sorted tables. Services in actual that ownership does not name
 * are others': never changed unless the policy takes them over. -ENOMEM; the plan is then to be
 * cleared.
 */
int plan_make(const struct table *wanted, const struct table *actual,
	      const struct ownership *ownership, const struct plan_policy *policy,
	      struct plan *plan) MUST_CHECK;

/*
 * Adds a write to one of nftables' tables in its place, and a conflict about one. -ENOMEM. The ruleset
 * is borrowed.
 */
int plan_add_ruleset(struct plan *plan, enum operation_kind kind,
		     const struct ruleset *ruleset, bool drift) MUST_CHECK;
int plan_add_ruleset_conflict(struct plan *plan,
			      const struct ruleset *ruleset) MUST_CHECK;

/* Whether it is about one of nftables' tables. */
bool operation_is_of_ruleset(const struct operation *operation);

/* Whether this very drain, deadline included, is among the plan's. */
bool plan_has_drain(const struct plan *plan, const struct drain *drain);

/*
 * Whether the plan takes away more than half of what is ours, and more than 10 services or 20
 * destinations. It counts what moves, too, and what a state that is held has added: hold.h looks closer.
 */
bool plan_removes_most(const struct plan *plan);

void plan_clear(struct plan *plan);

#define cleanup_plan CLEANUP(plan_clear)

/*
 * One line for people: "set destination tcp 10.0.0.1:80 -> 10.0.1.1:80, weight 1 -> 5". Returns
 * buffer.
 */
const char *operation_format(const struct operation *operation, char *buffer,
			     size_t size);

/*
 * The same with what it is for, "drift: set destination …", "drain: set destination …, weight 1 ->
 * 0", "drained: delete destination …", or of an expired drain "drain of … is over its time: deleted
 * with 3 active and 1 inactive connections". Returns buffer.
 */
const char *operation_format_line(const struct operation *operation, char *buffer,
				  size_t size);

/* What it is for: "state", "drain", "drained", "expired", or "drift". */
const char *operation_reason_name(const struct operation *operation);

/*
 * The attributes alone, without the object: those that the operation sets, or with before those
 * that it replaces: "forward masquerade, weight 5". Empty where there are none. Returns buffer.
 */
const char *operation_format_values(const struct operation *operation, bool before,
				    char *buffer, size_t size);

enum {
	OPERATION_OBJECT_TEXT = 320
}; /* enough for every object, but for a long sysctl's name */

/* The key of the operation's object: "tcp 10.0.0.1:80 -> 10.0.1.1:80", "sync daemon master". */
const char *operation_format_object(const struct operation *operation, char *buffer,
				    size_t size);

/* "new service", "set destination", …; the word for logs and JSON. */
const char *operation_kind_name(enum operation_kind kind);
