/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/process_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/parse.h"
#include "common/process_names.h"

/*
 * The one hierarchy of version 2 (cgroups(7)); cgroup.procs of each group has its
 * processes.
 */
static const char cgroups[] = "/sys/fs/cgroup";
enum { DEPTH_MAX = 16 };

struct search {
	const char *name;
	struct process_names *names; /* asked for the first name that /proc hides */
	bool asked;
	pid_t found;
};

/* --- one process --- */

static int read_name(uint32_t pid, char name[static PROCESS_NAME])
{
	char path[40];
	cleanup_close int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, name, PROCESS_NAME - 1);
	if (length < 0)
		return -errno;
	name[length] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return 0;
}

static int hidden_name(struct search *search, uint32_t pid,
		       char name[static PROCESS_NAME])
{
	if (!search->asked)
		search->names = process_names_new();
	search->asked = true;
	return search->names ? process_names_get(search->names, pid, name) : -EACCES;
}

static void look_at(struct search *search, uint32_t pid)
{
	char name[PROCESS_NAME];

	if ((read_name(pid, name) == 0 || hidden_name(search, pid, name) == 0) &&
	    strcmp(name, search->name) == 0)
		search->found = (pid_t)pid;
}

/* --- all processes --- */

static void look_at_proc(struct search *search)
{
	cleanup_dir DIR *proc = opendir("/proc");
	const struct dirent *entry;
	uint32_t pid;

	while (search->found == 0 && proc && (entry = readdir(proc))) {
		if (parse_u32(entry->d_name, 1, INT32_MAX, &pid) == 0)
			look_at(search, pid);
	}
}

static void look_at_members(struct search *search, int group)
{
	int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	cleanup_file FILE *members = fd >= 0 ? fdopen(fd, "r") : NULL;
	char line[16];
	uint32_t pid;

	if (fd >= 0 && !members)
		close(fd);
	while (search->found == 0 && members && fgets(line, sizeof(line), members)) {
		line[strcspn(line, "\n")] = '\0';
		if (parse_u32(line, 1, INT32_MAX, &pid) == 0)
			look_at(search, pid);
	}
}

/* The group that fd, which is taken over, is open for, and all below it. */
static void look_at_group(struct search *search, int fd, int depth)
{
	cleanup_dir DIR *group = fdopendir(fd);
	const struct dirent *entry;

	if (!group) {
		close(fd);
		return;
	}
	look_at_members(search, fd);
	while (search->found == 0 && depth < DEPTH_MAX && (entry = readdir(group))) {
		int below;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			look_at_group(search, below, depth + 1);
	}
}

static void look_at_cgroups(struct search *search)
{
	int fd = open(cgroups, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		look_at_group(search, fd, 0);
}

static void end(const struct search *search)
{
	if (search->names)
		process_names_free(search->names);
}

pid_t process_find(const char *name)
{
	struct search search = { .name = name };

	/* Everybody sees the first process, or it is hidden. */
	if (access("/proc/1", F_OK) == 0)
		look_at_proc(&search);
	else
		look_at_cgroups(&search);
	end(&search);
	return search.found;
}

bool process_has_name(pid_t pid, const char *name)
{
	struct search search = { .name = name };

	look_at(&search, (uint32_t)pid);
	end(&search);
	return search.found != 0;
}
