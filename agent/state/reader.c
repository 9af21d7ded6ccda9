/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/link_target.h"
#include "agent/state/kube/kube_fields.h"
#include "agent/state/problems.h"
#include "common/array.h"
#include "common/cleanup.h"
#include "common/descriptors.h"

int reader_begin_file(struct reader *reader, const char *name)
{
	struct state_file *grown;
	cleanup_free char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	grown = reallocarray(reader->files, reader->file_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	reader->files = grown;
	grown[reader->file_count++] = (struct state_file){ .path = TAKE_PTR(copy) };
	return 0;
}

const char *reader_file(const struct reader *reader)
{
	return reader->files[reader->file_count - 1].path;
}

static void add(struct reader *reader, int result)
{
	if (result < 0)
		reader->error = result;
}

/* Whether a problem is to be put into words. */
static bool wants_words(struct reader *reader)
{
	if (!reader->problems)
		reader->error = -ECANCELED;
	return reader->problems != NULL;
}

void reader_file_problem(struct reader *reader, const char *fmt, ...)
{
	char text[LINK_WORDS + 300];
	va_list ap;

	if (!wants_words(reader))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(reader,
	    state_problems_add(reader->problems, "%s: %s", reader_file(reader), text));
}

void reader_errno_problem(struct reader *reader, int code)
{
	char words[LINK_WORDS] = "";

	if (reader->problems && errno_is_shortage(code))
		reader->problems->shortage = code;
	else if (code == EACCES || code == ENOENT || code == ELOOP)
		link_target_words(reader_file(reader), words);
	reader_file_problem(reader, "cannot be read: %s%s", strerror(code), words);
}

void reader_fault(struct reader *reader, const struct json_fault *fault)
{
	if (!wants_words(reader))
		return;
	add(reader,
	    state_problems_add(reader->problems, "%s:%zu:%zu: %s", reader_file(reader),
			       fault->line, fault->column, fault->text));
}

struct origin reader_origin(const struct reader *reader, const struct place *place)
{
	size_t line = reader->text_line;
	const char *at = reader->text;

	if (place != reader->anchor)
		at = place_find(place, reader->anchor, reader->text, reader->text_length);
	for (const char *p = reader->text; p < at; p++)
		line += *p == '\n';
	return (struct origin){ .file = reader->file_count - 1, .line = line };
}

PRINTF_LIKE(4, 0)
static void add_problem(struct reader *reader, const struct origin *origin,
			const struct place *place, const char *fmt, va_list ap)
{
	char words[PLACE_TEXT], text[500];

	vsnprintf(text, sizeof(text), fmt, ap);
	add(reader,
	    state_problems_add(reader->problems, "%s:%u: %s%s%s",
			       reader->files[origin->file].path, origin->line,
			       place_format(place, words), place ? ": " : "", text));
}

void reader_problem(struct reader *reader, const struct place *place, const char *fmt,
		    ...)
{
	struct origin origin = { 0 };
	va_list ap;

	if (!wants_words(reader))
		return;
	/* Lines beyond the last that is kept are only counted: no need to look for them. */
	if (reader->problems->count < STATE_PROBLEMS_MAX)
		origin = reader_origin(reader, place);
	va_start(ap, fmt);
	add_problem(reader, &origin, place, fmt, ap);
	va_end(ap);
}

void reader_problem_at(struct reader *reader, const struct origin *origin,
		       const struct place *place, const char *fmt, ...)
{
	va_list ap;

	if (!wants_words(reader))
		return;
	va_start(ap, fmt);
	add_problem(reader, origin, place, fmt, ap);
	va_end(ap);
}

static int add_origin(struct reader *reader, const struct place *place)
{
	size_t count = reader->table->service_count;

	if (!reader->problems)
		return 0;
	if (ARRAY_MAKE_ROOM(reader->origins, count, reader->origin_room) < 0)
		return -ENOMEM;
	reader->origins[count] = (struct service_origin){
		.at = reader_origin(reader, place),
		.index = place->index,
	};
	return 0;
}

void reader_add_service(struct reader *reader, struct service *service,
			const struct place *place)
{
	struct service *added = NULL;

	if (add_origin(reader, place) == 0)
		added = table_add_service(reader->table);
	if (!added) {
		service_clear(service);
		reader->error = -ENOMEM;
		return;
	}
	*added = *service;
	memset(service, 0, sizeof(*service));
}

static int compare_service_pointers(const void *a, const void *b)
{
	const struct service *left = *(const struct service *const *)a;
	const struct service *right = *(const struct service *const *)b;
	int order = service_key_compare(&left->key, &right->key);

	/* Of equal keys the one that was read first, first. */
	return order != 0 ? order : (left > right) - (left < right);
}

static void report_duplicate_service(struct reader *reader, const struct service *first,
				     const struct service *again)
{
	const struct service_origin *a =
		&reader->origins[first - reader->table->services];
	const struct service_origin *b =
		&reader->origins[again - reader->table->services];
	struct place services = { .key = "services" };
	struct place place = { .parent = &services, .index = b->index };
	char key[SERVICE_KEY_TEXT];

	reader_problem_at(reader, &b->at, &place,
			  "%s stands twice, first at %s:%u (services[%u])",
			  service_key_format(&again->key, key),
			  reader->files[a->at.file].path, a->at.line, a->index);
}

static void find_duplicate_services(struct reader *reader)
{
	const struct table *table = reader->table;
	cleanup_free const struct service **sorted = NULL;
	size_t first = 0;

	if (table_is_ascending(table))
		return;
	sorted = calloc(table->service_count, sizeof(const struct service *));
	if (!sorted) {
		reader->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < table->service_count; i++)
		sorted[i] = &table->services[i];
	qsort(sorted, table->service_count, sizeof(*sorted), compare_service_pointers);
	for (size_t i = 1; i < table->service_count; i++) {
		if (service_key_compare(&sorted[first]->key, &sorted[i]->key) == 0)
			report_duplicate_service(reader, sorted[first], sorted[i]);
		else
			first = i;
	}
}

/* ip_vs_ctl.c: whichever comes second is refused with EINVAL. */
static void find_daemons_beside_mixed(struct reader *reader)
{
	const struct mixed_destination *mixed = &reader->mixed;

	for (size_t i = 0; i < SYNC_DAEMON_SLOTS; i++) {
		struct place daemons = { .key = "syncDaemons" };
		struct place place = { .parent = &daemons,
				       .index = reader->daemon_index[i] };

		if (mixed->at.line == 0 || reader->daemons[i].line == 0)
			continue;
		reader_problem_at(
			reader, &reader->daemons[i], &place,
			"the kernel runs no sync daemon beside a destination of the other address family, as at %s:%u (services[%u].destinations[%u])",
			reader->files[mixed->at.file].path, mixed->at.line,
			mixed->service, mixed->destination);
	}
}

static void finish_cluster(struct reader *reader)
{
	int r;

	if (reader->problems->count > 0 || reader->error)
		return;
	/* Of a kubectl that may not read Services, say. */
	if (!reader->cluster->service_seen) {
		reader_problem_at(
			reader, &reader->cluster_origin, NULL,
			"no Service among the Kubernetes objects: a cluster always has one, so this is no state");
		return;
	}
	/* The API server's own Service always has one: without any, all services would stand empty. */
	if (!reader->cluster->slice_seen) {
		reader_problem_at(
			reader, &reader->cluster_origin, NULL,
			"no EndpointSlice (discovery.k8s.io/v1) among the Kubernetes objects: a cluster always has one, so this is no state");
		return;
	}
	/* The API server's own has one in any case. */
	if (reader->cluster->address_missing && !reader->cluster->address_seen) {
		reader_problem_at(
			reader, &reader->cluster_origin, NULL,
			"no Service among the Kubernetes objects has a clusterIP: a cluster always has one that does, so this is no state");
		return;
	}
	cluster_sort(reader->cluster);
	kube_find_twice(reader);
	if (reader->problems->count > 0 || reader->error)
		return;
	r = cluster_translate(reader->cluster, reader->table);
	if (r < 0)
		reader->error = r;
}

void reader_finish(struct reader *reader)
{
	find_duplicate_services(reader);
	find_daemons_beside_mixed(reader);
	if (reader->cluster)
		finish_cluster(reader);
}

void reader_clear(struct reader *reader)
{
	state_files_free(reader->files, reader->file_count);
	free(reader->origins);
	free(reader->sysctls);
	if (reader->cluster)
		cluster_clear(reader->cluster);
	free(reader->cluster);
	memset(reader, 0, sizeof(*reader));
}
