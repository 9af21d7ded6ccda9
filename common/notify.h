/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "common/macro.h"

/*
 * Words to the service manager (sd_notify(3)). Without NOTIFY_SOCKET each of these does nothing;
 * a manager that does not listen is no error of ours.
 */

/* Whether a service manager listens at all. */
int notify_enabled(void);

/* Sends assignments such as "READY=1\nSTATUS=…". */
void notify_send(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Asks for another usec of start, reload or stop time from now (EXTEND_TIMEOUT_USEC). */
void notify_extend_timeout(uint64_t usec);

/*
 * Waits until all that was sent before has been read, at most usec: a process that exits at once
 * after READY=1 might otherwise be gone before the manager can tell whose message it was.
 * Negative errno on time-out.
 */
int notify_barrier(uint64_t usec);
