/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preflight/system.h"

/*
 * Whether a module is in the kernel. /proc/modules is the judge; a module that is not in it may
 * be built in. Where either source is hidden, what is left of them and what the kernel itself
 * shows decide, and if that does not tell, PRESENCE_UNKNOWN says so.
 */
enum presence {
	PRESENCE_UNKNOWN, /* cannot tell */
	PRESENCE_MISSING,
	PRESENCE_LIVE,
	PRESENCE_BUILTIN,
	PRESENCE_SHOWN, /* loaded or built in: the kernel shows what only it provides */
	PRESENCE_LOADING,
	PRESENCE_UNLOADING,
};

enum { PRESENCE_WHY = 200 };

/* Looks once. why says what was seen, for PRESENCE_UNKNOWN what could not be. */
enum presence presence_look(const struct system *system, const char *name,
			    char why[static PRESENCE_WHY]);

/* As presence_look(), but waits at most usec while the module is being loaded or unloaded. */
enum presence presence_wait(const struct system *system, const char *name, uint64_t usec,
			    char why[static PRESENCE_WHY]);

/* Whether the module can be used: live, built in, or shown. */
bool presence_usable(enum presence presence);

/* "live", "builtin", "shown", "loading", "unloading", "missing", "unknown". */
const char *presence_name(enum presence presence);
