/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/macro.h"

/*
 * File descriptors are limited, and clients can use them up by connecting. Connections
 * therefore leave the last quarter of them to the process itself.
 */

/*
 * Raises the soft limit to the hard limit, at most to 65536. If that fails the limit
 * stays as it is.
 */
void descriptors_raise(void);

/* Whether fd is in the last quarter of what this process may open (RLIMIT_NOFILE). */
bool descriptor_is_scarce(int fd) MUST_CHECK;

/* Whether an errno means that descriptors, memory or disk space have run out. */
bool errno_is_shortage(int code) MUST_CHECK;

/*
 * Descriptors in reserve: opened early, closed when something must be opened and no other
 * descriptor is left, then opened again. Zeroed at the start.
 */
enum { DESCRIPTORS_SPARE = 4 };

struct spare_descriptors {
	int count;
	int fds[DESCRIPTORS_SPARE];
};

/* Opens those that are closed, as far as possible. */
void spare_descriptors_fill(struct spare_descriptors *spare);
void spare_descriptors_release(struct spare_descriptors *spare);
