/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/nearest_name.h"

#include <string.h>
#include <strings.h>

#include "common/macro.h"

/* Letters to insert, delete or replace to make b of a (Levenshtein). */
static size_t edit_distance(const char *a, const char *b)
{
	enum { LONGEST = 32 };
	size_t m = strlen(a), n = strlen(b), row[LONGEST + 1];

	if (m > LONGEST || n > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN_OF(change, MIN_OF(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t least = strlen(name) > 4 ? 3 : 2;

	for (size_t i = 0; i < count; i++) {
		size_t distance = edit_distance(name, names[i]);

		if (strcasecmp(name, names[i]) == 0)
			return names[i];
		if (distance < least) {
			least = distance;
			best = names[i];
		}
	}
	return best;
}
