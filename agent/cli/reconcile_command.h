/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/store/lock.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/session.h"

/* How the commands that write to the table differ. */
struct reconcile_command {
	const char *name;
	/* called while this process holds the lock */
	int (*run)(struct session *session, struct reconcile_report *report);
	/* called if a daemon holds it; err and report as in control.h: control_apply() */
	int (*with_daemon)(const struct options *options,
			   const struct lock_holder *holder,
			   struct reconcile_report *report, struct err *err);
};

/*
 * Takes the lock, waiting for another command to end, runs the command and prints the
 * report. Returns the exit status.
 */
int reconcile_command_main(const struct reconcile_command *command,
			   const struct options *options);
