/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/*
 * The writing half of a reconciliation: the plan's operations sent, logged and answered for. The
 * record is written before and after, by service_ownership.h's rules.
 */

enum execute_outcome {
	/* Every operation was answered, or the session's interrupted says how many were left. */
	EXECUTE_DONE = 0,
	EXECUTE_AGAIN = 1, /* the table was not as it was read: read and plan again */
};

/*
 * Executes the snapshot's plan once. With last, what would be a reason to read again is a
 * failure like any other. Where the record cannot be written only what is ours by what it says is
 * written to, and the report says so. Negative errno with err set where nothing can be done at all.
 */
int execute_plan(struct snapshot *snapshot, bool last, struct reconcile_report *report,
		 struct err *err) MUST_CHECK;
