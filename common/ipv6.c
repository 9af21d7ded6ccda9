/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/ipv6.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int look_for(const char *root, const char *family)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/proc/sys/net/%s", root, family);
	return access(path, F_OK) < 0 ? -errno : 0;
}

bool ipv6_is_off(const char *root)
{
	return look_for(root, "ipv6") == -ENOENT && look_for(root, "ipv4") == 0;
}
