/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/router_advertisement.h"

#include <linux/ipv6_route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/sysctl.h"
#include "common/cleanup.h"

enum { SYSCTL_NAME_ROOM = 64 };

/*
 * Destination and its prefix, source and its prefix, gateway, metric, uses, users, flags,
 * link.
 */
static bool takes_apart(const char *line, unsigned int *flags,
			char link[static IF_NAMESIZE])
{
	return sscanf(line, "%*32s %*x %*32s %*x %*32s %*x %*x %*x %x %15s", flags,
		      link) == 2;
}

/* Dots in a link's name are slashes in a sysctl's. */
static bool keeps_routes(const char *link)
{
	char name[SYSCTL_NAME_ROOM], part[IF_NAMESIZE];
	cleanup_free char *value = NULL;

	snprintf(part, sizeof(part), "%s", link);
	for (char *p = part; *p; p++) {
		if (*p == '.')
			*p = '/';
	}
	snprintf(name, sizeof(name), "net.ipv6.conf.%s.accept_ra", part);
	return sysctl_read(name, &value, NULL) == 0 && strcmp(value, "2") == 0;
}

bool router_advertisement_would_go(char link[static IF_NAMESIZE])
{
	enum { LEARNT = RTF_DEFAULT | RTF_ADDRCONF };
	FILE *routes = fopen("/proc/net/ipv6_route", "re");
	char line[256];
	bool found = false;

	if (!routes)
		return false;
	while (!found && fgets(line, sizeof(line), routes)) {
		unsigned int flags;

		found = takes_apart(line, &flags, link) && (flags & LEARNT) == LEARNT &&
			!keeps_routes(link);
	}
	(void)fclose(routes);
	return found;
}
