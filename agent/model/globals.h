/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"

/*
 * What the kernel has once for each network namespace beside the services: timeouts, sync
 * daemons, sysctls. In a wanted table what is absent is not ours and never touched.
 */

/* Seconds; 0: absent (the kernel takes 0 as "leave it", ip_vs_ctl.c: ip_vs_set_timeout). */
struct timeouts {
	uint32_t tcp;
	uint32_t tcp_fin;
	uint32_t udp;
};

/* IP_VS_STATE_MASTER, IP_VS_STATE_BACKUP (linux/ip_vs.h). */
enum sync_role { SYNC_NONE = 0, SYNC_MASTER = 1, SYNC_BACKUP = 2 };

enum {
	SYNC_PORT_DEFAULT = 8848, /* ip_vs_sync.c: IP_VS_SYNC_PORT */
	SYNC_GROUP_DEFAULT =
		0xe0000051,	 /* 224.0.0.81 in host byte order, IP_VS_SYNC_GROUP */
	SYNC_TTL_DEFAULT = 1,	 /* ip_vs_sync.c: start_sync_thread */
	SYNC_LENGTH_MAX = 65507, /* 65535 less IPv4 and UDP headers, start_sync_thread */
	SYNC_LENGTH6_MAX = 65487,
	SYNC_BACKUP_LENGTH_MIN =
		1024, /* a smaller one is silently raised, start_sync_thread */
};

struct sync_daemon {
	enum sync_role role; /* SYNC_NONE: absent */
	char interface[IF_NAMESIZE];
	struct address group; /* family 0: the kernel's default, 224.0.0.81 */
	uint16_t port;	      /* 0: SYNC_PORT_DEFAULT */
	uint8_t ttl;	      /* 0: SYNC_TTL_DEFAULT */
	uint8_t sync_id;
	uint16_t
		max_length; /* bytes of UDP payload; 0: what the kernel takes from the link */
	bool lost; /* an actual one: it is bound to a link that is not there any more */
};

/* Index of a role's daemon in an array of two. */
enum { SYNC_DAEMON_SLOTS = 2 };
static inline int sync_slot(enum sync_role role)
{
	return role == SYNC_BACKUP ? 1 : 0;
}

/* A sysctl under net., both texts owned. White space inside a value counts as one blank. */
struct sysctl {
	char *name; /* as sysctl(8) writes it: net.ipv4.vs.conntrack, net.ipv4.conf.eth0/1.rp_filter */
	char *value;
	bool implied; /* not named by the state, but needed by what it wants */
	bool absent;  /* in an actual table: its link is not there, and so no value */
};

struct globals {
	struct timeouts timeouts;
	struct sync_daemon daemons[SYNC_DAEMON_SLOTS]; /* by sync_slot() */
	struct sysctl *sysctls; /* sorted by name in a sorted table */
	size_t sysctl_count;
};

/* Whether a running daemon has what is wanted; absent fields stand for the kernel's defaults. */
bool sync_daemon_equal(const struct sync_daemon *wanted,
		       const struct sync_daemon *actual);

/* "master", "backup". */
const char *sync_role_name(enum sync_role role);

/* Whether two values are the same words; white space between them does not count. */
bool sysctl_value_equal(const char *a, const char *b);

/*
 * Written to, the first also turns the second into its contrary (devinet.c: inet_forward_change), and
 * sets that of every link (sysctl_name.h).
 */
#define GLOBALS_FORWARDING_SYSCTL "net.ipv4.ip_forward"
#define GLOBALS_REDIRECTS_SYSCTL  "net.ipv4.conf.all.accept_redirects"

/* The first's counterpart, which turns nothing else of this kind. */
#define GLOBALS_FORWARDING6_SYSCTL "net.ipv6.conf.all.forwarding"

/* Appends a copy; -ENOMEM. */
int globals_add_sysctl(struct globals *globals, const char *name,
		       const char *value) MUST_CHECK;

/* The value, or NULL where the table does not name it. Linear: states name few. */
const char *globals_find_sysctl(const struct globals *globals, const char *name);

/* Notes that a sysctl's link is not there. -ENOMEM. */
int globals_add_absent_sysctl(struct globals *globals, const char *name) MUST_CHECK;
bool globals_sysctl_is_absent(const struct globals *globals, const char *name);

/* Sets the value of a name that is there, else appends it. -ENOMEM. */
int globals_set_sysctl(struct globals *globals, const char *name,
		       const char *value) MUST_CHECK;

/*
 * Appends what is needed but not named: marked as implied, and only where the name is not there, since
 * a value of the state comes first, whatever it is. -ENOMEM.
 */
int globals_imply_sysctl(struct globals *globals, const char *name,
			 const char *value) MUST_CHECK;

/* Takes the one with this index off; the others keep their order. */
void globals_remove_sysctl(struct globals *globals, size_t index);

/* Fills an empty one with a copy. -ENOMEM; it is then to be cleared. */
int globals_copy(const struct globals *from, struct globals *to) MUST_CHECK;

void globals_clear(struct globals *globals);
