/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/daemon_user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent/state/link_target.h"
#include "common/cleanup.h"

static const char user_name[] = "ipvs-node";

enum { READABLE = 0, UNREADABLE = 1, UNKNOWN = 2, GROUPS_MAX = 64 };

struct daemon_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	size_t group_count;
};

/* Reads the files: the user is local, and a name service may need the network. */
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

static int is_state_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".json") == 0;
}

/* Runs in a process that has become that user. */
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
		cleanup_free char *file = NULL;

		if (!is_state_file(entry))
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

static int check_place(const struct daemon_user *user, const char *path,
		       struct notes *notes)
{
	cleanup_free char *real = realpath(path, NULL);
	const char *name = real ? real : path;

	if (real && path_is_hidden(real))
		return notes_warn(
			notes,
			"%s: ipvs-agent.service cannot see it: its sandbox hides /root, /home, /run/user, /tmp and /var/tmp",
			name);
	if (try_as(user, path) != UNREADABLE)
		return 0;
	return notes_warn(
		notes,
		"%s: user %s, who runs ipvs-agent.service, cannot read all of it: give group %s the right to read it and to search the folders on the way",
		name, user_name, user_name);
}

static bool has_group(const struct daemon_user *user, gid_t gid)
{
	for (size_t i = 0; i < user->group_count; i++) {
		if (user->groups[i] == gid)
			return true;
	}
	return user->gid == gid;
}

/*
 * Judges by the mode. If there is an access control list, it is assumed to allow reading.
 */
static bool mode_allows(const char *path, const struct stat *st,
			const struct daemon_user *user)
{
	mode_t wanted = S_ISDIR(st->st_mode) ? 5 : 4, given = st->st_mode;

	if (st->st_uid == user->uid)
		given >>= 6;
	else if (has_group(user, st->st_gid))
		given >>= 3;
	return (given & wanted) == wanted ||
	       getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

/* *refused: whether it added a warning. */
static int check_mode(const struct daemon_user *user, const char *path,
		      struct notes *notes, bool *refused)
{
	struct stat st;

	*refused = stat(path, &st) == 0 && !mode_allows(path, &st, user);
	if (!*refused)
		return 0;
	return notes_warn(
		notes,
		"%s cannot be read by %s, the daemon's user: give it the group (chgrp %s) and let that read it (chmod g+r; its folders g+rx)",
		path, user_name, user_name);
}

static int check_modes(const struct daemon_user *user, const char *path,
		       struct notes *notes)
{
	struct dirent **entries = NULL;
	bool refused;
	int r = check_mode(user, path, notes, &refused), count = 0;

	/* If the folder cannot be read, its files get no warnings of their own. */
	if (r == 0 && !refused)
		count = scandir(path, &entries, is_state_file, alphasort);
	for (int i = 0; i < count; i++) {
		cleanup_free char *file = NULL;

		if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			r = -ENOMEM;
		if (r == 0)
			r = check_mode(user, file, notes, &refused);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int daemon_user_check(const char *path, bool in_place, struct notes *notes)
{
	struct daemon_user user = { 0 };

	if (geteuid() != 0 || !find_user(&user))
		return 0;
	find_groups(&user);
	return in_place ? check_place(&user, path, notes)
			: check_modes(&user, path, notes);
}
