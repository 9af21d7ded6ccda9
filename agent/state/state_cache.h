/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/state/state.h"
#include "agent/state/state_file.h"

/*
 * The state that was read last, file by file, so that a file that has not changed since is not
 * read again. {0} is an empty one.
 */
struct state_cache {
	char *path;		  /* the state's; owned, as all below */
	struct state_file *files; /* in the order of their names */
	size_t file_count;
	struct table table; /* all of them merged, each service with its file */
	size_t files_read;  /* parsed by the last call */
	bool whole; /* it came from all files together, and does again where one changes */
	const struct state_settings *settings; /* borrowed; NULL: none */
	/*
	 * A file that was written less than this before it was read is read once more, as it can
	 * have been written again without a new time; 0: STATE_CACHE_DOUBT_USEC. For tests.
	 */
	uint64_t doubt_usec;
};

/* The coarsest times of files are those of FAT, 2 s. */
enum { STATE_CACHE_DOUBT_USEC = 2 * 1000 * 1000 };

/*
 * Reads the state at path; outcomes and problems are those of state_read(). On STATE_OK *table
 * is the cache's, sorted, and valid until the next call or state_cache_clear(); *changed is
 * false only where it is the table of the last STATE_OK, as no file has changed, come or gone.
 * On all else both are left alone, what an earlier call gave is not valid any more, and the cache
 * keeps of it what has not changed.
 */
int state_cache_read(struct state_cache *cache, const char *path,
		     const struct table **table, bool *changed,
		     struct state_problems *problems) MUST_CHECK;

/* The files that the last STATE_OK came from, with what fstat() said when each was read. */
struct state_file *state_cache_files(struct state_cache *cache, size_t *count);

/*
 * Whether the node's own addresses are those that the last STATE_OK has node ports at: where not, the
 * state is another one although no file has changed. True where it has no node ports.
 */
bool state_cache_has_node_addresses(const struct state_cache *cache);

/* Leaves an empty cache, with nothing read. */
void state_cache_clear(struct state_cache *cache);
