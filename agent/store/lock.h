/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/store/ownership_file.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * RUN-DIR/lock: who may write to the kernel's table and to the record. One process at a time, the
 * daemon for its whole life, a command for one reconciliation. The lock ends with the process,
 * however it dies.
 */

enum lock_outcome {
	LOCK_TAKEN = 0, /* lock_take(): it is ours now */
	LOCK_FREE = 0,	/* lock_query(): nobody holds it */
	LOCK_HELD = 1,	/* the holder is filled in */
};

enum { LOCK_PROCESS_TEXT = 32 };

struct lock_holder {
	pid_t pid;   /* as the holder wrote it; 0 where it has not yet, or could not */
	bool daemon; /* `run`, not a command */
	/* ownership_file_identity() of its network namespace; "" where it is not known. */
	char identity[OWNERSHIP_FILE_IDENTITY_TEXT];
};

/*
 * Takes the lock, making the directory (0755, its parent must be there) and the file where they
 * are not there yet. While a command holds it, waits up to wait_usec for it to end; a daemon is
 * never waited for. *fd is the lock: closing it lets go. LOCK_TAKEN, LOCK_HELD or -errno. The lock
 * holds even where the file system has no room for the text that names the holder.
 */
int lock_take(const char *run_directory, bool daemon, uint64_t wait_usec, int *fd,
	      struct lock_holder *holder, struct err *err) MUST_CHECK;

/*
 * Writes who holds the lock into its file, once more where that failed before. 0 where the file says
 * so already; -errno.
 */
int lock_name_holder(int fd) MUST_CHECK;

/* "pid 12", or "pid unknown". Returns buffer. */
const char *lock_holder_process(const struct lock_holder *holder,
				char buffer[static LOCK_PROCESS_TEXT]);

/*
 * Who holds the lock, without taking it. LOCK_FREE, LOCK_HELD or -errno; -EACCES for a user who
 * may not read the file (it is 0600: whoever can open it could also hold it against the daemon).
 */
int lock_query(const char *run_directory, struct lock_holder *holder,
	       struct err *err) MUST_CHECK;
