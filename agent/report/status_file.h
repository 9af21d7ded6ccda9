/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/report/reconcile_report.h"
#include "agent/report/timestamp.h"
#include "common/err.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * RUN-DIR/status.json: what the daemon did last, for `ipvs-agent status` and other programs that want to
 * know; world-readable, replaced as a whole after each reconcile. Times are ISO 8601 in UTC.
 */

enum {
	STATUS_MAX = 64 * 1024 * 1024,
	STATUS_FAILURES_MAX = 10000,
};

/* What the daemon knows beside the report itself. Times are CLOCK_REALTIME in microseconds. */
struct status {
	const char *state_path; /* absolute; borrowed */
	/* The options file it started with (NULL: none; borrowed), and the file's fingerprint */
	const char *config_path;
	uint64_t config_fingerprint;
	uint64_t started;
	uint64_t since;		 /* the outcome has been the same from then on */
	uint64_t last_reconcile; /* when it ended; 0: the first is still under way */
	uint64_t last_in_sync;	 /* 0: never */
	uint64_t reconciles;
	uint64_t resync_usec;	 /* the period in force */
	uint64_t drift_repaired; /* since the start */
	/* Of a reconcile that is under way and takes long; 0: none. The report is the one before it. */
	uint64_t reconciling_since;
	size_t done, all; /* operations; all 0: it reads */
};

enum { STATUS_WORDS_ROOM = 1024 };

/* "reconciling since …: 512 of 1000 objects done"; returns buffer. */
const char *status_format_progress(const struct status *status, char *buffer,
				   size_t size);

/* report is NULL while the first reconcile is under way. */
int status_write(const char *run_directory, const struct status *status,
		 const struct reconcile_report *report, struct err *err) MUST_CHECK;

/*
 * Where the status cannot be written: what stands there is no longer true and is replaced by an
 * empty file, or removed. Needs no descriptor and no room. -errno where it still stands there.
 */
int status_withdraw(const char *run_directory) MUST_CHECK;

/* What a reader finds. */
enum status_health {
	STATUS_IN_SYNC,
	STATUS_DEGRADED, /* also: no valid state, trouble with the kernel, still starting */
	STATUS_NO_DAEMON,
};

struct status_view {
	enum status_health health;
	json_t *document; /* status.json, or NULL where there is none of this daemon */
	pid_t pid;	  /* the daemon's, 0 where none runs or its number is not known */
	bool running;
	bool withdrawn; /* the daemon cannot write its status */
	uint64_t
		stale_usec; /* it should have written one long ago: for so long it has not */
};

/*
 * Reads status.json and finds out whether its daemon lives: by the lock, or for a user who may not
 * see that, by the process's number and start. What a dead daemon left is STATUS_NO_DAEMON, with
 * the document of its last word. -EPROTO where the file is not a status. The caller clears the
 * view. All texts of the document are fit for a terminal. A status that cannot be true any more
 * (withdrawn, or older than the daemon's period allows) is STATUS_DEGRADED, never in sync.
 */
int status_read(const char *run_directory, struct status_view *view,
		struct err *err) MUST_CHECK;

void status_view_clear(struct status_view *view);

#define cleanup_status_view CLEANUP(status_view_clear)
