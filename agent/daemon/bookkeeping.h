/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/daemon/preparation.h"
#include "common/macro.h"

/*
 * How a plan and its results change what is ours. Memory only; record.h keeps it. Both set
 * *changed where the ownership is another than before, and leave it alone otherwise. -ENOMEM.
 */

/*
 * Before the first write: keys that will be created become intended, services found as wanted
 * become owned, what the kernel lacks is struck out, and values that the state names are kept as
 * found.
 */
int bookkeeping_before(struct preparation *preparation, const int *results,
		       bool *changed) MUST_CHECK;

/*
 * After the kernel's answers, one result for each operation of the plan (ipvs.h: ipvs_apply).
 * Frees what SET_SYSCTL operations of the plan borrow: the plan is not to be read after it.
 */
int bookkeeping_after(struct preparation *preparation, const int *results,
		      bool *changed) MUST_CHECK;
