/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A reading looks at all files and makes a draft of each: kept where the cache has it, read where
 * not. It looks again at the end; where anything has changed meanwhile it begins anew with what
 * it has read so far, and so comes to an end in a directory that is being filled. Whatever it
 * cannot take is left to sequential_read(), which is right about it and says why.
 */
#include "agent/state/state_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/directory.h"
#include "agent/state/draft.h"
#include "agent/state/merge.h"
#include "agent/state/kube/node_ports.h"
#include "agent/state/sequential.h"
#include "agent/state/source.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/workers.h"

enum { ATTEMPTS = 5 };

struct drafts {
	struct draft *list;
	size_t count;
};

/* One attempt. */
struct attempt {
	struct state_cache *cache;
	struct directory directory; /* path and entries only where it is one */
	struct drafts drafts;
	struct drafts
		*before; /* of the attempt before; what is still right is taken from it */
	size_t next_before; /* lists are in the order of names: how far they were followed */
	size_t next_known;
};

static void clear_drafts(struct drafts *drafts)
{
	drafts_free(drafts->list, drafts->count);
	*drafts = (struct drafts){ 0 };
}

/* The file at this path in the cache. */
static ssize_t find_known(struct attempt *attempt, const char *path)
{
	const struct state_cache *cache = attempt->cache;
	size_t *i = &attempt->next_known;

	while (*i < cache->file_count && strcmp(cache->files[*i].path, path) < 0)
		++*i;
	return *i < cache->file_count && strcmp(cache->files[*i].path, path) == 0
		       ? (ssize_t)*i
		       : DRAFT_NOT_KEPT;
}

/* Whether it says what it said beyond doubt, without a look into it. */
static bool is_the_same(const struct state_file *known, const struct stat *st)
{
	return !known->dropped && !known->young && source_same_file(&known->stat, st);
}

static void take_from_before(struct attempt *attempt, struct draft *draft)
{
	struct drafts *before = attempt->before;
	size_t *i = &attempt->next_before;
	struct draft *found;
	ssize_t known = draft->known;
	const char *name;
	char *path;

	while (*i < before->count &&
	       strcmp(before->list[*i].file.path, draft->file.path) < 0)
		++*i;
	if (*i == before->count)
		return;
	found = &before->list[*i];
	if (!found->read || strcmp(found->file.path, draft->file.path) != 0 ||
	    !source_same_file(&found->file.stat, &draft->file.stat))
		return;
	path = draft->file.path;
	name = draft->name;
	*draft = *found;
	draft->file.path = path;
	draft->name = name;
	draft->known = known;
	path = found->file.path;
	*found = (struct draft){ .file.path = path };
}

static int add_draft(struct attempt *attempt, const char *name, const struct stat *st)
{
	const struct directory *directory = &attempt->directory;
	struct draft *draft = &attempt->drafts.list[attempt->drafts.count];

	if (!S_ISREG(st->st_mode))
		return -ECANCELED;
	*draft = (struct draft){ .directory = directory->fd, .name = name };
	draft->file.stat = *st;
	if (!directory->path)
		draft->file.path = strdup(name);
	else if (asprintf(&draft->file.path, "%s/%s", directory->path, name) < 0)
		draft->file.path = NULL;
	if (!draft->file.path)
		return -ENOMEM;
	attempt->drafts.count++;
	draft->known = find_known(attempt, draft->file.path);
	draft->kept = DRAFT_NOT_KEPT;
	if (draft->known != DRAFT_NOT_KEPT &&
	    is_the_same(&attempt->cache->files[draft->known], st))
		draft->kept = draft->known;
	else
		take_from_before(attempt, draft);
	return 0;
}

/* A draft for each file of the directory, less what is a directory itself. */
static int add_entries(struct attempt *attempt)
{
	struct directory *directory = &attempt->directory;
	int r = 0;

	attempt->drafts.list = calloc(directory->count + 1, sizeof(struct draft));
	if (!attempt->drafts.list)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < directory->count; i++) {
		struct directory_entry *entry = &directory->entries[i];

		if (fstatat(directory->fd, entry->name, &entry->stat, 0) < 0)
			return errno == ENOENT && !directory_has_link(directory, entry)
				       ? -ESTALE
				       : -ECANCELED;
		entry->seen = true;
		if (!S_ISDIR(entry->stat.st_mode))
			r = add_draft(attempt, entry->name, &entry->stat);
	}
	return r;
}

static bool is_all_kept(const struct attempt *attempt)
{
	if (attempt->drafts.count != attempt->cache->file_count)
		return false;
	for (size_t i = 0; i < attempt->drafts.count; i++) {
		if (attempt->drafts.list[i].kept == DRAFT_NOT_KEPT)
			return false;
	}
	return true;
}

/* A young file, or one written anew, that has the same bytes is as good as one left alone. */
static int keep_same_contents(struct attempt *attempt, uint64_t doubt)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < attempt->drafts.count; i++) {
		struct draft *draft = &attempt->drafts.list[i];
		const struct state_file *known;
		bool same = false;

		if (draft->kept != DRAFT_NOT_KEPT || draft->read ||
		    draft->known == DRAFT_NOT_KEPT)
			continue;
		known = &attempt->cache->files[draft->known];
		if (known->dropped || known->content == 0 ||
		    known->stat.st_size != draft->file.stat.st_size)
			continue;
		r = draft_compare(draft, known->content, doubt, &same);
		if (same)
			draft->kept = draft->known;
	}
	return r;
}

/*
 * What files said that say something else now, or are no more, goes before that is read: a large
 * state is not in memory twice. Until all is well the cache's table then has a part of a state only.
 */
static void drop_what_changed(struct attempt *attempt)
{
	struct state_cache *cache = attempt->cache;
	struct table *table = &cache->table;
	size_t kept = 0;

	for (size_t i = 0; i < cache->file_count; i++)
		cache->files[i].dropped = true;
	for (size_t i = 0; i < attempt->drafts.count; i++) {
		if (attempt->drafts.list[i].kept != DRAFT_NOT_KEPT)
			cache->files[attempt->drafts.list[i].kept].dropped = false;
	}
	for (size_t i = 0; i < table->service_count; i++) {
		if (cache->files[table->services[i].file].dropped)
			service_clear(&table->services[i]);
		else
			table->services[kept++] = table->services[i];
	}
	table->service_count = kept;
	if (kept == 0) {
		free(table->services);
		table->services = NULL;
		table->service_room = 0;
	}
}

static uint64_t doubt_of(const struct state_cache *cache)
{
	return cache->doubt_usec ? cache->doubt_usec : STATE_CACHE_DOUBT_USEC;
}

/* What came from all files together says nothing of one of them. */
static void forget_whole(struct state_cache *cache)
{
	for (size_t i = 0; i < cache->file_count; i++)
		cache->files[i].dropped = true;
	table_clear(&cache->table);
	cache->whole = false;
}

bool state_cache_has_node_addresses(const struct state_cache *cache)
{
	const struct notes *notes = &cache->table.notes;
	struct address_list now = { 0 };
	bool same;

	if (!notes->node_addresses_used)
		return true;
	same = node_port_addresses(cache->settings, &now) == 0 &&
	       address_list_equal(&now, &notes->node_addresses);
	address_list_clear(&now);
	return same;
}

static int read_drafts(struct attempt *attempt)
{
	struct state_cache *cache = attempt->cache;
	uint64_t doubt = doubt_of(cache);
	int r;

	/* Without a file, sequential_read() says so. */
	if (attempt->drafts.count == 0)
		return -ECANCELED;
	r = keep_same_contents(attempt, doubt);
	if (r < 0)
		return r;
	if (cache->whole && is_all_kept(attempt) && state_cache_has_node_addresses(cache))
		return 0;
	if (cache->whole) {
		forget_whole(cache);
		return -ECANCELED;
	}
	drop_what_changed(attempt);
	return drafts_read(attempt->drafts.list, attempt->drafts.count,
			   workers_available(), doubt, &cache->files_read);
}

static int read_directory(struct attempt *attempt, const char *path)
{
	struct directory *directory = &attempt->directory;
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -ECANCELED;
	directory->path = path;
	directory->fd = fd;
	r = directory_list(directory);
	if (r < 0)
		return -ECANCELED;
	r = add_entries(attempt);
	if (r == 0)
		r = read_drafts(attempt);
	if (r == 0 && !directory_unchanged(directory))
		r = -ESTALE;
	return r;
}

static int read_file(struct attempt *attempt, const char *path, const struct stat *st)
{
	struct stat now;
	int r;

	attempt->directory.fd = AT_FDCWD;
	attempt->drafts.list = calloc(1, sizeof(struct draft));
	if (!attempt->drafts.list)
		return -ENOMEM;
	r = add_draft(attempt, path, st);
	if (r == 0)
		r = read_drafts(attempt);
	if (r == 0 && (stat(path, &now) < 0 ||
		       !source_same_file(&attempt->drafts.list[0].file.stat, &now)))
		r = -ESTALE;
	return r;
}

/* What is known of files that are kept is what was seen of them now. */
static void renew_kept(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->drafts.count; i++) {
		const struct draft *draft = &attempt->drafts.list[i];
		struct state_file *known;

		if (draft->kept == DRAFT_NOT_KEPT)
			continue;
		known = &attempt->cache->files[draft->kept];
		known->stat = draft->file.stat;
		known->young = draft->file.young;
	}
}

/* -ESTALE: what was read is in before now, for the next one. */
static int make_attempt(struct state_cache *cache, const char *path,
			struct drafts *before, bool *changed)
{
	struct attempt attempt = { .cache = cache, .before = before };
	struct stat st;
	int r = -ECANCELED;

	if (stat(path, &st) == 0)
		r = S_ISDIR(st.st_mode) ? read_directory(&attempt, path)
					: read_file(&attempt, path, &st);
	directory_clear(&attempt.directory);
	if (r == 0) {
		renew_kept(&attempt);
		*changed = !is_all_kept(&attempt);
		if (*changed)
			r = merge_drafts(cache, attempt.drafts.list,
					 attempt.drafts.count);
	}
	clear_drafts(before);
	if (r == -ESTALE)
		*before = attempt.drafts;
	else
		clear_drafts(&attempt.drafts);
	return r;
}

static int read_cached(struct state_cache *cache, const char *path, bool *changed)
{
	struct drafts before = { 0 };
	int r = -ESTALE;

	for (int i = 0; r == -ESTALE && i < ATTEMPTS; i++)
		r = make_attempt(cache, path, &before, changed);
	clear_drafts(&before);
	return r;
}

/* What could not be read file by file is read whole, also the next time that any of it changes. */
static int read_whole(struct state_cache *cache, const char *path,
		      struct state_problems *problems)
{
	struct table table = { 0 };
	struct state_file *files = NULL;
	size_t count = 0;
	uint64_t now = clock_usec(CLOCK_REALTIME);
	int r = sequential_read(path, cache->settings, &table, &files, &count, problems);

	if (r != STATE_OK)
		return r;
	for (size_t i = 0; i < count; i++)
		files[i].young = source_is_young(&files[i].stat, now, doubt_of(cache));
	cache->whole = true;
	table_clear(&cache->table);
	state_files_free(cache->files, cache->file_count);
	cache->table = table;
	cache->files = files;
	cache->file_count = count;
	return STATE_OK;
}

static int take_path(struct state_cache *cache, const char *path)
{
	char *copy;

	if (cache->path && strcmp(cache->path, path) == 0)
		return 0;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	state_cache_clear(cache);
	cache->path = copy;
	return 0;
}

int state_cache_read(struct state_cache *cache, const char *path,
		     const struct table **table, bool *changed,
		     struct state_problems *problems)
{
	bool differs = true;
	int r = take_path(cache, path);

	if (r < 0)
		return r;
	cache->files_read = 0;
	state_problems_clear(problems);
	if (read_cached(cache, path, &differs) != 0) {
		differs = true;
		r = read_whole(cache, path, problems);
	}
	if (r != STATE_OK)
		return r;
	*table = &cache->table;
	*changed = differs;
	return STATE_OK;
}

struct state_file *state_cache_files(struct state_cache *cache, size_t *count)
{
	*count = cache->file_count;
	return cache->files;
}

void state_cache_clear(struct state_cache *cache)
{
	free(cache->path);
	state_files_free(cache->files, cache->file_count);
	table_clear(&cache->table);
	cache->path = NULL;
	cache->files = NULL;
	cache->file_count = cache->files_read = 0;
	cache->whole = false;
}
