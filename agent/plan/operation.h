/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/service.h"
#include "agent/model/globals.h"
#include "agent/plan/ruleset.h"

/* One write to the kernel, and its words. */

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
	bool drift; /* repairs drift; set by last_applied_mark_drift() */
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

/* Whether it is about one of nftables' tables. */
bool operation_is_of_ruleset(const struct operation *operation);

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
