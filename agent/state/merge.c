/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First all that can fail, on copies that own nothing, then all that cannot. Services that are
 * kept are sorted already, so only those that were read are sorted, and the two merged.
 */
#include "agent/state/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/native.h"
#include "common/cleanup.h"

struct merge {
	struct state_cache *cache;
	struct draft *drafts;
	size_t count;
	struct table table; /* borrows what services own until all is well */
	ssize_t *now; /* by index of the cache's files: the same one's new index, or -1 */
	size_t kept;  /* services of the cache's table that stay */
	size_t fresh; /* services of drafts that were read */
};

static bool take_timeout(uint32_t *all, uint32_t value)
{
	if (value == 0)
		return true;
	if (*all != 0)
		return false;
	*all = value;
	return true;
}

static int add_sysctls(struct globals *all, const struct globals *some)
{
	for (size_t i = 0; i < some->sysctl_count; i++) {
		const struct sysctl *sysctl = &some->sysctls[i];

		if (all->sysctl_count >= SYSCTLS_MAX ||
		    globals_find_sysctl(all, sysctl->name))
			return -ECANCELED;
		if (globals_add_sysctl(all, sysctl->name, sysctl->value) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_globals(struct globals *all, const struct globals *some)
{
	if (!take_timeout(&all->timeouts.tcp, some->timeouts.tcp) ||
	    !take_timeout(&all->timeouts.tcp_fin, some->timeouts.tcp_fin) ||
	    !take_timeout(&all->timeouts.udp, some->timeouts.udp))
		return -ECANCELED;
	for (size_t i = 0; i < SYNC_DAEMON_SLOTS; i++) {
		if (some->daemons[i].role == SYNC_NONE)
			continue;
		if (all->daemons[i].role != SYNC_NONE)
			return -ECANCELED;
		all->daemons[i] = some->daemons[i];
	}
	return add_sysctls(all, some);
}

static const struct state_file *file_of(const struct merge *merge, size_t index)
{
	const struct draft *draft = &merge->drafts[index];

	return draft->kept == DRAFT_NOT_KEPT ? &draft->file
					     : &merge->cache->files[draft->kept];
}

static int merge_globals(struct merge *merge)
{
	struct globals *all = &merge->table.globals;
	bool mixed = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < merge->count; i++) {
		const struct state_file *file = file_of(merge, i);

		r = add_globals(all, &file->globals);
		mixed |= file->mixed;
	}
	if (r == 0 && mixed &&
	    (all->daemons[0].role != SYNC_NONE || all->daemons[1].role != SYNC_NONE))
		return -ECANCELED;
	/* There are no services yet. */
	table_sort(&merge->table);
	return r;
}

/* What becomes of the old files, and how many services there will be. */
static int count_services(struct merge *merge)
{
	const struct state_cache *cache = merge->cache;

	merge->now = calloc(cache->file_count + 1, sizeof(*merge->now));
	if (!merge->now)
		return -ENOMEM;
	for (size_t i = 0; i < cache->file_count; i++)
		merge->now[i] = -1;
	for (size_t i = 0; i < merge->count; i++) {
		const struct draft *draft = &merge->drafts[i];

		if (draft->kept != DRAFT_NOT_KEPT)
			merge->now[draft->kept] = (ssize_t)i;
		else
			merge->fresh += draft->table.service_count;
	}
	for (size_t i = 0; i < cache->table.service_count; i++)
		merge->kept += merge->now[cache->table.services[i].file] >= 0;
	return 0;
}

/* Puts what was read, sorted, at the end of the new array. */
static void place_fresh(struct merge *merge)
{
	struct table fresh = { .services = merge->table.services + merge->kept };

	for (size_t i = 0; i < merge->count; i++) {
		const struct draft *draft = &merge->drafts[i];

		for (size_t k = 0; k < draft->table.service_count; k++) {
			struct service *service = &fresh.services[fresh.service_count++];

			*service = draft->table.services[k];
			service->file = i;
		}
	}
	table_sort_services(&fresh);
}

/* The array is filled from its beginning, never beyond the first fresh one not yet taken. */
static void place_kept(struct merge *merge)
{
	const struct table *old = &merge->cache->table;
	struct service *to = merge->table.services, *fresh = to + merge->kept;
	const struct service *end = fresh + merge->fresh;

	for (size_t i = 0; i < old->service_count; i++) {
		ssize_t file = merge->now[old->services[i].file];

		if (file < 0)
			continue;
		while (fresh < end &&
		       service_key_compare(&fresh->key, &old->services[i].key) < 0)
			*to++ = *fresh++;
		*to = old->services[i];
		to++->file = file;
	}
}

static int merge_services(struct merge *merge)
{
	struct table *table = &merge->table, *only = &merge->drafts[0].table;
	int r = count_services(merge);

	if (r < 0 || merge->kept + merge->fresh == 0)
		return r;
	if (merge->count == 1 && merge->kept == 0) {
		/* Nothing to merge, and nothing can fail any more. */
		table->services = TAKE_PTR(only->services);
		table->service_count = table->service_room = only->service_count;
		return 0;
	}
	table->services = calloc(merge->kept + merge->fresh, sizeof(*table->services));
	if (!table->services)
		return -ENOMEM;
	place_fresh(merge);
	place_kept(merge);
	table->service_count = table->service_room = merge->kept + merge->fresh;
	return table_is_ascending(table) ? 0 : -ECANCELED;
}

static void commit_files(struct merge *merge, struct state_file *files)
{
	struct state_cache *cache = merge->cache;

	for (size_t i = 0; i < merge->count; i++) {
		struct draft *draft = &merge->drafts[i];
		struct state_file *from = draft->kept == DRAFT_NOT_KEPT
						  ? &draft->file
						  : &cache->files[draft->kept];

		files[i] = *from;
		*from = (struct state_file){ 0 };
	}
	state_files_free(cache->files, cache->file_count);
	cache->files = files;
	cache->file_count = merge->count;
}

static void commit_services(struct merge *merge)
{
	struct table *old = &merge->cache->table;

	for (size_t i = 0; i < old->service_count; i++) {
		if (merge->now[old->services[i].file] < 0)
			service_clear(&old->services[i]);
	}
	old->service_count = 0;
	table_clear(old);
	*old = merge->table;
	merge->table = (struct table){ 0 };
	for (size_t i = 0; i < merge->count; i++)
		merge->drafts[i].table.service_count = 0;
}

int merge_drafts(struct state_cache *cache, struct draft *drafts, size_t count)
{
	struct merge merge = { .cache = cache, .drafts = drafts, .count = count };
	struct state_file *files = calloc(count, sizeof(*files));
	int r = files ? merge_globals(&merge) : -ENOMEM;

	if (r == 0)
		r = merge_services(&merge);
	if (r == 0) {
		commit_services(&merge);
		commit_files(&merge, TAKE_PTR(files));
	}
	/* Its services are borrowed. */
	merge.table.service_count = 0;
	table_clear(&merge.table);
	free(merge.now);
	free(files);
	return r;
}
