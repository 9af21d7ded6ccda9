/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "common/macro.h"

/* Times in status and reports: ISO 8601 in UTC, with milliseconds. */

enum { TIMESTAMP_TEXT = 32 };

/* "2026-11-23T09:05:03.250Z"; returns buffer. */
const char *timestamp_format(uint64_t realtime_usec, char buffer[static TIMESTAMP_TEXT]);

/* The reverse, to the second. -EINVAL. */
int timestamp_parse(const char *text, uint64_t *realtime_usec) MUST_CHECK;
