/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/scheduler.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

enum { MODULE_LIST_MAX = 4 * 1024 * 1024, NAME_ROOM = 128 };

bool scheduler_autoload_is_dangerous(const char *scheduler)
{
	return strcmp(scheduler, "lblc") == 0 || strcmp(scheduler, "lblcr") == 0;
}

/*
 * Finds "\nNAME " in a text that may also begin with it, and returns the rest of the
 * line.
 */
static const char *find_line(const char *text, const char *name)
{
	size_t length = strlen(name);

	while (text && *text) {
		if (strncmp(text, name, length) == 0 && text[length] == ' ')
			return text + length;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

enum module_presence { MODULE_ABSENT, MODULE_LOADING, MODULE_LIVE };

static enum module_presence presence(const char *module)
{
	cleanup_free char *text = NULL;
	char line[512];
	const char *rest;
	size_t length;

	if (file_read("/proc/modules", MODULE_LIST_MAX, &text, &length, NULL) < 0)
		return MODULE_ABSENT;
	rest = find_line(text, module);
	if (!rest)
		return MODULE_ABSENT;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(rest, "\n"), rest);
	return strstr(line, " Live") ? MODULE_LIVE : MODULE_LOADING;
}

static bool is_built_in(const char *module)
{
	cleanup_free char *text = NULL;
	char path[512], entry[NAME_ROOM + 8];
	struct utsname uts;
	size_t length;

	if (uname(&uts) < 0)
		return false;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", uts.release);
	if (file_read(path, MODULE_LIST_MAX, &text, &length, NULL) < 0)
		return false;
	snprintf(entry, sizeof(entry), "/%s.ko\n", module);
	return strstr(text, entry) != NULL;
}

/* The kernel writes every module's name with underscores. */
static void name_module(const char *scheduler, char module[static NAME_ROOM])
{
	snprintf(module, NAME_ROOM, "ip_vs_%s", scheduler);
	for (char *dash = strchr(module, '-'); dash; dash = strchr(dash, '-'))
		*dash = '_';
}

bool scheduler_is_loaded(const char *scheduler)
{
	char module[NAME_ROOM], sysctl[NAME_ROOM + 64];
	enum module_presence present;

	name_module(scheduler, module);
	present = presence(module);
	if (present != MODULE_ABSENT)
		return present == MODULE_LIVE;
	/*
	 * A built-in lblc or lblcr shows in its sysctl, also where no module tree is to
	 * be seen.
	 */
	snprintf(sysctl, sizeof(sysctl), "/proc/sys/net/ipv4/vs/%s_expiration",
		 scheduler);
	return access(sysctl, F_OK) == 0 || is_built_in(module);
}

bool scheduler_is_missing(const char *scheduler)
{
	cleanup_free char *text = NULL;
	char module[NAME_ROOM], path[512], entry[NAME_ROOM + 8];
	struct utsname uts;
	size_t length;

	name_module(scheduler, module);
	if (presence(module) != MODULE_ABSENT || scheduler_is_loaded(scheduler) ||
	    uname(&uts) < 0)
		return false;
	/* "kernel/net/netfilter/ipvs/ip_vs_rr.ko.xz: …" */
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", uts.release);
	if (file_read(path, MODULE_LIST_MAX, &text, &length, NULL) < 0)
		return false;
	snprintf(entry, sizeof(entry), "/%s.ko", module);
	return !strstr(text, entry);
}
