/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/report/reconcile_report.h"
#include "agent/reconcile/session.h"
#include "agent/plan/vip_plan.h"
#include "common/macro.h"

/*
 * Tells what came of a binding's plan: each write that the kernel took in the log, drift in the
 * session's drift_backoffs, what failed or stands in the way in the report. -ENOMEM.
 */
int vip_outcome(struct session *session, const struct vip_plan *plan, const int *results,
		struct reconcile_report *report) MUST_CHECK;
