/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/store/lock.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/session.h"

/* What the commands that write to the table differ in. */
struct reconcile_command {
	const char *name;
	/* with the lock in hand */
	int (*run)(struct session *session, struct reconcile_report *report);
	/* instead, where a daemon has it; err and report as control.h: control_apply() */
	int (*with_daemon)(const struct options *options,
			   const struct lock_holder *holder,
			   struct reconcile_report *report, struct err *err);
};

/*
 * Takes the lock, waiting for another command's end, runs the command and prints the report.
 * Returns the exit status.
 */
int reconcile_command_main(const struct reconcile_command *command,
			   const struct options *options);
