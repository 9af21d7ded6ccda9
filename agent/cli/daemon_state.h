/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "agent/config.h"

enum { DAEMON_OPTIONS_TEXT = 512 };

/*
 * What `ipvs-agent` without options means beside a running daemon: that daemon's state.
 * Where no --state names another one, *owned becomes its path, which the caller frees,
 * and options point to it. A notice says so, and another one that the options file has
 * changed since the daemon read it. Without a daemon nothing changes.
 */
void daemon_state_use(struct options *options, char **owned);

/*
 * Whether the daemon that wrote this status.json started with other options than the file
 * has now: a sentence in text, or NULL. The daemon reads the file at its start only.
 */
const char *daemon_options_differ(const json_t *document, const struct options *options,
				  char text[static DAEMON_OPTIONS_TEXT]);
