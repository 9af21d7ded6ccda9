/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int leading_u64(const char *text, uint64_t *value, const char **rest)
{
	unsigned long long parsed;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	parsed = strtoull(text, &end, 10);
	if (errno == ERANGE)
		return -ERANGE;
	*value = parsed;
	*rest = end;
	return 0;
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *rest;
	uint64_t parsed;
	int r;

	r = leading_u64(text, &parsed, &rest);
	if (r < 0)
		return r;
	if (*rest != '\0')
		return -EINVAL;
	if (parsed < min || parsed > max)
		return -ERANGE;
	*value = parsed;
	return 0;
}

int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
	uint64_t parsed;
	int r;

	r = parse_u64(text, min, max, &parsed);
	if (r < 0)
		return r;
	*value = (uint32_t)parsed;
	return 0;
}

int parse_duration(const char *text, uint64_t max_usec, uint64_t *usec)
{
	static const struct {
		const char *unit;
		uint64_t usec;
	} units[] = {
		{ "", 1000000 },
		{ "ms", 1000 },
		{ "s", 1000000 },
		{ "min", 60 * 1000000 },
		{ "h", 3600ULL * 1000000 },
	};
	uint64_t number;
	const char *rest;
	int r;

	r = leading_u64(text, &number, &rest);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(rest, units[i].unit) != 0)
			continue;
		if (number > max_usec / units[i].usec)
			return -ERANGE;
		*usec = number * units[i].usec;
		return 0;
	}
	return -EINVAL;
}
