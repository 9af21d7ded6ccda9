/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "agent/report/reconcile_report.h"
#include "common/macro.h"

/*
 * Failures with the same text, for people: one misspelt word in five hundred services is one line.
 * Fewer than FAILURES_ALIKE of a kind have a line each.
 */
enum { FAILURES_ALIKE = 4, FAILURE_GROUP_TEXT = 400 };

struct failure_group {
	size_t first; /* the failure that stands for them */
	size_t count; /* with the first */
	char alike
		[FAILURE_GROUP_TEXT]; /* "; 499 more alike: tcp 10.0.0.2:80 (b), …", or "" */
};

/*
 * Groups in the order of their first failures, in a new array that the caller frees; NULL where there
 * are none. -ENOMEM.
 */
int failure_groups_make(const struct reconcile_failure *failures, size_t count,
			struct failure_group **groups, size_t *group_count) MUST_CHECK;
