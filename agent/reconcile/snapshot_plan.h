/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "agent/report/reconcile_report.h"
#include "common/err.h"
#include "common/macro.h"

/* Reading the kernel into a snapshot, and making its plan. */

/*
 * Opens the kernel's IPVS where that is not open yet, reads it, at the first time the record, and
 * makes the plan. What an earlier call read and planned is dropped, so that it can be done again.
 * -errno with err set: nothing is then planned.
 */
int snapshot_plan(struct snapshot *snapshot, struct reconcile_report *report,
		  struct err *err) MUST_CHECK;

/*
 * The same for a part whose ipvs, scope and wanted table are there: reads the services of its scope
 * from the kernel, one by one.
 */
int snapshot_plan_part(struct snapshot *snapshot, struct reconcile_report *report,
		       struct err *err) MUST_CHECK;
