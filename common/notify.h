/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "common/macro.h"

/*
 * Messages to the service manager (sd_notify(3)). Without NOTIFY_SOCKET these functions
 * do nothing; a service manager that does not receive them is not an error.
 */

/* Whether there is a service manager to notify. */
int notify_enabled(void);

/* Sends assignments such as "READY=1\nSTATUS=…". */
void notify_send(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Extends the start, reload or stop timeout to usec from now (EXTEND_TIMEOUT_USEC). */
void notify_extend_timeout(uint64_t usec);

/*
 * Waits, at most usec, until the service manager has read everything sent before. A
 * process that exits right after READY=1 could otherwise be gone before the manager can
 * attribute the message. Negative errno on time-out.
 */
int notify_barrier(uint64_t usec);
