/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/root_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As in the kernel: MAXSYMLINKS. */
enum { LINKS_MAX = 40 };

struct walk {
	char *resolved;	     /* so far, without a slash at its end */
	size_t root;	     /* the length of the root in it */
	char left[PATH_MAX]; /* the remaining path */
	int links;
};

static void go_up(struct walk *walk)
{
	char *slash = strrchr(walk->resolved + walk->root, '/');

	if (slash)
		*slash = '\0';
}

/* Puts the link's target in front of the remaining path. */
static int follow_link(struct walk *walk, const char *target)
{
	char left[PATH_MAX];

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (snprintf(left, sizeof(left), "%s/%s", target, walk->left) >=
	    (int)sizeof(left))
		return -ENAMETOOLONG;
	if (target[0] == '/')
		walk->resolved[walk->root] = '\0';
	else
		go_up(walk);
	memcpy(walk->left, left, sizeof(left));
	return 0;
}

static int enter(struct walk *walk, const char *name)
{
	size_t used = strlen(walk->resolved);
	char target[PATH_MAX];
	ssize_t n;

	if (snprintf(walk->resolved + used, PATH_MAX - used, "/%s", name) >=
	    (int)(PATH_MAX - used))
		return -ENAMETOOLONG;
	n = readlink(walk->resolved, target, sizeof(target) - 1);
	if (n < 0)
		return 0;
	target[n] = '\0';
	return follow_link(walk, target);
}

int root_path_resolve(const char *root, const char *path, char resolved[static PATH_MAX])
{
	struct walk walk = { .resolved = resolved, .root = strlen(root) };
	int r = 0;

	if (walk.root >= PATH_MAX || strlen(path) >= sizeof(walk.left))
		return -ENAMETOOLONG;
	memcpy(resolved, root, walk.root + 1);
	memcpy(walk.left, path, strlen(path) + 1);
	while (r == 0 && walk.left[0] != '\0') {
		size_t skip = strspn(walk.left, "/");
		size_t length = strcspn(walk.left + skip, "/");
		char name[PATH_MAX];

		snprintf(name, sizeof(name), "%.*s", (int)length, walk.left + skip);
		memmove(walk.left, walk.left + skip + length,
			strlen(walk.left + skip + length) + 1);
		if (strcmp(name, "..") == 0)
			go_up(&walk);
		else if (name[0] != '\0' && strcmp(name, ".") != 0)
			r = enter(&walk, name);
	}
	return r;
}
