/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/hold.h"
#include "agent/reconcile/snapshot.h"
#include "agent/report/reconcile_report.h"
#include "common/macro.h"

/* Filling a snapshot's wanted table: from the state, from the last good one, or from both while removals wait. */

/*
 * Reads the state into wanted, but for what is refused (vip_admission.h); sets the report's outcome and problems. Where the state cannot be
 * used and the session falls back, wanted is the last good one and report->falls_back is set; the
 * outcome stays. Negative: out of memory.
 */
int snapshot_read_state(struct snapshot *snapshot,
			struct reconcile_report *report) MUST_CHECK;

/*
 * What the plan removes of what was in force (hold.h). The last good state says what that was, where
 * there is one. -ENOMEM.
 */
int snapshot_count_removed(struct snapshot *snapshot,
			   struct hold_counts *counts) MUST_CHECK;

/*
 * Replaces wanted by what has to be in force while the state waits, so that the next plan removes
 * nothing of it. -ENOMEM.
 */
int snapshot_hold(struct snapshot *snapshot) MUST_CHECK;
