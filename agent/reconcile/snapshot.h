/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/vip_admission.h"
#include "agent/reconcile/ruleset_goals.h"
#include "agent/reconcile/session.h"
#include "agent/kernel/ipvs.h"
#include "agent/plan/plan.h"
#include "common/cleanup.h"

/*
 * State, kernel and ownership as read for one reconciliation, and the plan that follows from them.
 * snapshot_state.h reads the state, snapshot_plan.h the kernel; `diff` and `apply --dry-run` stop there.
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

/* Empties wanted; what it borrows stays. */
void snapshot_clear_wanted(struct snapshot *snapshot);

/* Takes the services with a flag out of wanted. -ENOMEM. */
int snapshot_take_out(struct snapshot *snapshot, const bool *taken) MUST_CHECK;

void snapshot_clear(struct snapshot *snapshot);

#define cleanup_snapshot CLEANUP(snapshot_clear)
