/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Objects that were put back after another program changed them. One that has been put back
 * again and again without a quiet time in between is contested: it is left for longer and longer,
 * and reported instead of fought over. Memory only. Times are CLOCK_BOOTTIME in microseconds.
 * Zeroed at the start.
 */

enum { DRIFT_BACKOFF_REPAIRS_MAX = 5, DRIFT_BACKOFF_ENTRIES_MAX = 16384 };

struct drift_backoff {
	uint64_t
		object; /* a hash of its text: there may be very many of them for a while */
	unsigned int repairs;
	uint64_t seen; /* when it was last found changed */
	uint64_t next; /* not to be put back before */
};

struct drift_backoff_list {
	struct drift_backoff *entries; /* the first known_count sorted by object */
	size_t count, room;
	size_t known_count;
};

/* The entry where the object is contested and not yet to be put back again, else NULL. */
const struct drift_backoff *drift_backoff_find(struct drift_backoff_list *list,
					       const char *object, uint64_t now);

/* The object was put back. One of too many is not kept: it is put back every time. */
void drift_backoff_note(struct drift_backoff_list *list, const char *object,
			uint64_t now);

/* At the end of a reconcile: takes in the new ones and forgets those that were quiet for long. */
void drift_backoff_settle(struct drift_backoff_list *list, uint64_t now);

/* When the next contested object may be put back; UINT64_MAX where there is none. */
uint64_t drift_backoff_next(const struct drift_backoff_list *list, uint64_t now);

/* An operator wants all to be put back now; what was counted stays. */
void drift_backoff_permit(struct drift_backoff_list *list);

void drift_backoff_clear(struct drift_backoff_list *list);
