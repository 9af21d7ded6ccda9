/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "agent/config.h"
#include "agent/report/reconcile_report.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * RUN-DIR/control: the socket by which `apply` asks a running daemon to reconcile now and gets
 * its report. A stream; the client sends one JSON object and ends its side, the daemon answers with one
 * and ends its own:
 *
 *	{"version": 1, "command": "apply", "state": "/etc/ipvs-node/state.json",
 *	 "allowRemoval": true}	(which may be left out)
 *	{"report": {…}}	or {"error": "…", "errno": 13}
 *
 * A request with anything that the daemon does not know is refused as a whole. Only root and the
 * daemon's own user are answered.
 */

/*
 * Reconciles and returns the report, which stays valid until the next call; NULL where memory is
 * out.
 */
typedef const struct reconcile_report *(*control_reconcile)(void *context,
							    bool allow_removal);

struct control;

/*
 * Listens in run_directory; whoever calls this holds the lock, so what stands there is a dead
 * daemon's. state_path is absolute and borrowed, as is context.
 */
int control_listen(struct control **control, sd_event *event, const char *run_directory,
		   const char *state_path, control_reconcile reconcile, void *context,
		   struct err *err) MUST_CHECK;

/* Readable when a connection waits. */
int control_fd(const struct control *control);

/* Ends every connection and removes the socket. */
void control_free(struct control *control);

DEFINE_CLEANUP(control_cleanup, struct control *, control_free)
#define cleanup_control CLEANUP(control_cleanup)

/*
 * Asks the daemon that holds the lock of options->run_directory to reconcile options->state_path,
 * and fills an empty report, which the caller clears in any case. Negative where there is no
 * report: err has the daemon's words or ours. Ends within some minutes, whatever the daemon does.
 */
int control_apply(const struct options *options, struct reconcile_report *report,
		  struct err *err) MUST_CHECK;

/* The same with an end of one's own: usec from now for the whole answer. */
int control_apply_within(const struct options *options, uint64_t usec,
			 struct reconcile_report *report, struct err *err) MUST_CHECK;

/* What the daemon's answer says, as above; control_apply() reads it by this. */
int control_parse_answer(const char *text, size_t length, struct reconcile_report *report,
			 struct err *err) MUST_CHECK;
