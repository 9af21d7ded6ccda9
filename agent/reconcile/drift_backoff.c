/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/drift_backoff.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/macro.h"

static const uint64_t quiet_usec = 10 * 60 * 1000000ULL;
static const uint64_t first_usec = 60 * 1000000ULL;

enum { DOUBLINGS_MAX = 6 }; /* to about an hour */

static uint64_t hash(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325ULL;

	while (*text)
		sum = (sum ^ (unsigned char)*text++) * 0x100000001b3ULL;
	return sum;
}

static int compare_entries(const void *a, const void *b)
{
	const struct drift_backoff *left = a, *right = b;

	return (left->object > right->object) - (left->object < right->object);
}

static struct drift_backoff *find(const struct drift_backoff_list *list,
				  const char *object)
{
	struct drift_backoff wanted = { .object = hash(object) };

	if (list->known_count == 0)
		return NULL;
	return bsearch(&wanted, list->entries, list->known_count, sizeof(*list->entries),
		       compare_entries);
}

const struct drift_backoff *drift_backoff_find(struct drift_backoff_list *list,
					       const char *object, uint64_t now)
{
	struct drift_backoff *entry = find(list, object);

	if (!entry || entry->next <= now)
		return NULL;
	entry->seen = now;
	return entry;
}

void drift_backoff_note(struct drift_backoff_list *list, const char *object, uint64_t now)
{
	struct drift_backoff *entry = find(list, object);

	if (!entry) {
		if (list->count == DRIFT_BACKOFF_ENTRIES_MAX ||
		    ARRAY_MAKE_ROOM(list->entries, list->count, list->room) < 0)
			return;
		entry = &list->entries[list->count++];
		*entry = (struct drift_backoff){ .object = hash(object) };
	}
	entry->seen = now;
	entry->repairs++;
	if (entry->repairs >= DRIFT_BACKOFF_REPAIRS_MAX)
		entry->next = now + (first_usec
				     << MIN_OF(entry->repairs - DRIFT_BACKOFF_REPAIRS_MAX,
					       (unsigned int)DOUBLINGS_MAX));
}

void drift_backoff_settle(struct drift_backoff_list *list, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct drift_backoff *entry = &list->entries[i];

		/* Quiet counts from when it could have been seen changed. */
		if (now < MAX_OF(entry->seen, entry->next) + quiet_usec)
			list->entries[kept++] = *entry;
	}
	list->count = list->known_count = kept;
	if (kept > 0)
		qsort(list->entries, kept, sizeof(*list->entries), compare_entries);
}

uint64_t drift_backoff_next(const struct drift_backoff_list *list, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < list->count; i++) {
		if (list->entries[i].next > now)
			next = MIN_OF(next, list->entries[i].next);
	}
	return next;
}

void drift_backoff_permit(struct drift_backoff_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		list->entries[i].next = 0;
}

void drift_backoff_clear(struct drift_backoff_list *list)
{
	free(list->entries);
	memset(list, 0, sizeof(*list));
}
