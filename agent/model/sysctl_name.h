/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <net/if.h>
#include <stdbool.h>

/*
 * What a sysctl's name says of its place: net.ipv4.conf.LINK.forwarding is of one link, and "all" and
 * "default" in the link's place are of more than one. Writing one of those can change those of links
 * (devinet.c, addrconf.c, neighbour.c), so they are written in the order of their rank.
 */
enum sysctl_rank {
	SYSCTL_GLOBAL,	  /* "all", and what has no link in its name */
	SYSCTL_REDIRECTS, /* net.ipv4.conf.all.accept_redirects, which forwarding turns */
	SYSCTL_DEFAULT,
	SYSCTL_LINK,
	SYSCTL_RANKS
};

enum sysctl_rank sysctl_rank(const char *name);

/* Whether the kernel may change the second's value when the first is written. */
bool sysctl_turns(const char *name, const char *other);

/* The link that the sysctl is of, as the kernel names it; false where it is of none. */
bool sysctl_link(const char *name, char link[static IF_NAMESIZE]);
