/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"

static int read_all(int fd, size_t max, char **text, size_t *length)
{
	cleanup_free char *buffer = NULL;
	size_t size = 0, used = 0;

	for (;;) {
		ssize_t n;

		if (used + 1 >= size) {
			char *grown;

			if (used > max)
				return -EFBIG;
			size = size ? size * 2 : 4096;
			grown = realloc(buffer, size);
			if (!grown)
				return -ENOMEM;
			buffer = grown;
		}
		n = read(fd, buffer + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	if (used > max)
		return -EFBIG;
	buffer[used] = '\0';
	*text = TAKE_PTR(buffer);
	*length = used;
	return 0;
}

int file_read(const char *path, size_t max, char **text, size_t *length, struct err *err)
{
	cleanup_close int fd = -1;
	int r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	r = read_all(fd, max, text, length);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	return 0;
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

static int sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *directory = NULL;
	cleanup_close int fd = -1;

	directory = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
			  : strdup(".");
	if (!directory)
		return -ENOMEM;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int write_and_rename(int fd, const char *temporary, const char *path, mode_t mode,
			    const char *text, size_t length, int durable)
{
	int r;

	/* The mode that was asked for, whatever the umask. */
	if (fchmod(fd, mode) < 0)
		return -errno;
	r = write_all(fd, text, length);
	if (r < 0)
		return r;
	if (durable && fsync(fd) < 0)
		return -errno;
	if (rename(temporary, path) < 0)
		return -errno;
	return durable ? sync_directory_of(path) : 0;
}

int file_replace(const char *path, mode_t mode, const char *text, size_t length,
		 int durable, struct err *err)
{
	char temporary[PATH_MAX];
	cleanup_close int fd = -1;
	int r;

	r = snprintf(temporary, sizeof(temporary), "%s.new", path);
	if (r < 0 || (size_t)r >= sizeof(temporary))
		return err_errno(err, ENAMETOOLONG, "%s", path);
	/* What a killed writer left behind; O_EXCL below refuses whatever comes in between. */
	if (unlink(temporary) < 0 && errno != ENOENT)
		return err_errno(err, errno, "%s", temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "%s", temporary);
	r = write_and_rename(fd, temporary, path, mode, text, length, durable);
	if (r < 0) {
		unlink(temporary);
		return err_errno(err, -r, "%s", path);
	}
	return 0;
}
