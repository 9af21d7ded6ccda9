/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <sys/capability.h>

#include "common/err.h"

/*
 * Replaces this process by the command. The effective, permitted, inheritable, bounding
 * and ambient sets have exactly the capabilities in keep, and no_new_privs is set. It
 * returns only on failure, before the command has started: this process lacks a
 * capability in keep, a set cannot be reduced (the bounding set needs CAP_SETPCAP), or
 * there is no such command. The command inherits the environment, including
 * NOTIFY_SOCKET, WATCHDOG_* and LISTEN_*.
 */
int exec_command(char *const *command, const cap_value_t *keep, size_t keep_count,
		 struct err *err) MUST_CHECK;
