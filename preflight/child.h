/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/macro.h"

/* Microseconds of the monotonic clock. */
uint64_t child_clock(void);

/*
 * Waits for a child of ours until the deadline on that clock, then kills it and waits a second
 * more: -ETIMEDOUT where it had to be killed, -EBUSY where even that did not end it (it hangs
 * inside the kernel; it is then left behind). Else 0 with its status as waitpid(2) has it.
 */
int child_wait(pid_t pid, uint64_t deadline, int *status) MUST_CHECK;
