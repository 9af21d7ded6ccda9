/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/daemon/reconcile.h"
#include "agent/kernel/ipvs.h"
#include "agent/table/ownership.h"
#include "agent/table/plan.h"
#include "common/cleanup.h"

/*
 * The reading half of a reconciliation, which `diff` and `apply --dry-run` stop after: the state,
 * the kernel, the record, and the plan that follows from them.
 */
struct preparation {
	struct table wanted;
	struct table actual;
	struct ownership ownership;
	struct plan plan; /* borrows from the two tables */
	struct ipvs *ipvs;
};

/* Reads the state into wanted; sets the report's outcome and problems. Negative: out of memory. */
int preparation_read_state(struct preparation *preparation, const struct options *options,
			   struct reconcile_report *report) MUST_CHECK;

/*
 * Opens the kernel's IPVS where that is not open yet, reads it and the record, and makes the
 * plan. What an earlier call read and planned is dropped, so that it can be done again. -errno
 * with err set: nothing is then planned.
 */
int preparation_plan(struct preparation *preparation, const struct options *options,
		     struct reconcile_report *report, struct err *err) MUST_CHECK;

void preparation_clear(struct preparation *preparation);

#define cleanup_preparation CLEANUP(preparation_clear)

/* Microseconds of CLOCK_MONOTONIC, for the report's times. */
uint64_t monotonic_usec(void);
