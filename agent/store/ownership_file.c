/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/ownership_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/store/ownership_file_form.h"
#include "common/cleanup.h"
#include "common/file.h"

/* The files and the identity; ownership_file_format.c and ownership_file_parse.c know the form. */

int ownership_file_identity(char identity[static OWNERSHIP_FILE_IDENTITY_TEXT],
			    struct err *err)
{
	static const char boot_id_path[] = "/proc/sys/kernel/random/boot_id";
	static const char namespace_path[] = "/proc/self/ns/net";
	cleanup_free char *boot_id = NULL;
	struct stat st;
	size_t length;
	int r;

	r = file_read(boot_id_path, OWNERSHIP_FILE_IDENTITY_TEXT / 2, &boot_id, &length,
		      err);
	if (r < 0)
		return r;
	boot_id[strcspn(boot_id, " \n")] = '\0';
	if (stat(namespace_path, &st) < 0)
		return err_errno(err, errno, "%s", namespace_path);
	snprintf(identity, OWNERSHIP_FILE_IDENTITY_TEXT, "%s %llu:%llu", boot_id,
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return 0;
}

bool ownership_file_is_elsewhere(const char *identity)
{
	char here[OWNERSHIP_FILE_IDENTITY_TEXT];
	size_t boot;

	if (ownership_file_identity(here, NULL) < 0)
		return false;
	boot = strcspn(here, " ") + 1;
	return strncmp(identity, here, boot) == 0 && strcmp(identity, here) != 0;
}

int ownership_file_refuse_namespace(const char *run_directory, struct err *err)
{
	return err_set(
		err, EBUSY,
		"%s belongs to another network namespace of this machine: name a folder for this one by --run-dir, or enter that one; if it is gone, remove %s/owned",
		run_directory, run_directory);
}

/* Of "ipvs-node-owned VERSION BOOT-ID DEVICE:INODE CHECKSUM". */
static int record_header_identity(const char *line,
				  char identity[static OWNERSHIP_FILE_IDENTITY_TEXT])
{
	char boot[OWNERSHIP_FILE_IDENTITY_TEXT / 2],
		space[OWNERSHIP_FILE_IDENTITY_TEXT / 2 - 1];

	/* The widths are those of the buffers. */
	if (sscanf(line, RECORD_MAGIC " %*u %47s %46s", boot, space) != 2)
		return -EBADMSG;
	snprintf(identity, OWNERSHIP_FILE_IDENTITY_TEXT, "%s %s", boot, space);
	return 0;
}

static int record_path(const char *run_directory, char path[static PATH_MAX],
		       struct err *err)
{
	int n = snprintf(path, PATH_MAX, "%s/owned", run_directory);

	if (n < 0 || n >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%s/owned", run_directory);
	return 0;
}

int ownership_file_check_namespace(const char *run_directory, struct err *err)
{
	char path[PATH_MAX], start[2 * OWNERSHIP_FILE_LINE_ROOM],
		identity[OWNERSHIP_FILE_IDENTITY_TEXT];
	cleanup_close int fd = -1;
	const char *end;
	ssize_t n;

	if (record_path(run_directory, path, NULL) < 0)
		return 0;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, start, sizeof(start) - 1);
	if (n <= 0)
		return 0;
	start[n] = '\0';
	end = strchr(start, '\n');
	/* The header alone owns nothing. */
	if (!end || end[1] == '\0' || record_header_identity(start, identity) < 0 ||
	    !ownership_file_is_elsewhere(identity))
		return 0;
	return ownership_file_refuse_namespace(run_directory, err);
}

bool ownership_file_is_missing(const char *run_directory)
{
	char path[PATH_MAX];

	return record_path(run_directory, path, NULL) == 0 && access(path, F_OK) < 0 &&
	       errno == ENOENT;
}

int ownership_file_write(const char *run_directory, const struct ownership *ownership,
			 struct err *err)
{
	char path[PATH_MAX], identity[OWNERSHIP_FILE_IDENTITY_TEXT];
	cleanup_free char *text = NULL;
	size_t length = 0;
	int r;

	r = record_path(run_directory, path, err);
	if (r < 0)
		return r;
	r = ownership_file_identity(identity, err);
	if (r < 0)
		return r;
	r = ownership_file_format(ownership, identity, &text, &length);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	/* Readable by all: root's `apply` and the daemon's own user take turns, and what it says
	 * can be seen in /proc/net/ip_vs anyway. */
	return file_replace(path, 0644, text, length, 0, err);
}

static int append_good(int fd, const struct ownership *ownership)
{
	char end[OWNERSHIP_FILE_END], line[OWNERSHIP_FILE_LINE_ROOM];
	uint32_t checksum;
	struct stat st;
	size_t length;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* Nor into a file of others' that was linked here. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_size < OWNERSHIP_FILE_END)
		return -EBADMSG;
	n = pread(fd, end, sizeof(end), st.st_size - OWNERSHIP_FILE_END);
	if (n != OWNERSHIP_FILE_END || ownership_file_last_checksum(end, &checksum) < 0)
		return -EBADMSG;
	length = ownership_file_format_good(ownership, checksum, line);
	if (length == 0)
		return -EINVAL;
	n = write(fd, line, length);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -ENOSPC;
}

int ownership_file_append_good(const char *run_directory,
			       const struct ownership *ownership, struct err *err)
{
	cleanup_close int fd = -1;
	char path[PATH_MAX];
	int r;

	r = record_path(run_directory, path, err);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = fd < 0 ? -errno : append_good(fd, ownership);
	return r < 0 ? err_errno(err, -r, "%s", path) : 0;
}

int ownership_file_load(const char *run_directory, struct ownership *ownership,
			struct err *err)
{
	char path[PATH_MAX], identity[OWNERSHIP_FILE_IDENTITY_TEXT];
	cleanup_free char *text = NULL;
	struct err found = { 0 };
	size_t length;
	int r;

	r = record_path(run_directory, path, err);
	if (r < 0)
		return r;
	r = file_read(path, OWNERSHIP_FILE_MAX, &text, &length, &found);
	if (r == -ENOENT || r == -ENOTDIR)
		return OWNERSHIP_FILE_NONE;
	if (r == 0)
		r = ownership_file_identity(identity, &found);
	if (r < 0)
		goto out;
	r = ownership_file_parse(text, length, identity, ownership, &found);
	if (r != OWNERSHIP_FILE_LOADED)
		err_prefix(&found, "%s", path);
out:
	if (r != OWNERSHIP_FILE_LOADED && err)
		*err = found;
	return r;
}
