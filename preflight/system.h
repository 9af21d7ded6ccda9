/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macro.h"

/*
 * The files of the examined machine: its proc, sys, lib/modules and etc, below a root
 * that is "" for the running machine. Paths have no leading slash.
 */
struct system {
	const char *root; /* borrowed; "" or a path without a slash at its end */
	char release[65]; /* the kernel's, as uname(2) gives it */
};

enum { SYSTEM_PATH = PATH_MAX, SYSTEM_FILE_MAX = 16 * 1024 * 1024 };

/*
 * root is borrowed, "" for the running machine. The release is that of
 * proc/sys/kernel/osrelease below the root, or uname(2)'s if that file is hidden.
 */
void system_init(struct system *system, const char *root);

/*
 * ROOT/FORMAT…, with links resolved within another tree's root (root_path.h); returns
 * buffer.
 */
const char *system_path(const struct system *system, char buffer[static SYSTEM_PATH],
			const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Reads a whole file; the caller frees it. -errno, -ENODATA if it is not a regular file.
 */
int system_read(const struct system *system, const char *path, char **text) MUST_CHECK;

/* Reads the first line of a small file without its newline; -errno. */
int system_read_line(const struct system *system, const char *path, char *line,
		     size_t size) MUST_CHECK;

/* Reads a file with one number; -errno, -EINVAL for other contents. */
int system_read_u64(const struct system *system, const char *path,
		    uint64_t *value) MUST_CHECK;

bool system_exists(const struct system *system, const char *path);
bool system_is_directory(const struct system *system, const char *path);
