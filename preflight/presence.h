/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preflight/system.h"

/*
 * Whether a module is in the kernel. /proc/modules decides; a module that is not listed
 * there may be built in. If either source is hidden, the other one and what the kernel
 * shows decide. If they do not, the result is PRESENCE_UNKNOWN.
 */
enum presence {
	PRESENCE_UNKNOWN, /* cannot tell */
	PRESENCE_MISSING,
	PRESENCE_LIVE,
	PRESENCE_BUILTIN,
	PRESENCE_SHOWN, /* the kernel shows something that only this module provides */
	PRESENCE_LOADING,
	PRESENCE_UNLOADING,
};

enum { PRESENCE_WHY = 200 };

/* Checks once. why says what was seen, or for PRESENCE_UNKNOWN what could not be seen. */
enum presence presence_look(const struct system *system, const char *name,
			    char why[static PRESENCE_WHY]);

/* As presence_look(), but waits at most usec while the module is loading or unloading. */
enum presence presence_wait(const struct system *system, const char *name, uint64_t usec,
			    char why[static PRESENCE_WHY]);

/* Whether the module can be used: live, built in, or shown. */
bool presence_usable(enum presence presence);

/* "live", "builtin", "shown", "loading", "unloading", "missing", "unknown". */
const char *presence_name(enum presence presence);
