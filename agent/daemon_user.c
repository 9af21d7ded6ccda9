/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon_user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/state/link_target.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"

static const char user_name[] = "ipvs-node";

enum { READABLE = 0, UNREADABLE = 1, UNKNOWN = 2, GROUPS_MAX = 64 };

struct daemon_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	size_t group_count;
};

/* From the files: the user is local, and a name service may need the network. */
static bool find_user(struct daemon_user *user)
{
	cleanup_file FILE *passwd = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (passwd && (entry = fgetpwent(passwd))) {
		if (strcmp(entry->pw_name, user_name) != 0)
			continue;
		user->uid = entry->pw_uid;
		user->gid = entry->pw_gid;
		return true;
	}
	return false;
}

static void find_groups(struct daemon_user *user)
{
	cleanup_file FILE *group = fopen("/etc/group", "re");
	const struct group *entry;

	while (group && (entry = fgetgrent(group)) && user->group_count < GROUPS_MAX) {
		for (char **member = entry->gr_mem; *member; member++) {
			if (strcmp(*member, user_name) != 0)
				continue;
			user->groups[user->group_count++] = entry->gr_gid;
			break;
		}
	}
}

/* In a process that has become that user. */
static bool can_read(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 || (errno != EACCES && errno != EPERM);
}

static int try_reading(const char *path)
{
	cleanup_dir DIR *directory = NULL;
	const struct dirent *entry;

	if (!can_read(path))
		return UNREADABLE;
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);
		cleanup_free char *file = NULL;

		if (length <= 5 || entry->d_name[0] == '.' ||
		    strcmp(entry->d_name + length - 5, ".json") != 0)
			continue;
		if (asprintf(&file, "%s/%s", path, entry->d_name) >= 0 && !can_read(file))
			return UNREADABLE;
	}
	return READABLE;
}

static int try_as(const struct daemon_user *user, const char *path)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (setgroups(user->group_count, user->groups) < 0 ||
		    setgid(user->gid) < 0 || setuid(user->uid) < 0)
			_exit(UNKNOWN);
		_exit(try_reading(path));
	}
	if (pid < 0)
		return UNKNOWN;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return UNKNOWN;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : UNKNOWN;
}

void daemon_user_check(const char *state_path)
{
	struct daemon_user user = { 0 };
	cleanup_free char *real = NULL, *name = NULL;

	if (geteuid() != 0 || !find_user(&user))
		return;
	find_groups(&user);
	real = realpath(state_path, NULL);
	name = strdup(real ? real : state_path);
	if (!name)
		return;
	printable_make(name);
	if (real && path_is_hidden(real))
		log_warning(
			"%s: ipvs-agent.service cannot see it: its sandbox hides /root, /home, /run/user, /tmp and /var/tmp",
			name);
	else if (try_as(&user, state_path) == UNREADABLE)
		log_warning(
			"%s: user %s, who runs ipvs-agent.service, cannot read all of it: give group %s the right to read it and to search the folders on the way",
			name, user_name, user_name);
}
