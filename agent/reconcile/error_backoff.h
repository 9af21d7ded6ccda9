/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/report/reconcile_report.h"
#include "common/cleanup.h"

/*
 * The objects that failed, each with a back-off of its own: an operation on one is sent again only
 * when its time has come. Memory only; `apply` starts with none. Times are CLOCK_BOOTTIME in
 * microseconds unless a name says otherwise. Zeroed at the start.
 */
struct error_backoff {
	char *object; /* as in struct reconcile_failure */
	char *text;   /* what the kernel said last */
	int code;
	unsigned int attempts;
	uint64_t since_realtime; /* of the first of these attempts */
	uint64_t delay, next;
};

struct error_backoff_list {
	struct error_backoff *entries; /* sorted by object */
	size_t count;
};

/* The entry of an object whose time has not come, NULL where it may be tried. */
const struct error_backoff *
error_backoff_find_waiting(const struct error_backoff_list *list, const char *object,
			   uint64_t now);

/*
 * Takes over a report: what failed again waits longer, what failed no more is forgotten. Fills in
 * the failures' attempts, since and next. -ENOMEM: the list is then as it was.
 */
int error_backoff_update(struct error_backoff_list *list, struct reconcile_report *report,
			 uint64_t now, uint64_t now_realtime, uint64_t random) MUST_CHECK;

/*
 * When the first of them is due; UINT64_MAX where there is none. What waits for something else than
 * its back-off (a contested object) has a time elsewhere, and after error_backoff_reset() the caller tries.
 */
uint64_t error_backoff_next(const struct error_backoff_list *list);

/* Something changed that may have mended them: all are due, and the back-off begins anew. */
void error_backoff_reset(struct error_backoff_list *list);

void error_backoff_clear(struct error_backoff_list *list);
