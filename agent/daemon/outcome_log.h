/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/daemon/reconcile.h"
#include "common/cleanup.h"

/*
 * Logs what reconciles come to, on change only: a failure that repeats word for word is logged
 * once, and again when it was gone in between. Zeroed at the start.
 */
struct outcome_log {
	char *summary;	/* what was logged last, NULL before the first */
	char **details; /* sorted: failures or problems of the last report */
	size_t detail_count;
};

void outcome_log_report(struct outcome_log *log, const struct reconcile_report *report);

void outcome_log_clear(struct outcome_log *log);

#define cleanup_outcome_log CLEANUP(outcome_log_clear)
