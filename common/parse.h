/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/macro.h"

/*
 * Numbers and words from the command line and small files. Nothing else calls strtoul():
 * these functions refuse signs, white space, empty texts and anything after the number.
 */

/*
 * Parses a decimal number in min..max. -EINVAL if it is not a number, -ERANGE if it is
 * outside.
 */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value) MUST_CHECK;
int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *value) MUST_CHECK;

/*
 * Parses a time span in microseconds: a number of seconds, or a number with a unit "ms",
 * "s", "min", "h" ("90s", "15min"). -EINVAL or -ERANGE as above.
 */
int parse_duration(const char *text, uint64_t max_usec, uint64_t *usec) MUST_CHECK;
