/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"

/*
 * Operations that are not sent although the plan has them. Each gets the result that says why: one
 * of these, which no kernel gives, or -ENOPKG where its scheduler is not loaded and the kernel is not
 * to load it.
 */
enum skipped {
	SKIPPED_BACK_OFF =
		-5001, /* it failed before, and its back-off is not over (error_backoff.h) */
	SKIPPED_CONTESTED =
		-5002, /* it is not its contested object's turn (drift_backoff.h) */
	SKIPPED_UNRECORDED =
		-5003, /* it would make something ours that the record cannot name */
	SKIPPED_UNFILTERED =
		-5004, /* a new service that not everybody may use, and nobody to keep them out */
};

void skip_operations(struct snapshot *snapshot, int *results);

/* Where the record cannot be written: only what it names already may be written to. */
void skip_creations(const struct snapshot *snapshot, int *results);
