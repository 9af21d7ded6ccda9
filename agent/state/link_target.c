/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/link_target.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/notify.h"

static bool read_link(const char *path, char target[static PATH_MAX])
{
	ssize_t n = readlink(path, target, PATH_MAX - 1);

	if (n >= 0)
		target[n] = '\0';
	return n >= 0;
}

/* The path itself, or the last link on the way to it; false where there is none to be seen. */
static bool find_link(const char *path, char link[static PATH_MAX],
		      char target[static PATH_MAX])
{
	int n = snprintf(link, PATH_MAX, "%s", path);
	char *slash = link;

	if (n < 0 || n >= PATH_MAX)
		return false;
	while (!read_link(link, target)) {
		slash = strrchr(link, '/');
		if (!slash || slash == link)
			return false;
		*slash = '\0';
	}
	return true;
}

bool path_is_hidden(const char *path)
{
	static const char *const hidden[] = { "/root", "/home", "/run/user", "/tmp",
					      "/var/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		size_t length = strlen(hidden[i]);

		if (strncmp(path, hidden[i], length) == 0 &&
		    (path[length] == '/' || path[length] == '\0'))
			return true;
	}
	return false;
}

const char *link_target_words(const char *path, char words[static LINK_WORDS])
{
	char link[PATH_MAX], target[PATH_MAX];
	bool found = find_link(path, link, target);
	size_t used = 0;

	words[0] = '\0';
	if (found && strcmp(link, path) == 0)
		used = (size_t)snprintf(words, LINK_WORDS, ": it is a link to %s",
					target);
	else if (found)
		used = (size_t)snprintf(words, LINK_WORDS, ": %s is a link to %s", link,
					target);
	if (notify_enabled() && path_is_hidden(found ? target : path))
		snprintf(
			words + used, LINK_WORDS - used,
			"%s the unit's sandbox hides /root, /home, /run/user, /tmp and /var/tmp (ProtectHome=, PrivateTmp=): keep the state elsewhere, as in /etc/ipvs-node",
			found ? ";" : ":");
	return words;
}
