/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/macro.h"

/*
 * File descriptors as what they are: a limited supply. Others can use them up by connecting, so
 * what they connect to leaves the last quarter to the process itself.
 */

/* Raises the soft limit to the hard one, at most to 65536. No error: it then stays as it is. */
void descriptors_raise(void);

/* Whether fd lies in the last quarter of what this process may have open (RLIMIT_NOFILE). */
bool descriptor_is_scarce(int fd) MUST_CHECK;

/* Whether an errno says that descriptors, memory or room on a file system are used up. */
bool errno_is_shortage(int code) MUST_CHECK;

/*
 * Descriptors put by for a moment when there is no other: opened early, so that their numbers are
 * low, closed for what must be done, then opened again. Zeroed at the start.
 */
enum { DESCRIPTORS_SPARE = 4 };

struct spare_descriptors {
	int count;
	int fds[DESCRIPTORS_SPARE];
};

/* Opens those that are not open, as far as that is possible. */
void spare_descriptors_fill(struct spare_descriptors *spare);
void spare_descriptors_release(struct spare_descriptors *spare);
