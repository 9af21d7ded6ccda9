/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "agent/config.h"
#include "agent/report/reconcile_report.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * RUN-DIR/control is the socket by which `apply` asks a running daemon to reconcile now,
 * and gets its report. It is a stream. The client sends one JSON object and shuts down
 * its side; the daemon answers with one object and closes:
 *
 *	{"version": 1, "command": "apply", "state": "/etc/ipvs-node/state.json",
 *	 "allowRemoval": true}	(allowRemoval is optional)
 *	{"report": {…}}	or {"error": "…", "errno": 13}
 *
 * A request with an unknown member is refused. Only root and the daemon's own user get an
 * answer.
 */

/*
 * Reconciles and returns the report, which is valid until the next call. NULL: out of
 * memory.
 */
typedef const struct reconcile_report *(*control_reconcile)(void *context,
							    bool allow_removal);

struct control;

/*
 * Listens in run_directory. The caller holds the lock, so an existing socket there
 * belonged to a dead daemon. state_path is absolute and borrowed, as is context.
 */
int control_listen(struct control **control, sd_event *event, const char *run_directory,
		   const char *state_path, control_reconcile reconcile, void *context,
		   struct err *err) MUST_CHECK;

/* Readable when a connection is waiting. */
int control_fd(const struct control *control);

/* Closes every connection and removes the socket. */
void control_free(struct control *control);

DEFINE_CLEANUP(control_cleanup, struct control *, control_free)
#define cleanup_control CLEANUP(control_cleanup)

/*
 * Asks the daemon that holds the lock of options->run_directory to reconcile
 * options->state_path. Fills an empty report, which the caller clears also after an
 * error. A negative result means that there is no report; err has the reason. Returns
 * within minutes even if the daemon hangs.
 */
int control_apply(const struct options *options, struct reconcile_report *report,
		  struct err *err) MUST_CHECK;

/* The same with another deadline: usec from now for the whole answer. */
int control_apply_within(const struct options *options, uint64_t usec,
			 struct reconcile_report *report, struct err *err) MUST_CHECK;

/* Parses the daemon's answer for control_apply(), with the same results. */
int control_parse_answer(const char *text, size_t length, struct reconcile_report *report,
			 struct err *err) MUST_CHECK;
