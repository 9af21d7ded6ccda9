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

/* The same of a file that is open; -errno. Its kind and owner are the caller's to check. */
int file_read_descriptor(int fd, size_t max, char **text, size_t *length) MUST_CHECK;

/* What a file that is made is given. */
struct file_access {
	mode_t mode;
	uid_t uid; /* (uid_t)-1: this process's; so is gid */
	gid_t gid;
};

/*
 * Replaces path by a file with this content: written beside it under a name of our own, made
 * with O_EXCL and O_NOFOLLOW, then renamed, so that a reader sees the old or the new one whole.
 * All of it happens below one descriptor of the folder, whatever becomes of the way to it.
 * With durable it is synced before and its directory after the rename.
 */
int file_replace(const char *path, mode_t mode, const char *text, size_t length,
		 int durable, struct err *err) MUST_CHECK;

/*
 * The same in a folder that is open already; name has no slash, and write puts the content into
 * out. write returns 0 or a negative errno, after which the file is as it was. Where the group
 * cannot be given, the group gets no right. -errno.
 */
typedef int (*file_writer)(FILE *out, void *context);
int file_replace_at(int directory, const char *name, const struct file_access *access,
		    int durable, file_writer write, void *context) MUST_CHECK;

/*
 * Opens the folder in which path's last name is looked up, and sets *name to that name within path. A
 * descriptor or -errno.
 */
int file_open_folder_of(const char *path, const char **name) MUST_CHECK;
