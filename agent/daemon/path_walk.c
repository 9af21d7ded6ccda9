/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/path_walk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

enum { LINKS_MAX = 40 }; /* as in the kernel: MAXSYMLINKS, linux/namei.h */

/* done is a real directory ("" for the root); rest is the remaining path from there. */
struct walk {
	char done[PATH_MAX];
	char rest[PATH_MAX];
	unsigned int links;
};

static int append(char path[static PATH_MAX], const char *name)
{
	size_t used = strlen(path);
	int n = snprintf(path + used, PATH_MAX - used, "/%s", name);

	return n < 0 || (size_t)n >= PATH_MAX - used ? -ENAMETOOLONG : 0;
}

/* Takes the first name off rest; false at the end. */
static bool next_name(struct walk *walk, char name[static NAME_MAX + 1])
{
	const char *begin = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(begin, "/");

	if (length == 0)
		return false;
	if (length > NAME_MAX)
		length = NAME_MAX; /* such a name cannot exist; lstat() fails on it */
	memcpy(name, begin, length);
	name[length] = '\0';
	begin += strcspn(begin, "/");
	memmove(walk->rest, begin, strlen(begin) + 1);
	return true;
}

static int follow_link(struct walk *walk, const char *target)
{
	char rest[PATH_MAX];
	int n = snprintf(rest, sizeof(rest), "%s%s", target, walk->rest);

	if (n < 0 || (size_t)n >= sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(walk->rest, rest, (size_t)n + 1);
	if (target[0] == '/')
		walk->done[0] = '\0';
	return ++walk->links > LINKS_MAX ? -ELOOP : 0;
}

/* Looks up one ordinary name; 1 if the walk ends here. */
static int look_up(struct walk *walk, const char *name)
{
	char full[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t n;
	int r;

	memcpy(full, walk->done, sizeof(full));
	r = append(full, name);
	if (r < 0)
		return r;
	if (lstat(full, &st) < 0)
		return 1;
	if (S_ISLNK(st.st_mode)) {
		n = readlink(full, target, sizeof(target) - 1);
		/*
		 * Removed or replaced meanwhile: the watch on the directory reports that.
		 */
		if (n < 0)
			return 1;
		target[n] = '\0';
		return follow_link(walk, target);
	}
	memcpy(walk->done, full, sizeof(full));
	return 0;
}

static void go_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	if (slash)
		*slash = '\0';
}

int path_walk(const char *path, resolution_visit visit, void *context)
{
	struct walk walk = { .done = "" };
	char name[NAME_MAX + 1];
	int n = snprintf(walk.rest, sizeof(walk.rest), "%s", path);

	if (n < 0 || (size_t)n >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	while (next_name(&walk, name)) {
		int r;

		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			go_up(&walk);
			continue;
		}
		r = visit(context, walk.done[0] ? walk.done : "/", name,
			  walk.rest[strspn(walk.rest, "/")] == '\0');
		if (r < 0)
			return r;
		r = look_up(&walk, name);
		if (r == -ELOOP || r == 1)
			return 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int absolute_path(const char *path, char **absolute, struct err *err)
{
	cleanup_free char *directory = NULL;

	if (path[0] == '/') {
		*absolute = strdup(path);
		return *absolute ? 0 : err_errno(err, ENOMEM, "%s", path);
	}
	directory = getcwd(NULL, 0);
	if (!directory)
		return err_errno(err, errno, "the working directory");
	if (asprintf(absolute, "%s/%s", directory, path) < 0)
		return err_errno(err, ENOMEM, "%s", path);
	return 0;
}
