/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/table/ownership.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

/* The first place whose key is not below key. */
static size_t lower_bound(const struct ownership *ownership,
			  const struct service_key *key)
{
	size_t low = 0, high = ownership->service_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (service_key_compare(&ownership->services[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool key_is_at(const struct ownership *ownership, size_t at,
		      const struct service_key *key)
{
	return at < ownership->service_count &&
	       service_key_compare(&ownership->services[at].key, key) == 0;
}

int ownership_mark(struct ownership *ownership, const struct service_key *key,
		   enum ownership_mark mark)
{
	size_t at = lower_bound(ownership, key);
	int r;

	if (key_is_at(ownership, at, key)) {
		ownership->services[at].mark = mark;
		return 0;
	}
	r = ARRAY_MAKE_ROOM(ownership->services, ownership->service_count,
			    ownership->service_room);
	if (r < 0)
		return r;
	memmove(&ownership->services[at + 1], &ownership->services[at],
		(ownership->service_count - at) * sizeof(*ownership->services));
	ownership->services[at] = (struct owned_service){ .key = *key, .mark = mark };
	ownership->service_count++;
	return 0;
}

void ownership_strike(struct ownership *ownership, const struct service_key *key)
{
	size_t at = lower_bound(ownership, key);

	if (!key_is_at(ownership, at, key))
		return;
	ownership->service_count--;
	memmove(&ownership->services[at], &ownership->services[at + 1],
		(ownership->service_count - at) * sizeof(*ownership->services));
}

const struct owned_service *ownership_find(const struct ownership *ownership,
					   const struct service_key *key)
{
	size_t at = lower_bound(ownership, key);

	return key_is_at(ownership, at, key) ? &ownership->services[at] : NULL;
}

void ownership_clear(struct ownership *ownership)
{
	free(ownership->services);
	globals_clear(&ownership->before);
	memset(ownership, 0, sizeof(*ownership));
}
