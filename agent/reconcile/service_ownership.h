/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/*
 * How a plan and its results change what is ours: the ownership of the snapshot's session.
 * Memory only; record.h keeps it. All set *changed where the ownership is another than before, and
 * leave it alone otherwise. -ENOMEM.
 */

/*
 * Before the first write: what the kernel lacks is struck out, what was intended and is there with
 * the attributes intended is owned, and struck out where it has others.
 */
void service_ownership_confirm(struct snapshot *snapshot, bool *changed);

/*
 * Also before the first write: keys that will be created become intended, services found as wanted
 * owned, values that the state names are kept as found, and drains begin. What is new can be taken
 * back by service_ownership_forget() as long as service_ownership_after() was not called.
 */
int service_ownership_before(struct snapshot *snapshot, const int *results,
			     bool *changed) MUST_CHECK;

/* What service_ownership_before() must not have where the record could not be written. */
struct service_ownership_mark {
	struct timeouts timeouts_before;
	struct owned_daemon daemons[SYNC_DAEMON_SLOTS];
	struct owned_ruleset rulesets[RULESET_SLOTS];
	size_t sysctl_count;
};

/* Call before service_ownership_before(). */
void service_ownership_remember(const struct snapshot *snapshot,
				struct service_ownership_mark *mark);
void service_ownership_forget(struct snapshot *snapshot,
			      const struct service_ownership_mark *mark);

/*
 * After the kernel's answers, one result for each operation of the plan (ipvs.h: ipvs_apply).
 * Frees what SET_SYSCTL operations of the plan borrow: the plan is not to be read after it.
 */
int service_ownership_after(struct snapshot *snapshot, const int *results,
			    bool *changed) MUST_CHECK;
