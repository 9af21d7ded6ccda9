/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/report/reconcile_report.h"
#include "agent/plan/plan.h"
#include "common/macro.h"

/* Writes of one reconcile that are logged at level info; the others at debug. */
enum { OPERATION_LOG_LINES = 100 };

/*
 * Logs each write that the kernel took, with its MESSAGE_ID and the fields IPVS_SERVICE,
 * IPVS_SERVICE_NAME, IPVS_DESTINATION, IPVS_OLD, IPVS_NEW and IPVS_REASON (common/message_id.h). Failures are the report's business.
 */
void operation_log_results(const struct plan *plan, const int *results);

/* Keeps the first of them in the report, in words. -ENOMEM. */
int operation_log_keep(const struct plan *plan, const int *results,
		       struct reconcile_report *report) MUST_CHECK;
