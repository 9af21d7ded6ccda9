/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "agent/report/reconcile_report.h"
#include "common/cleanup.h"

/*
 * Logs what reconciles come to, on change only: a failure that repeats word for word is logged
 * once, and again when it was gone in between; many with the same text share a line. While something stays wrong one line every five
 * minutes says so and counts. Zeroed at the start.
 */
struct outcome_log {
	char *summary;	/* what was logged last, NULL before the first */
	char **details; /* sorted: failures, problems and warnings of the last report */
	size_t detail_count;
	uint64_t repeated;    /* reports since the last line that said nothing new */
	uint64_t logged_usec; /* when that line was logged, CLOCK_BOOTTIME */
};

/* now: CLOCK_BOOTTIME in microseconds. */
void outcome_log_report(struct outcome_log *log, const struct reconcile_report *report,
			uint64_t now);

void outcome_log_clear(struct outcome_log *log);

#define cleanup_outcome_log CLEANUP(outcome_log_clear)
