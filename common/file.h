/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/macro.h"

/*
 * Reads a whole small file (proc, sysfs, a record), at most max bytes, into a new buffer that
 * ends with a NUL beyond its length. The caller frees it. -EFBIG where the file is larger, -ENOTSUP where it
 * is a device, a pipe or a socket: nothing is read of it then.
 */
int file_read(const char *path, size_t max, char **text, size_t *length,
	      struct err *err) MUST_CHECK;

/*
 * Replaces path by a file with this content: written beside it under a name of our own, made
 * with O_EXCL and O_NOFOLLOW, then renamed, so that a reader sees the old or the new one whole.
 * With durable it is synced before and its directory after the rename.
 */
int file_replace(const char *path, mode_t mode, const char *text, size_t length,
		 int durable, struct err *err) MUST_CHECK;

/*
 * The same, the content being what write puts into out; write returns 0 or a negative errno,
 * after which path is as it was.
 */
typedef int (*file_writer)(FILE *out, void *context);
int file_replace_by(const char *path, mode_t mode, int durable, file_writer write,
		    void *context, struct err *err) MUST_CHECK;

/* What happened to names in the directory of path is on the disk after that. -errno. */
int file_sync_directory_of(const char *path) MUST_CHECK;
