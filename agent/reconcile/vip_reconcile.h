/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/reconcile/snapshot.h"
#include "agent/report/reconcile_report.h"
#include "agent/plan/vip_plan.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Makes the addresses of virtual services local on this node, by agent/plan/vip_plan.h's plan, with
 * what is ours in the session's record. It comes after the services: an address is there when its
 * services are, and goes when the last of them has gone.
 */

/*
 * At the end of a reconcile of the snapshot, whose services are in the kernel: plans, writes, and
 * adds what came of it to the report. After a part that changes nothing of it, nothing is looked at.
 * Negative only where memory is out.
 */
int vips_apply(const struct snapshot *snapshot,
	       struct reconcile_report *report) MUST_CHECK;

/* The same from memory, when an address may have gone or a service has ended its drain. */
int vips_check(struct session *session, struct reconcile_report *report) MUST_CHECK;

/*
 * What vips_apply() would do after the snapshot's plan. Fills an empty plan. -errno with
 * err set.
 */
int vips_plan(const struct snapshot *snapshot, struct vip_plan *plan,
	      struct err *err) MUST_CHECK;
