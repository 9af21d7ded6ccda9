/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "agent/state/state_file.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Copies of the files that a state was read from, as they are: a file, or a directory with one for
 * each. What is there already is replaced at once, and the copy is on the disk before it is. Of a
 * directory, what has not changed since the copy before is a second name of that one's file: a change
 * of one file in a thousand writes one. A copy can be read by nobody who may not read the file itself,
 * but for root and, where that one may read it, the owner of the folder.
 */

/*
 * Copies to target, a path whose directory is there and nobody else's to write. is_directory: what the
 * state was, whatever the number of its files. Notes in each file what its copy has. -ESTALE where one of them is not what was read any
 * more; other -errno with err set. target is then as it was.
 */
int state_copy(struct state_file *files, size_t count, bool is_directory,
	       const char *target, struct err *err) MUST_CHECK;

/* Removes such a copy, or what was left of one. -errno, never -ENOENT. */
int state_copy_remove(const char *target) MUST_CHECK;
