/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state_warnings.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/kernel/scheduler.h"
#include "common/cleanup.h"

static const char daemon_user[] = "ipvs-node";

/* --- schedulers --- */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the services, each scheduler once, in their order. */
static int list_schedulers(const struct table *table, const char ***list, size_t *count)
{
	const char **made = calloc(table->service_count + 1, sizeof(*made));
	size_t n = 0;

	if (!made)
		return -ENOMEM;
	for (size_t i = 0; i < table->service_count; i++)
		made[i] = table->services[i].scheduler;
	qsort(made, table->service_count, sizeof(*made), compare_texts);
	for (size_t i = 0; i < table->service_count; i++) {
		if (n == 0 || strcmp(made[n - 1], made[i]) != 0)
			made[n++] = made[i];
	}
	*list = made;
	*count = n;
	return 0;
}

static int warn_of_schedulers(struct table *table)
{
	cleanup_free const char **list = NULL;
	size_t count = 0, services;
	int r = list_schedulers(table, &list, &count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!scheduler_is_missing(list[i]))
			continue;
		services = 0;
		for (size_t j = 0; j < table->service_count; j++)
			services += strcmp(table->services[j].scheduler, list[i]) == 0;
		r = notes_warn(
			&table->notes,
			"scheduler '%s' of %zu service%s is not in this kernel, nor in its module tree: no module ip_vs_%s",
			list[i], services, services == 1 ? "" : "s", list[i]);
	}
	return r;
}

/* --- files --- */

/* In a process of its own, as the user: 0 where it can be read, else the errno. */
static int try_as(const struct passwd *user, const char *path)
{
	int status = 0, fd;
	pid_t pid = fork();

	if (pid == 0) {
		if (initgroups(user->pw_name, user->pw_gid) < 0 ||
		    setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)
			_exit(0);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		_exit(fd < 0 && errno == EACCES ? EACCES : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return 0;
	return WEXITSTATUS(status);
}

static int warn_of_file(const struct passwd *user, const char *path, struct notes *notes)
{
	if (try_as(user, path) != EACCES)
		return 0;
	return notes_warn(
		notes,
		"%s cannot be read by %s, the daemon's user: give it the group (chgrp %s) and let that read it (chmod g+r; its folders g+rx)",
		path, daemon_user, daemon_user);
}

static int is_state_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int warn_of_files(const char *path, struct notes *notes)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(daemon_user) : NULL;
	struct dirent **entries = NULL;
	struct stat st;
	size_t before;
	int count = 0, r;

	if (!user || stat(path, &st) < 0)
		return 0;
	before = notes->warning_count;
	r = warn_of_file(user, path, notes);
	/* What is in a folder that cannot be read is not said again. */
	if (r == 0 && notes->warning_count == before && S_ISDIR(st.st_mode))
		count = scandir(path, &entries, is_state_file, alphasort);
	for (int i = 0; i < count; i++) {
		cleanup_free char *file = NULL;

		if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			r = -ENOMEM;
		if (r == 0)
			r = warn_of_file(user, file, notes);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int state_warnings_add(const char *path, struct table *table)
{
	int r = warn_of_files(path, &table->notes);

	return r < 0 ? r : warn_of_schedulers(table);
}
