/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <sys/capability.h>

#include "common/err.h"

/*
 * Replaces this process by the command with the capabilities in keep and no others: in the
 * effective, permitted, inheritable, bounding and ambient set alike, and with no_new_privs. Only
 * returns on failure, before which nothing of the command has run: a capability that is not
 * ours to keep, a set that cannot be reduced (the bounding set asks for CAP_SETPCAP), no such
 * command. The environment, NOTIFY_SOCKET, WATCHDOG_* and LISTEN_* with it, is the command's.
 */
int exec_command(char *const *command, const cap_value_t *keep, size_t keep_count,
		 struct err *err) MUST_CHECK;
