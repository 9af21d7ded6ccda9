/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process and this kernel permit. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "preflight/capability.h"
#include "preflight/checks.h"
#include "preflight/lockdown.h"

/* The inode of the initial one: include/linux/proc_ns.h, PROC_USER_INIT_INO. */
static const ino_t initial_user_namespace = 0xEFFFFFFDU;

/*
 * user_namespaces(7): the initial namespace maps every ID to itself; another one may do
 * so, too. -errno if the map is hidden.
 */
static int in_initial_user_namespace(const struct system *system)
{
	unsigned inside, outside, length;
	char line[64], path[SYSTEM_PATH];
	struct stat st;
	int r;

	if (stat(system_path(system, path, "proc/self/ns/user"), &st) == 0 &&
	    st.st_ino != initial_user_namespace)
		return 0;

	r = system_read_line(system, "proc/self/uid_map", line, sizeof(line));
	if (r < 0)
		return r;
	if (sscanf(line, "%u %u %u", &inside, &outside, &length) != 3)
		return -EINVAL;
	return inside == 0 && outside == 0 && length == 4294967295U;
}

void check_capabilities(const struct inspection *inspection, const char *check,
			struct report *report)
{
	int initial = in_initial_user_namespace(inspection->system);

	if (initial < 0)
		report_cannot_tell(
			report, check,
			"/proc/self/uid_map is hidden: cannot tell whether this is the initial user namespace");
	else if (initial == 0)
		report_error(
			report, check, EPERM,
			"in a user namespace: IPVS asks for CAP_NET_ADMIN in the initial one and refuses everything else");
	if (!capability_effective(CAP_NET_ADMIN))
		report_warning(
			report, check,
			"no CAP_NET_ADMIN: this process could not program the table; the agent must be given it");
}

static size_t modules_not_usable(const struct needs *needs)
{
	size_t count = 0;

	for (size_t i = 0; i < needs->count; i++)
		count += !presence_usable(needs->items[i].presence) &&
			 !needs->items[i].proven;
	return count;
}

void check_modules_disabled(const struct inspection *inspection, const char *check,
			    struct report *report)
{
	uint64_t disabled;
	int r = system_read_u64(inspection->system, "proc/sys/kernel/modules_disabled",
				&disabled);

	/* A kernel without loadable modules does not have this file. */
	if (r == -ENOENT &&
	    system_exists(inspection->system, "proc/sys/kernel/osrelease"))
		report_note(report, check, "this kernel has no loadable modules");
	else if (r < 0)
		report_cannot_tell(report, check,
				   "kernel.modules_disabled cannot be read: %s",
				   strerror(-r));
	else if (disabled != 0)
		report_warning(
			report, check,
			"kernel.modules_disabled is 1: a scheduler that is not loaded now cannot be used before the next boot");
}

void check_lockdown(const struct inspection *inspection, const char *check,
		    struct report *report)
{
	char mode[32];
	size_t missing = modules_not_usable(inspection->needs);
	int r = lockdown_mode(inspection->system, mode, sizeof(mode));

	/*
	 * securityfs is mounted and the kernel has no lockdown. If no module is missing,
	 * it does not matter.
	 */
	if (r == -ENOENT &&
	    (system_exists(inspection->system, "sys/kernel/security/lsm") ||
	     (missing == 0 &&
	      system_is_directory(inspection->system, "sys/kernel/security"))))
		return;
	if (r < 0)
		report_cannot_tell(report, check,
				   "/sys/kernel/security/lockdown cannot be read: %s",
				   strerror(-r));
	else if (strcmp(mode, "none") != 0 && missing > 0)
		report_warning(
			report, check,
			"kernel lockdown (%s): only signed modules can be loaded, and %zu of those needed %s not there",
			mode, missing, missing == 1 ? "is" : "are");
	else if (strcmp(mode, "none") != 0)
		report_note(
			report, check,
			"kernel lockdown (%s): only signed modules can be loaded; all that is needed is there",
			mode);
}
