/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/address_list.h"
#include "agent/model/globals.h"
#include "agent/model/host_net.h"
#include "agent/model/service.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * What of the kernel's table is ours: virtual services by key, each with all its destinations,
 * destinations that drain, the global values we set, each with the value found before, which
 * cleanup puts back, and what makes addresses local here. Pure; agent/store/ownership_file.c keeps it in a
 * file.
 */

/*
 * A key is intended before the kernel is asked for it and owned once the kernel has said yes.
 * Only an owned key is ever deleted. What is intended and found in the kernel was made by us, by a
 * run that died before the answer, where it has the attributes that were intended; otherwise it is
 * somebody else's.
 */
enum ownership_mark {
	OWNERSHIP_NONE = 0,
	OWNERSHIP_INTENDED = 1,
	OWNERSHIP_OWNED = 2,
};

struct owned_service {
	struct service_key key;
	enum ownership_mark mark;
	bool fresh;    /* added since ownership_settle(); not in the record's file */
	bool recorded; /* the record's file says owned, by ownership_recorded() */
	/* Of an intended one: fingerprint_service() of what was asked for; 0: not known. */
	uint64_t fingerprint;
};

struct owned_daemon {
	enum ownership_mark mark;
	uint64_t fingerprint; /* of an intended one: fingerprint_sync_daemon() */
	unsigned int link; /* its interface's index when it was started; 0: not known */
};

/* One of nftables' tables. */
enum { RULESET_SLOTS = 2 };
struct owned_ruleset {
	enum ownership_mark mark;
	uint64_t fingerprint; /* ruleset.h: of what was asked for, or made last */
	uint64_t handle,
		sum; /* of an owned one: the kernel's, as we left it; 0: not known */
};

/* Index of a family's in an array of two. */
static inline int ruleset_slot(uint8_t family)
{
	return family == AF_INET6 ? 1 : 0;
}

/* A destination that left the state and waits at weight 0 for its connections to end. */
struct drain {
	struct service_key service;
	struct address address; /* the destination's key */
	uint16_t port;		/* host byte order */
	uint64_t deadline_msec; /* CLOCK_BOOTTIME; 0: none */
};

/* The dummy link of ours, there or asked for; known by its hardware address, whatever its name is. */
struct owned_link {
	char name[IF_NAMESIZE]; /* that it was given; "": there is none */
	uint8_t hardware[HOST_HARDWARE_LENGTH];
};

/* A sysctl of which the kernel made another value than it was given: rounded, clamped. */
struct made_sysctl {
	char *name, *value; /* that was asked for; owned, as all here */
	char *made;	    /* what the kernel has since */
};

struct ownership {
	struct owned_service *services; /* sorted by key */
	size_t service_count;
	size_t service_room;
	struct drain *drains; /* sorted by service, then destination */
	size_t drain_count;
	size_t drain_room;
	struct timeouts timeouts_before; /* 0: not ours */
	struct owned_daemon daemons[SYNC_DAEMON_SLOTS];
	struct owned_ruleset rulesets[RULESET_SLOTS]; /* by ruleset_slot() */
	struct globals
		before; /* only its sysctls: those that are ours, with the values found */
	struct made_sysctl *made;
	size_t made_count;
	/*
	 * fingerprint_table() of the state that was accepted last, 0 where there is none of this
	 * boot; whether the file of the last good state has it; and whether the kernel may have something
	 * else: it failed in part, or another one was begun to be brought about since.
	 */
	uint64_t good_fingerprint;
	bool good_saved;
	bool good_left;
	struct owned_link link;
	struct address_list bound; /* on that link, there or asked for */
	bool routes;		   /* those with HOST_ROUTE_PROTOCOL are ours */
};

/*
 * Marks the key, adding it where it is new. fingerprint goes with OWNERSHIP_INTENDED, 0
 * otherwise. -ENOMEM.
 */
int ownership_mark(struct ownership *ownership, const struct service_key *key,
		   enum ownership_mark mark, uint64_t fingerprint) MUST_CHECK;

/* Takes the key off; nothing where it is not there. */
void ownership_strike(struct ownership *ownership, const struct service_key *key);

const struct owned_service *ownership_find(const struct ownership *ownership,
					   const struct service_key *key);

/*
 * Whether an owned or intended service that the kernel has as actual is really ours: always, or
 * with the attributes that were intended.
 */
bool owned_service_is_ours(const struct owned_service *owned,
			   const struct service *actual);

/* Likewise for a sync daemon; false where mark is OWNERSHIP_NONE. */
bool owned_daemon_is_ours(const struct owned_daemon *owned,
			  const struct sync_daemon *actual);

/* The record's file has what stands here now. */
void ownership_recorded(struct ownership *ownership);

/* What was added since the last ownership_settle() is taken off again. */
void ownership_drop_fresh(struct ownership *ownership);
void ownership_settle(struct ownership *ownership);

/* The drain of a service's destination, or NULL. */
const struct drain *ownership_find_drain(const struct ownership *ownership,
					 const struct service_key *service,
					 const struct destination *destination);

/* Whether any destination of the service drains. */
bool ownership_has_drain(const struct ownership *ownership,
			 const struct service_key *service);

int drain_compare(const struct drain *a, const struct drain *b);

/* Puts a drain in its place, replacing one with the same key. -ENOMEM. */
int ownership_set_drain(struct ownership *ownership,
			const struct drain *drain) MUST_CHECK;

/* Replaces what is known of this sysctl. -ENOMEM. */
int ownership_note_made(struct ownership *ownership, const char *name, const char *value,
			const char *made) MUST_CHECK;
void ownership_forget_made(struct ownership *ownership, size_t index);

/* What the kernel makes of this value, NULL where that is not known to be another one. */
const char *ownership_find_made(const struct ownership *ownership, const char *name,
				const char *value);

/* Whether a sysctl that has this value is as wanted: the same, or what the kernel makes of it. */
bool ownership_has_sysctl(const struct ownership *ownership, const struct sysctl *wanted,
			  const char *have);

void ownership_clear(struct ownership *ownership);

#define cleanup_ownership CLEANUP(ownership_clear)
