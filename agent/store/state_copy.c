/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/state_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/state/source.h"
#include "common/cleanup.h"
#include "common/file.h"

/*
 * All of it happens below descriptors: of the folder, which may be the daemon's user's while root
 * writes, and of the directories made in it. A link that takes the place of one is not followed.
 */

/* Where the copy is, and where it is made. */
struct place {
	int folder;
	const char *name;
	char made[NAME_MAX + 1]; /* NAME.new */
	struct stat st;		 /* of the folder */
};

static int open_place(const char *target, struct place *place)
{
	int n;

	place->folder = file_open_folder_of(target, &place->name);
	if (place->folder < 0)
		return place->folder;
	if (fstat(place->folder, &place->st) < 0)
		return -errno;
	n = snprintf(place->made, sizeof(place->made), "%s.new", place->name);
	return n < 0 || n > NAME_MAX ? -ENAMETOOLONG : 0;
}

static void close_place(struct place *place)
{
	if (place->folder >= 0)
		close(place->folder);
}

#define cleanup_place CLEANUP(close_place)

/* Whether the folder's owner may read what has this status. */
static bool owner_may_read(const struct place *place, const struct stat *source)
{
	return source->st_uid == place->st.st_uid || (source->st_mode & S_IROTH) ||
	       ((source->st_mode & S_IRGRP) && source->st_gid == place->st.st_gid);
}

/*
 * Never more readers than the source has. What root copies into the folder of the daemon's user is
 * that user's, to read and to replace.
 */
static struct file_access access_like(const struct place *place,
				      const struct stat *source, mode_t own)
{
	bool give = geteuid() == 0 && owner_may_read(place, source);

	return (struct file_access){
		.mode = own |
			(source->st_mode & (S_ISDIR(source->st_mode) ? 0055 : 0044)),
		.uid = give ? place->st.st_uid : (uid_t)-1,
		.gid = source->st_gid,
	};
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

/* The rights may have changed since it was read. */
static struct file_access access_of_copy(const struct place *place,
					 const struct state_file *file)
{
	struct stat now;

	return access_like(place, stat(file->path, &now) == 0 ? &now : &file->stat, 0600);
}

static int copy_file(const struct place *place, const struct state_file *file,
		     int directory, const char *name)
{
	const struct file_access access = access_of_copy(place, file);

	return file_replace_at(directory, name, &access, 1, write_copy, (void *)file);
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

static int remove_at(int folder, const char *name)
{
	int fd, r;

	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_entries(fd);
	if (r == 0 && unlinkat(folder, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int state_copy_remove(const char *target)
{
	cleanup_place struct place place = { .folder = -1 };
	int r = open_place(target, &place);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? r : remove_at(place.folder, place.name);
}

/* The copy before, where it is known to have the same, and no more readers than it should. */
static bool link_copy(const struct place *place, const struct state_file *file,
		      int before, int directory, const char *name)
{
	struct stat st;

	return before >= 0 && file->content != 0 && file->copied == file->content &&
	       fstatat(before, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) &&
	       (st.st_mode & 0077) == (access_of_copy(place, file).mode & 0077) &&
	       linkat(before, name, directory, name, 0) == 0;
}

static int fill_directory(const struct place *place, const struct state_file *files,
			  size_t count, int directory)
{
	cleanup_close int before =
		openat(place->folder, place->name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *name = strrchr(files[i].path, '/') + 1;

		if (!link_copy(place, &files[i], before, directory, name))
			r = copy_file(place, &files[i], directory, name);
	}
	return r == 0 && fsync(directory) < 0 ? -errno : r;
}

/* The rights of the directory that the files are from. */
static int give_directory(const struct place *place, const struct state_file *files,
			  size_t count, int directory)
{
	struct file_access access = { .mode = 0700, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	const char *name;
	struct stat st;

	if (count > 0) {
		cleanup_close int source = file_open_folder_of(files[0].path, &name);

		if (source < 0 || fstat(source, &st) < 0)
			return -ESTALE;
		access = access_like(place, &st, 0700);
	}
	if (access.gid != (gid_t)-1 && fchown(directory, (uid_t)-1, access.gid) < 0 &&
	    access.gid != getegid())
		access.mode &= ~(mode_t)S_IRWXG;
	if (access.uid != (uid_t)-1 && fchown(directory, access.uid, (gid_t)-1) < 0)
		return -errno;
	return fchmod(directory, access.mode) < 0 ? -errno : 0;
}

/* The old one, of whatever kind, stands at made afterwards, if there was one. */
static int exchange(const struct place *place)
{
	int folder = place->folder, r;

	if (renameat2(folder, place->made, folder, place->name, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* None is there, or this file system cannot do it at once. */
	r = remove_at(folder, place->name);
	if (r == 0 && renameat(folder, place->made, folder, place->name) < 0)
		r = -errno;
	return r;
}

static int make_directory(const struct place *place)
{
	int r = remove_at(place->folder, place->made), fd;

	if (r == 0 && mkdirat(place->folder, place->made, 0700) < 0)
		r = -errno;
	if (r < 0)
		return r;
	fd = openat(place->folder, place->made,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int copy_directory(const struct place *place, const struct state_file *files,
			  size_t count)
{
	cleanup_close int directory = make_directory(place);
	int r = directory < 0 ? directory : 0, removed;

	if (r == 0)
		r = fill_directory(place, files, count, directory);
	if (r == 0)
		r = give_directory(place, files, count, directory);
	if (r == 0)
		r = exchange(place);
	if (r == 0 && fsync(place->folder) < 0)
		r = -errno;
	removed = remove_at(place->folder, place->made);
	return r < 0 ? r : removed;
}

static int copy_state(const struct place *place, const struct state_file *files,
		      size_t count, bool is_directory)
{
	int r;

	if (is_directory)
		return copy_directory(place, files, count);
	r = copy_file(place, &files[0], place->folder, place->name);
	if (r != -EISDIR)
		return r;
	/* The state was a directory before. */
	r = remove_at(place->folder, place->name);
	return r < 0 ? r : copy_file(place, &files[0], place->folder, place->name);
}

int state_copy(struct state_file *files, size_t count, bool is_directory,
	       const char *target, struct err *err)
{
	cleanup_place struct place place = { .folder = -1 };
	int r = open_place(target, &place);

	if (r >= 0)
		r = copy_state(&place, files, count, is_directory);
	for (size_t i = 0; i < count; i++)
		files[i].copied = r == 0 && is_directory ? files[i].content : 0;
	return r < 0 ? err_errno(err, -r, "%s", target) : 0;
}
