/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/macro.h"

/*
 * Reads a whole small file (proc, sysfs, the ownership file) of at most max bytes. The
 * new buffer has a NUL after its length; the caller frees it. -EFBIG if the file is
 * larger. -ENOTSUP for a device, pipe or socket, which is not read.
 */
int file_read(const char *path, size_t max, char **text, size_t *length,
	      struct err *err) MUST_CHECK;

/* The same for an open file; -errno. The caller checks its kind and owner. */
int file_read_descriptor(int fd, size_t max, char **text, size_t *length) MUST_CHECK;

/* Mode and owner of a new file. */
struct file_access {
	mode_t mode;
	uid_t uid; /* (uid_t)-1: this process's; the same for gid */
	gid_t gid;
};

/*
 * Replaces the file at path. The content is written to a temporary file in the same
 * folder (O_EXCL, O_NOFOLLOW), which is then renamed, so a reader sees the old file or
 * the new one, never a part. Everything happens below one descriptor of the folder, even
 * if the path to it changes meanwhile. With durable, the file is synced before the rename
 * and the folder after it.
 */
int file_replace(const char *path, mode_t mode, const char *text, size_t length,
		 int durable, struct err *err) MUST_CHECK;

/*
 * The same in a folder that is already open. name has no slash. write puts the content
 * into out and returns 0 or a negative errno; on an error the file is unchanged. If the
 * group cannot be set, the group gets no rights. -errno.
 */
typedef int (*file_writer)(FILE *out, void *context);
int file_replace_at(int directory, const char *name, const struct file_access *access,
		    int durable, file_writer write, void *context) MUST_CHECK;

/*
 * Opens the folder that contains path's last component and points *name to that component
 * within path. A descriptor or -errno.
 */
int file_open_folder_of(const char *path, const char **name) MUST_CHECK;
