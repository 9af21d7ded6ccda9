/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/autoload.h"

#include <errno.h>

static const char modules_disabled[] = "proc/sys/kernel/modules_disabled";

bool loading_is_locked(const struct system *system)
{
	uint64_t disabled;

	return system_read_u64(system, modules_disabled, &disabled) == 0 && disabled == 1;
}

bool autoload_is_off(const struct system *system)
{
	char modprobe[8];
	uint64_t disabled;

	/* kernel/module/main.c: a kernel with loadable modules has this file. */
	if (system_read_u64(system, modules_disabled, &disabled) == -ENOENT &&
	    system_exists(system, "proc/sys/kernel/osrelease"))
		return true;
	if (loading_is_locked(system))
		return true;
	return system_read_line(system, "proc/sys/kernel/modprobe", modprobe,
				sizeof(modprobe)) == 0 &&
	       modprobe[0] == '\0';
}
