/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/vip_admission.h"
#include "agent/report/reconcile_report.h"
#include "agent/reconcile/rulesets.h"
#include "agent/reconcile/session.h"
#include "agent/kernel/ipvs.h"
#include "agent/plan/hold.h"
#include "agent/plan/plan.h"
#include "common/cleanup.h"

/*
 * The reading half of a reconciliation, which `diff` and `apply --dry-run` stop after: the state,
 * the kernel, the record, and the plan that follows from them.
 */
struct snapshot {
	struct session *session; /* borrowed */
	struct table wanted;
	bool names_state; /* wanted comes of the session's state, but for what is refused */
	bool wanted_borrowed; /* its services are the session's; globals are always its own */
	bool wanted_in_part; /* only its services' destinations and names are the session's */
	struct vip_admission admission; /* what of the state is not in wanted, and why */
	struct table actual;
	struct table
		accepted; /* the state in force before the removal hold, once it was needed */
	bool accepted_known;
	int64_t accepted_when; /* seconds since the epoch; 0 where it is not known */
	struct plan plan; /* borrows from the two tables and the session's ownership */
	struct ipvs *ipvs;
	/*
	 * A part: the tables have only services with these keys, sorted, and no globals. NULL: all
	 * there is. Borrowed.
	 */
	const struct service_key *scope;
	size_t scope_count;
	/* Of a part: the whole wanted table; NULL: what is made of all services is left alone. */
	const struct table *all_wanted;
	struct ruleset_goals rulesets;
	bool made_sysctls; /* the kernel made other values of some; not in the record yet */
	size_t drains_begun; /* plan.h; also those of a part that was brought about for it */
};

/* Opens the kernel's IPVS where that is not open yet. */
int snapshot_open(struct snapshot *snapshot, struct err *err) MUST_CHECK;

/* Whether the snapshot is about this service: always, unless it is of a part. */
bool snapshot_covers(const struct snapshot *snapshot, const struct service_key *key);

/*
 * Reads the state into wanted, but for what is refused (admission.h); sets the report's outcome and problems. Where the state cannot be
 * used and the session falls back, wanted is the last good one and report->falls_back is set; the
 * outcome stays. Negative: out of memory.
 */
int snapshot_read_state(struct snapshot *snapshot,
			struct reconcile_report *report) MUST_CHECK;

/*
 * Replaces wanted by the last good state, if there is one and the session falls back; sets
 * report->falls_back then. Negative: out of memory.
 */
int snapshot_fall_back(struct snapshot *snapshot,
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

void snapshot_clear(struct snapshot *snapshot);

#define cleanup_snapshot CLEANUP(snapshot_clear)
