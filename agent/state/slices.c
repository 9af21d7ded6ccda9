/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A quick look finds elements that cut the array into slices; each is then read by the same code
 * that reads a whole array, into a table of its own. The look is no parser and need not be right:
 * a slice must end exactly where the next begins, and so, the first one beginning at the first
 * element, each begins where a reader of the whole would have begun an element. Where one does
 * not, or has a problem of any kind, nobody takes anything from this reading.
 */
#include "agent/state/slices.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/json_memory.h"
#include "common/workers.h"

struct slice {
	struct reader reader;
	struct table table;
	struct source source; /* the same bytes; gives back its own */
	struct json_text text;
	struct native native;
};

struct slices {
	const struct place *services;
	struct slice *list;
	size_t count;
};

/* Of the bytes outside of strings, those that say how deep the next ones are. */
enum { PLAIN, QUOTE, OPEN, CLOSE, COMMA };

static const unsigned char kinds[256] = {
	['"'] = QUOTE, ['{'] = OPEN,  ['['] = OPEN,
	['}'] = CLOSE, [']'] = CLOSE, [','] = COMMA,
};

/* From behind an opening quote to behind the closing one, or the end. */
static const char *skip_string(const char *p, const char *end)
{
	const char *quote;

	while ((quote = memchr(p, '"', end - p))) {
		const char *escape = quote;

		while (escape > p && escape[-1] == '\\')
			escape--;
		/* An even number of backslashes are characters themselves. */
		if ((quote - escape) % 2 == 0)
			return quote + 1;
		p = quote + 1;
	}
	return end;
}

/*
 * From the beginning of an element to that of another, at or behind wanted; NULL where the array
 * ends before. The space before an element counts as its own.
 */
static const char *find_element(const char *p, const char *end, const char *wanted)
{
	size_t depth = 0;

	while (p < end) {
		unsigned char kind = kinds[(unsigned char)*p++];

		if (kind == PLAIN)
			continue;
		if (kind == QUOTE)
			p = skip_string(p, end);
		else if (kind == OPEN)
			depth++;
		else if (kind == CLOSE && depth-- == 0)
			return NULL;
		else if (kind == COMMA && depth == 0 && p >= wanted)
			return p;
	}
	return NULL;
}

static void init_slice(struct slice *slice, struct native *native, struct json_text *text)
{
	size_t page = source_page_size();

	slice->text = *text;
	slice->source = *native->source;
	/* Its first page is another's too. */
	slice->source.released = (text->position + page - 1) / page * page;
	slice->reader = (struct reader){
		.table = &slice->table,
		.files = native->reader->files,
		.file_count = native->reader->file_count,
	};
	slice->native = (struct native){
		.reader = &slice->reader,
		.source = &slice->source,
		.text = &slice->text,
	};
}

/* Cuts what the cursor has before it into at most so many slices. */
static void cut(struct slices *slices, struct native *native, size_t most)
{
	struct json_text text = *native->text;
	const char *p = text.start + text.position, *end = text.start + text.length;
	size_t size = (end - p) / most;

	init_slice(&slices->list[slices->count++], native, &text);
	while (slices->count < most) {
		struct slice *last = &slices->list[slices->count - 1];

		p = find_element(p, end, p + MIN_OF(size, (size_t)(end - p)));
		if (!p || p == end)
			return;
		json_text_skip(&text, p - text.start);
		last->text.length = text.position;
		last->native.slice = true;
		init_slice(&slices->list[slices->count++], native, &text);
	}
}

static void read_slice(void *context, size_t item)
{
	struct slices *slices = context;
	struct slice *slice = &slices->list[item];

	if (!native_read_elements(&slice->native, slices->services) &&
	    slice->reader.error == 0)
		slice->reader.error = -ECANCELED;
	json_memory_drop();
}

/* The first slice's array grows by those of the others, and is the table's then. */
static int append(struct table *table, struct slices *slices)
{
	struct table *all = &slices->list[0].table;
	size_t count = 0;
	struct service *grown;

	for (size_t i = 0; i < slices->count; i++)
		count += slices->list[i].table.service_count;
	grown = reallocarray(all->services, count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	all->services = grown;
	all->service_room = count;
	for (size_t i = 1; i < slices->count; i++) {
		struct table *part = &slices->list[i].table;

		memcpy(&grown[all->service_count], part->services,
		       part->service_count * sizeof(*grown));
		all->service_count += part->service_count;
		free(part->services);
		*part = (struct table){ 0 };
	}
	table->services = TAKE_PTR(all->services);
	table->service_count = table->service_room = count;
	all->service_count = 0;
	return 0;
}

static int join(struct native *native, struct slices *slices)
{
	struct reader *reader = native->reader;

	for (size_t i = 0; i < slices->count; i++) {
		const struct slice *slice = &slices->list[i];

		if (slice->reader.error)
			return slice->reader.error;
		if (reader->mixed.at.line == 0)
			reader->mixed = slice->reader.mixed;
	}
	*native->text = slices->list[slices->count - 1].text;
	return append(reader->table, slices);
}

int slices_read(struct native *native, const struct place *services)
{
	const struct reader *reader = native->reader;
	size_t left = native->text->length - native->text->position, most;
	struct slices slices = { .services = services };
	int r;

	if (reader->problems || reader->slices < 2)
		return SLICES_NONE;
	most = MIN_OF(reader->slices, left / reader->slice_bytes);
	if (most < 2)
		return SLICES_NONE;
	slices.list = calloc(most, sizeof(*slices.list));
	if (!slices.list)
		return -ENOMEM;
	cut(&slices, native, most);
	json_object_seed(0); /* as in draft.c */
	workers_run(slices.count, slices.count, read_slice, &slices);
	r = join(native, &slices);
	for (size_t i = 0; i < slices.count; i++)
		table_clear(&slices.list[i].table);
	free(slices.list);
	return r;
}
