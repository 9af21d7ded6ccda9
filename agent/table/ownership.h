/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/table/globals.h"
#include "agent/table/service.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * What of the kernel's table is ours: virtual services by key, each with all its destinations,
 * and the global values we set, each with the value found before, which cleanup puts back.
 * Pure; agent/daemon/record.c keeps it in a file.
 */

/*
 * A key is intended before the kernel is asked for it and owned once the kernel has said yes.
 * Only an owned key is ever deleted.
 */
enum ownership_mark { OWNERSHIP_INTENDED = 1, OWNERSHIP_OWNED = 2 };

struct owned_service {
	struct service_key key;
	enum ownership_mark mark;
};

struct ownership {
	struct owned_service *services; /* sorted by key */
	size_t service_count;
	size_t service_room;
	struct timeouts timeouts_before; /* 0: not ours */
	bool daemon_owned[SYNC_DAEMON_SLOTS];
	struct globals
		before; /* only its sysctls: those that are ours, with the values found */
};

/* Marks the key, adding it where it is new. -ENOMEM. */
int ownership_mark(struct ownership *ownership, const struct service_key *key,
		   enum ownership_mark mark) MUST_CHECK;

/* Takes the key off; nothing where it is not there. */
void ownership_strike(struct ownership *ownership, const struct service_key *key);

const struct owned_service *ownership_find(const struct ownership *ownership,
					   const struct service_key *key);

void ownership_clear(struct ownership *ownership);

#define cleanup_ownership CLEANUP(ownership_clear)
