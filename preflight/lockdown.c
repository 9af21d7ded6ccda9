/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/lockdown.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int lockdown_mode(const struct system *system, char *mode, size_t size)
{
	char line[128], *start, *end;
	int r;

	r = system_read_line(system, "sys/kernel/security/lockdown", line, sizeof(line));
	if (r < 0)
		return r;
	/* "none [integrity] confidentiality" */
	start = strchr(line, '[');
	end = start ? strchr(start, ']') : NULL;
	if (!end)
		return -EINVAL;
	*end = '\0';
	snprintf(mode, size, "%s", start + 1);
	return 0;
}
