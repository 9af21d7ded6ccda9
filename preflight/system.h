/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macro.h"

/*
 * The files of the machine that is looked at: its proc, sys, lib/modules and etc, below a root
 * that is empty for the running machine. Paths are given without a leading slash.
 */
struct system {
	const char *root; /* borrowed; "" or a path without a slash at its end */
	char release[65]; /* the kernel's, as uname(2) gives it */
};

enum { SYSTEM_PATH = PATH_MAX, SYSTEM_FILE_MAX = 16 * 1024 * 1024 };

/*
 * root is borrowed, "" for the running machine. The release is what proc/sys/kernel/osrelease
 * below the root says, and uname(2)'s where that is hidden.
 */
void system_init(struct system *system, const char *root);

/* ROOT/FORMAT…, links resolved within the root of another tree (root_path.h); returns buffer. */
const char *system_path(const struct system *system, char buffer[static SYSTEM_PATH],
			const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A whole file, to be freed by the caller; -errno, -ENODATA where it is no regular file. */
int system_read(const struct system *system, const char *path, char **text) MUST_CHECK;

/* The first line of a small file without its end; -errno. */
int system_read_line(const struct system *system, const char *path, char *line,
		     size_t size) MUST_CHECK;

/* A file that holds one number; -errno, -EINVAL where it holds something else. */
int system_read_u64(const struct system *system, const char *path,
		    uint64_t *value) MUST_CHECK;

bool system_exists(const struct system *system, const char *path);
bool system_is_directory(const struct system *system, const char *path);
