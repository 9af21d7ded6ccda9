/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/error_backoff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/schedule.h"
#include "common/macro.h"

static int compare_entries(const void *a, const void *b)
{
	const struct error_backoff *left = a, *right = b;

	return strcmp(left->object, right->object);
}

static struct error_backoff *find(const struct error_backoff_list *list,
				  const char *object)
{
	struct error_backoff wanted = { .object = (char *)object };

	if (list->count == 0)
		return NULL;
	return bsearch(&wanted, list->entries, list->count, sizeof(*list->entries),
		       compare_entries);
}

const struct error_backoff *
error_backoff_find_waiting(const struct error_backoff_list *list, const char *object,
			   uint64_t now)
{
	const struct error_backoff *entry = find(list, object);

	/* Those that are nearly due go along: many that failed together stay together. */
	if (!entry || entry->next <= now + entry->delay / 4)
		return NULL;
	return entry;
}

static void clear_entry(struct error_backoff *entry)
{
	free(entry->object);
	free(entry->text);
}

static void drop(struct error_backoff *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		clear_entry(&entries[i]);
	free(entries);
}

static bool make_entry(const struct error_backoff_list *list,
		       const struct reconcile_failure *failure, uint64_t now,
		       uint64_t now_realtime, uint64_t random, struct error_backoff *made)
{
	const struct error_backoff *known = find(list, failure->object);
	struct error_backoff entry = { .since_realtime = now_realtime, .next = now };

	if (known)
		entry = *known;
	if (!failure->waiting) {
		entry.delay = schedule_backoff(entry.attempts++, random);
		entry.next = now + entry.delay;
	}
	entry.code = failure->code;
	entry.object = strdup(failure->object);
	entry.text = strdup(failure->text);
	*made = entry;
	return entry.object && entry.text;
}

int error_backoff_update(struct error_backoff_list *list, struct reconcile_report *report,
			 uint64_t now, uint64_t now_realtime, uint64_t random)
{
	struct error_backoff *entries =
		calloc(report->failure_count + 1, sizeof(*entries));
	size_t count = 0;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < report->failure_count; i++) {
		struct reconcile_failure *failure = &report->failures[i];
		/* Another jitter for each, from one number. */
		uint64_t own = random ^ ((uint64_t)i * 0x9e3779b97f4a7c15ULL);

		if (!make_entry(list, failure, now, now_realtime, own,
				&entries[count++])) {
			drop(entries, count);
			return -ENOMEM;
		}
		failure->attempts = entries[count - 1].attempts;
		failure->since = (int64_t)(entries[count - 1].since_realtime / 1000000);
		if (entries[count - 1].next > now)
			failure->next_usec = entries[count - 1].next - now;
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	drop(list->entries, list->count);
	list->entries = entries;
	list->count = count;
	return 0;
}

uint64_t error_backoff_next(const struct error_backoff_list *list)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < list->count; i++) {
		/* One that was never tried waits for something else, or is about to be tried. */
		if (list->entries[i].attempts > 0)
			next = MIN_OF(next, list->entries[i].next);
	}
	return next;
}

void error_backoff_reset(struct error_backoff_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		list->entries[i].next = 0;
		list->entries[i].delay = 0;
		list->entries[i].attempts = 0;
	}
}

void error_backoff_clear(struct error_backoff_list *list)
{
	drop(list->entries, list->count);
	memset(list, 0, sizeof(*list));
}
