/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/state/state.h"
#include "common/macro.h"

/* What one reconciliation came to: outcome, failures, warnings, counts and times. */

enum reconcile_outcome {
	RECONCILE_IN_SYNC,   /* every object is in the kernel */
	RECONCILE_DEGRADED,  /* some objects failed; the others are in the kernel */
	RECONCILE_NO_STATE,  /* STATE_MISSING: nothing was changed */
	RECONCILE_BAD_STATE, /* STATE_INVALID: nothing was changed */
	RECONCILE_TROUBLE, /* the kernel or the record could not be read or written at all */
	RECONCILE_HELD, /* the state would take away most of what is ours: that waits, the rest is done */
};

/* One object that is not as the state wants it. */
struct reconcile_failure {
	char *object; /* its key, "tcp 10.0.0.1:443 -> 10.0.1.1:443", "sync daemon master" */
	char *name;   /* the service's name, or NULL */
	char *text;   /* why, and what to do */
	int code;     /* positive errno */
	bool waiting; /* it was not tried this time: its back-off is not over */
	/* Filled in by the daemon. */
	unsigned int attempts;
	int64_t since;	    /* of the first attempt, seconds since the epoch */
	uint64_t next_usec; /* to the next one; 0: now */
};

enum { REPORT_LINES_MAX = 10 };

/* The first few of many objects, in words. Zeroed at the start. */
struct report_lines {
	char *lines[REPORT_LINES_MAX];
	size_t count; /* of those kept */
};

/* Microseconds of each phase. */
struct reconcile_times {
	uint64_t read, dump, plan, record, kernel;
};

struct reconcile_report {
	enum reconcile_outcome outcome;
	char *message; /* one line; for NO_STATE, BAD_STATE, TROUBLE and HELD the cause, else NULL */
	bool part; /* the kernel was looked at for the changes of the state alone */
	bool falls_back; /* for NO_STATE, BAD_STATE, HELD: the last good state is in use (HELD: for what waits) */
	struct state_problems problems; /* of NO_STATE and BAD_STATE */
	struct reconcile_failure *failures;
	size_t failure_count;
	size_t failure_room;
	char **warnings; /* what is less than it should be without any object being wrong */
	size_t warning_count;
	size_t warning_room;
	/* Of these, those about services that are of no use, which change without a reconcile. */
	size_t lasting_at, lasting;
	size_t services;	/* wanted */
	size_t services_failed; /* of these, with a failure of their own or of a destination */
	size_t destinations;	     /* wanted */
	size_t foreign_services;     /* in the kernel and others' */
	size_t changes;		     /* operations that the kernel took */
	struct report_lines changed; /* the first of them */
	struct report_lines
		drains;	 /* "DESTINATION until TIME", the first of those draining */
	size_t drift;	 /* of these, those that repaired drift */
	size_t draining; /* destinations that wait for their connections to end */
	uint64_t kernel_reads, kernel_writes;
	struct reconcile_times times;
	int shortage; /* errno: for want of descriptors, memory or room it came to this; or 0 */
	int64_t held_until; /* HELD: when it is done by itself, as since; 0: never */
	int64_t last_good; /* of when the state in use is, where it falls back; as since; else 0 */
};

/*
 * "in sync: 812 services", "degraded: 811 of 812 services, 1 failed: kube-dns: no scheduler
 * 'foo'", "no state: …", "last good state of … in use: state.json:3:7: …". Returns buffer.
 */
const char *reconcile_report_format(const struct reconcile_report *report, char *buffer,
				    size_t size);

/*
 * Appends a failure with copies of its texts; object, name and text as in struct
 * reconcile_failure. -ENOMEM.
 */
int reconcile_report_add(struct reconcile_report *report, const char *object,
			 const char *name, const char *text, int code) MUST_CHECK;

/* Appends a warning. -ENOMEM. */
int reconcile_report_warn(struct reconcile_report *report, const char *fmt, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;

/*
 * Puts copies of these in the place of the lasting warnings, at the end where there are none. -ENOMEM.
 */
int reconcile_report_replace(struct reconcile_report *report, char *const *texts,
			     size_t count) MUST_CHECK;

/* Keeps a copy of the line while there is room. -ENOMEM. */
int report_lines_add(struct report_lines *lines, const char *line) MUST_CHECK;
void report_lines_clear(struct report_lines *lines);

/* Takes the failures and warnings off again. */
void reconcile_report_restart(struct reconcile_report *report);

void reconcile_report_clear(struct reconcile_report *report);
