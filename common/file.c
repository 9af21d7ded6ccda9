/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

/* Rejects files that are endless or too long before reading anything. */
static int refuse_by_kind(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENOTSUP;
	return S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size > max
		       ? -EFBIG
		       : 0;
}

int file_read_descriptor(int fd, size_t max, char **text, size_t *length)
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
	r = refuse_by_kind(fd, max);
	if (r == -ENOTSUP)
		return err_set(err, ENOTSUP, "%s: not a regular file", path);
	if (r == 0)
		r = file_read_descriptor(fd, max, text, length);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	return 0;
}

int file_open_folder_of(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *folder = NULL;
	int fd;

	folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
		       : strdup(".");
	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*name = slash ? slash + 1 : path;
	return fd;
}

/* Always closes out. */
static int write_and_sync(FILE *out, file_writer write, void *context, int durable)
{
	int r = write(out, context);

	/* stdio keeps an earlier error; fflush() and fclose() report a late one. */
	if (r == 0 && (fflush(out) != 0 || ferror(out)))
		r = errno ? -errno : -EIO;
	if (r == 0 && durable && fsync(fileno(out)) < 0)
		r = -errno;
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	return r;
}

/* Sets owner and mode explicitly, because the umask applies to open(). */
static int give_access(int fd, const struct file_access *access)
{
	mode_t mode = access->mode;
	struct stat st;

	if (access->gid != (gid_t)-1 && fchown(fd, (uid_t)-1, access->gid) < 0 &&
	    (fstat(fd, &st) < 0 || st.st_gid != access->gid))
		mode &= ~(mode_t)S_IRWXG;
	if (access->uid != (uid_t)-1 && fchown(fd, access->uid, (gid_t)-1) < 0)
		return -errno;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* A name in an open folder, and the temporary file that is renamed to it. */
struct replacement {
	int directory;
	const char *name, *temporary;
};

static int write_and_rename(int *fd, const struct replacement *replacement,
			    const struct file_access *access, int durable,
			    file_writer write, void *context)
{
	int directory = replacement->directory, r = give_access(*fd, access);
	FILE *out;

	if (r < 0)
		return r;
	out = fdopen(*fd, "w");
	if (!out)
		return -errno;
	*fd = -1; /* fclose(out) closes it */
	errno = 0;
	r = write_and_sync(out, write, context, durable);
	if (r < 0)
		return r;
	if (renameat(directory, replacement->temporary, directory, replacement->name) < 0)
		return -errno;
	return durable && fsync(directory) < 0 ? -errno : 0;
}

int file_replace_at(int directory, const char *name, const struct file_access *access,
		    int durable, file_writer write, void *context)
{
	char temporary[NAME_MAX + 1];
	const struct replacement replacement = { directory, name, temporary };
	cleanup_close int fd = -1;
	int r;

	r = snprintf(temporary, sizeof(temporary), "%s.new", name);
	if (r < 0 || (size_t)r >= sizeof(temporary))
		return -ENAMETOOLONG;
	/* Left over from a killed writer. O_EXCL below refuses a file made since then. */
	if (unlinkat(directory, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(directory, temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_and_rename(&fd, &replacement, access, durable, write, context);
	if (r < 0)
		unlinkat(directory, temporary, 0);
	return r;
}

struct content {
	const char *text;
	size_t length;
};

static int write_content(FILE *out, void *context)
{
	const struct content *content = context;

	if (fwrite(content->text, 1, content->length, out) != content->length)
		return errno ? -errno : -EIO;
	return 0;
}

int file_replace(const char *path, mode_t mode, const char *text, size_t length,
		 int durable, struct err *err)
{
	const struct file_access access = { mode, (uid_t)-1, (gid_t)-1 };
	struct content content = { text, length };
	const char *name = NULL;
	cleanup_close int directory = file_open_folder_of(path, &name);
	int r;

	if (directory < 0)
		return err_errno(err, -directory, "%s.new", path);
	r = file_replace_at(directory, name, &access, durable, write_content, &content);
	return r < 0 ? err_errno(err, -r, "%s", path) : 0;
}
