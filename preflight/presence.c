/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/presence.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "preflight/builtin.h"
#include "preflight/module_name.h"
#include "preflight/proc_modules.h"

/*
 * A path in /proc that only this module provides, and one that exists whenever /proc is
 * visible.
 */
static const struct {
	const char *module;
	const char *path;
	const char *neighbour;
} shown_by[] = {
	{ "ip_vs", "proc/net/ip_vs", "proc/net/dev" },
	{ "nf_conntrack", "proc/sys/net/netfilter/nf_conntrack_max",
	  "proc/sys/net/ipv4" },
};

static enum presence explain_presence(char why[static PRESENCE_WHY],
				      enum presence presence, const char *text)
{
	snprintf(why, PRESENCE_WHY, "%s", text);
	return presence;
}

static enum presence from_proc(enum proc_module_state state, char *why)
{
	switch (state) {
	case PROC_MODULE_LIVE:
		return explain_presence(why, PRESENCE_LIVE, "Live in /proc/modules");
	case PROC_MODULE_LOADING:
		return explain_presence(why, PRESENCE_LOADING,
					"still Loading in /proc/modules");
	case PROC_MODULE_UNLOADING:
		return explain_presence(why, PRESENCE_UNLOADING,
					"Unloading in /proc/modules");
	default:
		return explain_presence(why, PRESENCE_MISSING, "not in /proc/modules");
	}
}

/* In sysfs a loaded module has a file initstate; a built-in one does not. */
static enum presence from_sysfs(const struct system *system, const char *name,
				bool proc_hidden, char *why)
{
	char path[256], state[16];

	snprintf(path, sizeof(path), "sys/module/%s", name);
	if (!system_is_directory(system, path))
		return PRESENCE_MISSING;
	snprintf(path, sizeof(path), "sys/module/%s/initstate", name);
	if (system_read_line(system, path, state, sizeof(state)) < 0)
		return explain_presence(why, PRESENCE_BUILTIN,
					"built in: in /sys/module");
	if (!proc_hidden)
		return PRESENCE_MISSING;
	if (strcmp(state, "live") == 0)
		return explain_presence(why, PRESENCE_LIVE, "live in /sys/module");
	if (strcmp(state, "coming") == 0)
		return explain_presence(why, PRESENCE_LOADING,
					"still coming in /sys/module");
	return explain_presence(why, PRESENCE_UNLOADING, "going in /sys/module");
}

static enum presence from_what_is_shown(const struct system *system, const char *name,
					bool proc_hidden, char *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(shown_by); i++) {
		if (strcmp(shown_by[i].module, name) != 0)
			continue;
		if (system_exists(system, shown_by[i].path)) {
			snprintf(why, PRESENCE_WHY, "%s: the kernel shows /%s",
				 proc_hidden ? "there" : "built in", shown_by[i].path);
			return proc_hidden ? PRESENCE_SHOWN : PRESENCE_BUILTIN;
		}
		if (system_exists(system, shown_by[i].neighbour)) {
			snprintf(why, PRESENCE_WHY, "the kernel does not show /%s",
				 shown_by[i].path);
			return PRESENCE_MISSING;
		}
	}
	return PRESENCE_UNKNOWN;
}

/*
 * Without modules.builtin: a part of IPVS can be built in only if ip_vs is
 * (net/netfilter/ipvs/Kconfig), so ip_vs often decides.
 */
static enum presence without_list(const struct system *system, const char *name,
				  bool proc_hidden, char *why)
{
	char parent_why[PRESENCE_WHY];
	enum presence presence;

	presence = from_what_is_shown(system, name, proc_hidden, why);
	if (presence != PRESENCE_UNKNOWN)
		return presence;
	if (strncmp(name, "ip_vs_", 6) == 0) {
		presence = presence_look(system, "ip_vs", parent_why);
		if (presence == PRESENCE_LIVE || presence == PRESENCE_MISSING) {
			snprintf(why, PRESENCE_WHY,
				 "not loaded, and ip_vs is not built in");
			return PRESENCE_MISSING;
		}
	}
	snprintf(
		why, PRESENCE_WHY,
		"not loaded, and /lib/modules/%s/modules.builtin is missing: it may be built in",
		system->release);
	return PRESENCE_UNKNOWN;
}

static enum presence with_proc_hidden(const struct system *system, const char *name,
				      enum builtin_answer builtin, char *why)
{
	enum presence presence;

	if (!system_is_directory(system, "sys/module/kernel")) {
		presence = from_what_is_shown(system, name, true, why);
		if (presence == PRESENCE_SHOWN)
			return presence;
		return explain_presence(why, PRESENCE_UNKNOWN,
					"/proc/modules and /sys/module are hidden");
	}
	presence = from_sysfs(system, name, true, why);
	if (presence != PRESENCE_MISSING)
		return presence;
	if (builtin == BUILTIN_NO)
		return explain_presence(
			why, PRESENCE_MISSING,
			"neither in /sys/module nor built in (/proc/modules is hidden)");
	return without_list(system, name, true, why);
}

enum presence presence_look(const struct system *system, const char *name,
			    char why[static PRESENCE_WHY])
{
	cleanup_free char *modules = NULL;
	enum builtin_answer builtin;
	enum presence presence;
	bool hidden = system_read(system, "proc/modules", &modules) < 0;

	if (!hidden) {
		presence = from_proc(proc_modules_find(modules, name), why);
		if (presence != PRESENCE_MISSING)
			return presence;
	}
	builtin = builtin_find(system, system->release, name);
	if (builtin == BUILTIN_YES)
		return explain_presence(why, PRESENCE_BUILTIN,
					"built in: in modules.builtin");
	if (hidden)
		return with_proc_hidden(system, name, builtin, why);
	if (builtin == BUILTIN_NO)
		return explain_presence(why, PRESENCE_MISSING,
					"neither in /proc/modules nor built in");
	presence = from_sysfs(system, name, false, why);
	if (presence != PRESENCE_MISSING)
		return presence;
	return without_list(system, name, false, why);
}

enum presence presence_wait(const struct system *system, const char *name, uint64_t usec,
			    char why[static PRESENCE_WHY])
{
	const struct timespec step = { .tv_nsec = 20 * 1000 * 1000 };

	for (uint64_t waited = 0;; waited += 20 * 1000) {
		enum presence presence = presence_look(system, name, why);

		if (presence != PRESENCE_LOADING && presence != PRESENCE_UNLOADING)
			return presence;
		if (waited >= usec)
			return presence;
		nanosleep(&step, NULL);
	}
}

bool presence_usable(enum presence presence)
{
	return presence == PRESENCE_LIVE || presence == PRESENCE_BUILTIN ||
	       presence == PRESENCE_SHOWN;
}

const char *presence_name(enum presence presence)
{
	static const char *const names[] = {
		[PRESENCE_UNKNOWN] = "unknown",	    [PRESENCE_MISSING] = "missing",
		[PRESENCE_LIVE] = "live",	    [PRESENCE_BUILTIN] = "builtin",
		[PRESENCE_SHOWN] = "shown",	    [PRESENCE_LOADING] = "loading",
		[PRESENCE_UNLOADING] = "unloading",
	};

	return names[presence];
}
