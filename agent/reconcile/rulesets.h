/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/reconcile/snapshot.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * nftables' part of a reconciliation: what the wanted services need of it (ruleset.h), whether the
 * kernel has that, and bringing it about. A table is replaced as a whole in one transaction, or not at
 * all where it is what was left there: known by its sum, which stands in the record, and not summed up
 * again as long as nobody has written any ruleset of the network namespace.
 *
 * A table is ours where the record names it and it has our marker or the handle that it had. One with
 * the marker alone (the record was lost) is taken over as services are (--adopt); any other stays, and
 * is a conflict.
 */

/* Adds the sysctls that the wanted services' rulesets need. -ENOMEM. */
int rulesets_imply_sysctls(const struct table *wanted,
			   struct globals *globals) MUST_CHECK;

/* Adds those that are ours and that services of the plan which drain still need. -ENOMEM. */
int rulesets_imply_for_drains(struct snapshot *snapshot) MUST_CHECK;

/*
 * Adds to the snapshot's plan what the tables need: nothing where they are as wanted. One of ours
 * stays, idle, as long as anything drains.
 */
int rulesets_plan(struct snapshot *snapshot, struct err *err) MUST_CHECK;

/* Whether the wanted services need any table, or one is ours. */
bool rulesets_concern(const struct snapshot *snapshot);

/* Whether the node's own addresses are those that the last rulesets were made with, if they matter. */
bool rulesets_have_own_addresses(const struct session *session);

bool rulesets_are_owned(const struct ownership *ownership);

/* Whether a table of ours is another than the one that was left there; also where that is not known. */
bool rulesets_changed(struct session *session);
