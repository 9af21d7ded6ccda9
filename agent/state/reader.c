/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/problems.h"
#include "common/cleanup.h"

int reader_begin_file(struct reader *reader, const char *name)
{
	char **grown;
	cleanup_free char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	grown = reallocarray(reader->files, reader->file_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	reader->files = grown;
	grown[reader->file_count++] = TAKE_PTR(copy);
	return 0;
}

static const char *current_file(const struct reader *reader)
{
	return reader->files[reader->file_count - 1];
}

static void add(struct reader *reader, int result)
{
	if (result < 0)
		reader->error = result;
}

void reader_file_problem(struct reader *reader, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(reader,
	    state_problems_add(reader->problems, "%s: %s", current_file(reader), text));
}

void reader_fault(struct reader *reader, const struct json_fault *fault)
{
	add(reader,
	    state_problems_add(reader->problems, "%s:%zu:%zu: %s", current_file(reader),
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
			       reader->files[origin->file], origin->line,
			       place_format(place, words), place ? ": " : "", text));
}

void reader_problem(struct reader *reader, const struct place *place, const char *fmt,
		    ...)
{
	struct origin origin = { 0 };
	va_list ap;

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

	va_start(ap, fmt);
	add_problem(reader, origin, place, fmt, ap);
	va_end(ap);
}

void reader_add_service(struct reader *reader, struct service *service,
			const struct place *place)
{
	struct table *table = reader->table;
	struct service *added;

	if (table->service_count == reader->origin_room) {
		size_t room = reader->origin_room ? reader->origin_room * 2 : 16;
		struct service_origin *grown;

		grown = reallocarray(reader->origins, room, sizeof(*grown));
		if (!grown)
			goto no_memory;
		reader->origins = grown;
		reader->origin_room = room;
	}
	added = table_add_service(table);
	if (!added)
		goto no_memory;
	*added = *service;
	memset(service, 0, sizeof(*service));
	reader->origins[table->service_count - 1] = (struct service_origin){
		.at = reader_origin(reader, place),
		.index = place->index,
	};
	return;
no_memory:
	service_clear(service);
	reader->error = -ENOMEM;
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
			  service_key_format(&again->key, key), reader->files[a->at.file],
			  a->at.line, a->index);
}

static void find_duplicate_services(struct reader *reader)
{
	const struct table *table = reader->table;
	cleanup_free const struct service **sorted = NULL;
	size_t first = 0;

	if (table->service_count < 2)
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
			reader->files[mixed->at.file], mixed->at.line, mixed->service,
			mixed->destination);
	}
}

void reader_finish(struct reader *reader)
{
	find_duplicate_services(reader);
	find_daemons_beside_mixed(reader);
}

void reader_clear(struct reader *reader)
{
	for (size_t i = 0; i < reader->file_count; i++)
		free(reader->files[i]);
	free(reader->files);
	free(reader->origins);
	free(reader->sysctls);
	memset(reader, 0, sizeof(*reader));
}
