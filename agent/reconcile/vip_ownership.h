/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/report/reconcile_report.h"
#include "agent/reconcile/session.h"
#include "agent/plan/vip_plan.h"
#include "common/macro.h"

/*
 * How a binding's plan and its results change what is ours, and the record of it: what is made is
 * written down before, what is gone is struck out after. Negative only where memory is out.
 */

/*
 * Before the first write. Where the record cannot be written nothing becomes ours: what would is
 * skipped in the results (skip_rules.h), and the report says so.
 */
int vip_ownership_before(struct session *session, const struct host_net *host,
			 const struct vip_plan *plan, int *results,
			 struct reconcile_report *report) MUST_CHECK;

/* After the kernel's answers. */
int vip_ownership_after(struct session *session, const struct vip_plan *plan,
			const int *results, struct reconcile_report *report) MUST_CHECK;
