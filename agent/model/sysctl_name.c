/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/sysctl_name.h"

#include <stddef.h>
#include <string.h>

#include "agent/model/globals.h"
#include "common/macro.h"

/* "net.ipv4.conf.eth0/1.rp_filter" in its parts; those of links have a table, a place and a leaf. */
struct parts {
	size_t table; /* the length of "net.ipv4.conf" */
	const char *place;
	size_t place_length;
	const char *leaf;
};

static const char *const tables[] = { "net.ipv4.conf.", "net.ipv6.conf.",
				      "net.ipv4.neigh.", "net.ipv6.neigh.",
				      "net.mpls.conf." };

static bool split(const char *name, struct parts *parts)
{
	/* The kernel's second name of it (devinet.c: ctl_forward_entry). */
	if (strcmp(name, GLOBALS_FORWARDING_SYSCTL) == 0)
		name = "net.ipv4.conf.all.forwarding";
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		size_t length = strlen(tables[i]);

		if (strncmp(name, tables[i], length) != 0)
			continue;
		*parts = (struct parts){ .table = i, .place = name + length };
		parts->place_length = strcspn(parts->place, ".");
		if (parts->place[parts->place_length] != '.')
			return false;
		parts->leaf = parts->place + parts->place_length + 1;
		return true;
	}
	return false;
}

static bool is_at(const struct parts *parts, const char *place)
{
	return strlen(place) == parts->place_length &&
	       strncmp(parts->place, place, parts->place_length) == 0;
}

static enum sysctl_rank rank_of(const struct parts *parts)
{
	if (is_at(parts, "all"))
		return SYSCTL_GLOBAL;
	return is_at(parts, "default") ? SYSCTL_DEFAULT : SYSCTL_LINK;
}

enum sysctl_rank sysctl_rank(const char *name)
{
	struct parts parts;

	if (strcmp(name, GLOBALS_REDIRECTS_SYSCTL) == 0)
		return SYSCTL_REDIRECTS;
	return split(name, &parts) ? rank_of(&parts) : SYSCTL_GLOBAL;
}

/* Those of "all" that the kernel sets for each link, and for "default" (addrconf.c, devinet.c). */
static bool spreads(const char *leaf)
{
	return strcmp(leaf, "forwarding") == 0 || strcmp(leaf, "disable_ipv6") == 0 ||
	       strcmp(leaf, "ignore_routes_with_linkdown") == 0;
}

bool sysctl_turns(const char *name, const char *other)
{
	struct parts from, to;

	if (!split(name, &from) || !split(other, &to) || from.table != to.table)
		return false;
	if (strcmp(other, GLOBALS_REDIRECTS_SYSCTL) == 0)
		return is_at(&from, "all") && strcmp(from.leaf, "forwarding") == 0;
	if (strcmp(from.leaf, to.leaf) != 0 || rank_of(&from) >= rank_of(&to))
		return false;
	return rank_of(&from) == SYSCTL_DEFAULT || spreads(from.leaf);
}

bool sysctl_link(const char *name, char link[static IF_NAMESIZE])
{
	struct parts parts;

	if (!split(name, &parts) || rank_of(&parts) != SYSCTL_LINK ||
	    parts.place_length == 0 || parts.place_length >= IF_NAMESIZE)
		return false;
	/* In sysctl(8)'s writing a slash stands for a dot within a name. */
	for (size_t i = 0; i < parts.place_length; i++)
		link[i] = parts.place[i] == '/' ? '.' : parts.place[i];
	link[parts.place_length] = '\0';
	return true;
}
