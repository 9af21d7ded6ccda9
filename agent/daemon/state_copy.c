/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/state_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/state/source.h"
#include "common/cleanup.h"
#include "common/file.h"

static int join(const char *directory, const char *name, char path[static PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s%s", directory, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* --- one file --- */

static int copy_bytes(int from, FILE *out)
{
	char buffer[64 * 1024];

	for (;;) {
		ssize_t n = read(from, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (fwrite(buffer, 1, (size_t)n, out) != (size_t)n)
			return errno ? -errno : -EIO;
	}
}

/* The file has to be what was read before and after it is copied. */
static int check_same(int fd, const struct state_file *file)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return -errno;
	return source_same_file(&now, &file->stat) ? 0 : -ESTALE;
}

static int write_copy(FILE *out, void *context)
{
	const struct state_file *file = context;
	cleanup_close int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	r = check_same(fd, file);
	if (r == 0)
		r = copy_bytes(fd, out);
	return r < 0 ? r : check_same(fd, file);
}

static int copy_file(const struct state_file *file, const char *target, struct err *err)
{
	return file_replace_by(target, 0644, 1, write_copy, (void *)file, err);
}

/* --- a directory of files --- */

static int remove_entries(int fd)
{
	cleanup_dir DIR *directory = fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		close(fd);
		return -errno;
	}
	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dirfd(directory), entry->d_name, 0) < 0)
			return -errno;
	}
	return 0;
}

int state_copy_remove(const char *target)
{
	int fd, r;

	if (unlink(target) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_entries(fd);
	if (r == 0 && rmdir(target) < 0)
		r = -errno;
	return r;
}

/* The copy before, where it is known to have the same. */
static bool link_copy(const struct state_file *file, const char *before,
		      const char *target)
{
	return file->content != 0 && file->copied == file->content &&
	       linkat(AT_FDCWD, before, AT_FDCWD, target, 0) == 0;
}

static int fill_directory(const struct state_file *files, size_t count,
			  const char *before, const char *directory, struct err *err)
{
	char target[PATH_MAX] = "", old[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *slash = strrchr(files[i].path, '/');

		r = join(directory, slash, target);
		if (r == 0)
			r = join(before, slash, old);
		if (r < 0)
			return err_errno(err, -r, "%s", directory);
		if (!link_copy(&files[i], old, target))
			r = copy_file(&files[i], target, err);
	}
	if (r == 0 && count > 0) {
		r = file_sync_directory_of(target);
		if (r < 0)
			(void)err_errno(err, -r, "%s", directory);
	}
	return r;
}

/* The old one, of whatever kind, stands at made afterwards, if there was one. */
static int exchange(const char *made, const char *target)
{
	int r;

	if (renameat2(AT_FDCWD, made, AT_FDCWD, target, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* None is there, or this file system cannot do it at once. */
	r = state_copy_remove(target);
	if (r == 0 && rename(made, target) < 0)
		r = -errno;
	return r;
}

static int copy_directory(const struct state_file *files, size_t count,
			  const char *target, struct err *err)
{
	char made[PATH_MAX];
	int r = join(target, ".new", made);

	if (r == 0)
		r = state_copy_remove(made);
	if (r == 0 && mkdir(made, 0755) < 0)
		r = -errno;
	if (r < 0)
		return err_errno(err, -r, "%s.new", target);
	r = fill_directory(files, count, target, made, err);
	if (r == 0) {
		r = exchange(made, target);
		if (r == 0)
			r = file_sync_directory_of(target);
		if (r < 0)
			(void)err_errno(err, -r, "%s", target);
	}
	if (state_copy_remove(made) < 0 && r == 0)
		return err_errno(err, errno, "%s", made);
	return r;
}

static int copy_state(const struct state_file *files, size_t count, bool is_directory,
		      const char *target, struct err *err)
{
	int r;

	if (is_directory)
		return copy_directory(files, count, target, err);
	r = copy_file(&files[0], target, err);
	if (r != -EISDIR)
		return r;
	/* The state was a directory before. */
	r = state_copy_remove(target);
	return r < 0 ? err_errno(err, -r, "%s", target)
		     : copy_file(&files[0], target, err);
}

int state_copy(struct state_file *files, size_t count, bool is_directory,
	       const char *target, struct err *err)
{
	int r = copy_state(files, count, is_directory, target, err);

	for (size_t i = 0; i < count; i++)
		files[i].copied = r == 0 && is_directory ? files[i].content : 0;
	return r;
}
