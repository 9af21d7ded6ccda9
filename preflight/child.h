/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/macro.h"

/* CLOCK_MONOTONIC in microseconds. */
uint64_t child_clock(void);

/*
 * Waits for a child process until the deadline on that clock, then kills it and waits one
 * second more. -ETIMEDOUT if it was killed; -EBUSY if even that did not end it (it hangs
 * inside the kernel and keeps running). Otherwise 0 with its status as in waitpid(2).
 */
int child_wait(pid_t pid, uint64_t deadline, int *status) MUST_CHECK;
