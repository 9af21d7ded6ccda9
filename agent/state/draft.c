/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/json_memory.h"
#include "agent/state/reader.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/workers.h"

struct job {
	struct draft *draft;
	int result;
};

struct jobs {
	struct job *list;
	size_t count;
	size_t bytes; /* of their files */
	size_t files; /* those of jobs, and large ones */
	uint64_t doubt_usec;
};

int draft_parse(struct draft *draft, struct source *source, size_t slices,
		size_t slice_bytes)
{
	struct reader reader = { .table = &draft->table,
				 .slices = slices,
				 .slice_bytes = slice_bytes };
	int r = reader_begin_file(&reader, draft->file.path);

	if (r == 0) {
		document_read(&reader, source);
		r = reader.error;
	}
	draft->file.mixed = reader.mixed.at.line != 0;
	reader_clear(&reader);
	if (r == 0) {
		table_sort(&draft->table);
		r = table_is_ascending(&draft->table) ? 0 : -ECANCELED;
	}
	if (r < 0) {
		table_clear(&draft->table);
		return r;
	}
	table_trim(&draft->table);
	draft->file.globals = draft->table.globals;
	draft->table.globals = (struct globals){ 0 };
	draft->read = true;
	return 0;
}

/* Its text, with file.stat and file.young. */
static int read_source(struct draft *draft, uint64_t doubt_usec, struct source *source)
{
	cleanup_close int fd = openat(draft->directory, draft->name,
				      O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint64_t now = clock_usec(CLOCK_REALTIME);
	int r;

	if (fd < 0)
		return errno == ENOENT ? -ESTALE : -ECANCELED;
	if (fstat(fd, &draft->file.stat) < 0 || !S_ISREG(draft->file.stat.st_mode))
		return -ECANCELED;
	draft->file.young = source_is_young(&draft->file.stat, now, doubt_usec);
	r = source_read(source, fd, &draft->file.stat);
	return r == 0 || r == -ESTALE ? r : -ECANCELED;
}

int draft_compare(struct draft *draft, uint64_t content, uint64_t doubt_usec, bool *same)
{
	struct source source = { 0 };
	int r = read_source(draft, doubt_usec, &source);

	if (r < 0)
		return r;
	*same = source_hash(&source) == content;
	source_clear(&source);
	return 0;
}

static int read_draft(struct draft *draft, size_t slices, uint64_t doubt_usec)
{
	struct source source = { 0 };
	int r = read_source(draft, doubt_usec, &source);

	if (r < 0)
		return r;
	draft->file.content = source_hash(&source);
	r = draft_parse(draft, &source, slices, DRAFT_SLICE_BYTES);
	source_clear(&source);
	return r;
}

static void do_job(void *context, size_t item)
{
	struct jobs *jobs = context;
	struct job *job = &jobs->list[item];

	job->result = read_draft(job->draft, 0, jobs->doubt_usec);
}

static bool is_to_be_read(const struct draft *draft)
{
	return draft->kept == DRAFT_NOT_KEPT && !draft->read;
}

/* Large ones one after the other, each in slices; the others are left as jobs. */
static int read_large(struct draft *drafts, size_t count, size_t threads,
		      struct jobs *jobs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		size_t size = (size_t)drafts[i].file.stat.st_size;

		if (!is_to_be_read(&drafts[i]))
			continue;
		jobs->files++;
		if (threads > 1 && size >= 2 * (size_t)DRAFT_SLICE_BYTES) {
			r = read_draft(&drafts[i], threads, jobs->doubt_usec);
		} else {
			jobs->list[jobs->count++].draft = &drafts[i];
			jobs->bytes += size;
		}
	}
	return r;
}

int drafts_read(struct draft *drafts, size_t count, size_t threads, uint64_t doubt_usec,
		size_t *files_read)
{
	cleanup_free struct job *list = calloc(count, sizeof(*list));
	struct jobs jobs = { .list = list, .doubt_usec = doubt_usec };
	int r;

	if (!list)
		return -ENOMEM;
	json_memory_use();
	r = read_large(drafts, count, threads, &jobs);
	*files_read += jobs.files;
	if (r < 0)
		return r;
	threads = MIN_OF(threads, jobs.bytes / DRAFT_SLICE_BYTES);
	/* Before the threads that would all want it done, as jansson's manual advises. */
	json_object_seed(0);
	workers_run(threads, jobs.count, do_job, &jobs);
	for (size_t i = 0; i < jobs.count; i++) {
		/* What changed may be sound when it is looked at again. */
		if (jobs.list[i].result < 0 && r != -ESTALE)
			r = jobs.list[i].result;
	}
	return r;
}

void drafts_free(struct draft *drafts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(drafts[i].file.path);
		globals_clear(&drafts[i].file.globals);
		table_clear(&drafts[i].table);
	}
	free(drafts);
}
