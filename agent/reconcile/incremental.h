/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/*
 * Reconciling a part: those services alone that a change of the state is about, read one by one. What
 * is outside of it, and global values, are looked at by the next whole reconcile.
 */

enum incremental_outcome {
	INCREMENTAL_DONE =
		0, /* the part is as the state wants it, or reported as failed */
	INCREMENTAL_NEEDS_ALL =
		1, /* nothing was done, or not all: a whole reconcile has to do it */
};

/*
 * Brings about what differs between the wanted table of whole, which was read, and the session's
 * last applied table. Only where that is known, global values are the same, and it is a smaller part. -errno
 * with err set as snapshot_plan().
 */
int incremental_apply(struct snapshot *whole, struct reconcile_report *report,
		      struct err *err) MUST_CHECK;

/*
 * Fills the wanted table of a part with those services of table that are in its scope; their
 * destinations are borrowed, the array is the part's. -ENOMEM.
 */
int incremental_borrow_wanted(struct snapshot *part,
			      const struct table *table) MUST_CHECK;
