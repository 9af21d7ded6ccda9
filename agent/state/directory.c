/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/source.h"
#include "common/cleanup.h"

static bool is_state_file_name(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".json") == 0;
}

static int add_entry(struct directory *directory, const char *name)
{
	struct directory_entry *grown;

	if (directory->count == DIRECTORY_FILES_MAX)
		return -E2BIG;
	if (directory->count == directory->room) {
		size_t room = directory->room ? directory->room * 2 : 16;

		grown = reallocarray(directory->entries, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		directory->entries = grown;
		directory->room = room;
	}
	grown = &directory->entries[directory->count];
	*grown = (struct directory_entry){ .name = strdup(name) };
	if (!grown->name)
		return -ENOMEM;
	directory->count++;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct directory_entry *left = a, *right = b;

	return strcmp(left->name, right->name);
}

int directory_list(struct directory *directory)
{
	/* An open file description of its own: the position in the listing is part of it. */
	cleanup_close int fd =
		openat(directory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	int r = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd); /* closedir() closes it */
	errno = 0;
	while (r == 0 && (entry = readdir(dir))) {
		if (is_state_file_name(entry->d_name))
			r = add_entry(directory, entry->d_name);
		errno = 0;
	}
	if (r == 0)
		r = -errno;
	if (r == 0 && directory->count > 1)
		qsort(directory->entries, directory->count, sizeof(*directory->entries),
		      compare_entries);
	return r;
}

bool directory_has_link(const struct directory *directory,
			const struct directory_entry *entry)
{
	struct stat st;

	return fstatat(directory->fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(st.st_mode);
}

bool directory_unchanged(const struct directory *directory)
{
	struct directory now = { .path = directory->path, .fd = directory->fd };
	bool same = directory_list(&now) == 0 && now.count == directory->count;

	for (size_t i = 0; same && i < now.count; i++) {
		const struct directory_entry *entry = &directory->entries[i];
		struct stat st;

		same = strcmp(entry->name, now.entries[i].name) == 0;
		if (same && entry->seen)
			same = fstatat(directory->fd, entry->name, &st, 0) == 0 &&
			       source_same_file(&entry->stat, &st);
	}
	directory_clear(&now);
	return same;
}

void directory_clear(struct directory *directory)
{
	for (size_t i = 0; i < directory->count; i++)
		free(directory->entries[i].name);
	free(directory->entries);
	directory->entries = NULL;
	directory->count = directory->room = 0;
}
