/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "agent/state/state_cache.h"
#include "agent/model/ownership.h"
#include "agent/model/table.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * DATA-DIR/last-good: a copy of the last state that was valid and brought about, a file or a
 * directory as the state itself, that outlives a reboot. It takes the place of a state that is
 * missing, broken or held. The record says which state it should have (ownership.h:
 * good_fingerprint).
 */

enum last_good_outcome {
	LAST_GOOD_READ = 0,
	LAST_GOOD_NONE =
		1, /* there is none, or it is not of the last state: err says why */
};

/*
 * Reads it into an empty table; *when is when it was written, seconds since the epoch. One that is
 * not what the record names (the disk was full when a later one was to be written) is not used: it
 * would take the kernel back in time. Negative only where memory is out.
 */
int last_good_read(const char *data_directory, const struct state_settings *settings,
		   const struct ownership *ownership, struct table *table, int64_t *when,
		   struct err *err) MUST_CHECK;

/*
 * Copies the files that state was read from last unless that was done already, and notes it in
 * ownership; *changed is set where that changed. is_directory as state_copy.h has it. 0 also where
 * they are not what was read any more: the next reconcile will read them. -errno: the ownership then
 * says that the copy is out of date.
 */
int last_good_write(const char *data_directory, struct state_cache *state,
		    bool is_directory, struct ownership *ownership, bool *changed,
		    struct err *err) MUST_CHECK;

/* Removes it: what was cleaned up is not to come back by itself. -errno, never -ENOENT. */
int last_good_remove(const char *data_directory, struct ownership *ownership,
		     struct err *err) MUST_CHECK;
