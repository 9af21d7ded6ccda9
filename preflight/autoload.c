/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/autoload.h"

#include <errno.h>

bool autoload_is_off(const struct system *system)
{
	char modprobe[8];
	uint64_t disabled = 0;
	int r = system_read_u64(system, "proc/sys/kernel/modules_disabled", &disabled);

	/* kernel/module/main.c: a kernel with loadable modules has the file. */
	if (r == -ENOENT && system_exists(system, "proc/sys/kernel/osrelease"))
		return true;
	if (r == 0 && disabled == 1)
		return true;
	return system_read_line(system, "proc/sys/kernel/modprobe", modprobe,
				sizeof(modprobe)) == 0 &&
	       modprobe[0] == '\0';
}
