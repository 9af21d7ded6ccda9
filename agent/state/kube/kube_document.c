/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/kube/kube_document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "agent/state/json_memory.h"
#include "agent/state/kube/kube_fields.h"

struct document {
	struct reader *reader;
	struct json_text *text;
	struct source *source;
	struct kube_value top; /* all fields but a list's items; owned */
	bool list;	       /* its items are read as they come */
	bool looked_ahead;     /* for what the list says of them behind them */
	struct list_type type;
	struct origin metadata; /* of the list's own */
};

static bool fail(struct document *d, int result, const struct json_fault *fault)
{
	if (result == -EINVAL)
		reader_fault(d->reader, fault);
	else
		d->reader->error = result;
	return false;
}

static bool expected(struct document *d, const char *what)
{
	struct json_fault fault;

	return fail(d, json_text_expected(d->text, what, &fault), &fault);
}

/* Takes a value; problems in it are then looked for in its text, from anchor on. */
static bool take_value(struct document *d, const struct place *anchor, json_t **value)
{
	struct reader *reader = d->reader;
	struct json_fault fault;
	size_t start;
	int r;

	json_text_peek(d->text);
	start = d->text->position;
	reader->anchor = anchor;
	reader->text = d->text->start + start;
	reader->text_line = d->text->line;
	r = json_text_value(d->text, value, &fault);
	reader->text_length = d->text->position - start;
	return r == 0 || fail(d, r, &fault);
}

static bool lacks_type(const json_t *item)
{
	return !json_is_string(json_object_get(item, "kind")) ||
	       !json_is_string(json_object_get(item, "apiVersion"));
}

static void read_item(struct document *d, const struct kube_value *item)
{
	if (!json_is_object(item->json)) {
		reader_problem(d->reader, &item->place, "is not an object");
		return;
	}
	if (!d->looked_ahead && lacks_type(item->json)) {
		d->looked_ahead = true;
		if (!d->type.kind[0] || !d->type.version[0])
			list_type_look_ahead(&d->type, d->text);
	}
	kube_read_object(d->reader, item, &d->type);
}

static bool read_items(struct document *d)
{
	const struct place items = { .key = "items" };

	d->list = true;
	if (!json_text_take(d->text, '['))
		return expected(d, "'['");
	if (json_text_take(d->text, ']'))
		return true;
	for (size_t i = 0;; i++) {
		struct kube_value item = { .place = { .parent = &items, .index = i } };
		cleanup_json json_t *json = NULL;
		bool sound;

		/* Not for what is kept: a block is used anew when all in it has been freed. */
		json_memory_begin();
		sound = take_value(d, &item.place, &json);
		json_memory_end();
		if (!sound)
			return false;
		item.json = json;
		read_item(d, &item);
		source_release(d->source, d->text->position);
		if (d->reader->error)
			return false;
		if (json_text_take(d->text, ']'))
			return true;
		if (!json_text_take(d->text, ','))
			return expected(d, "',' or ']'");
	}
}

static bool read_field(struct document *d)
{
	struct origin origin = { .file = d->reader->file_count - 1 };
	struct place place = { 0 };
	struct json_fault fault;
	cleanup_json json_t *name = NULL, *value = NULL;
	int r;

	if (json_text_peek(d->text) != '"')
		return expected(d, "a field's name in double quotes");
	origin.line = (uint32_t)d->text->line;
	r = json_text_value(d->text, &name, &fault);
	if (r < 0)
		return fail(d, r, &fault);
	place.key = json_string_value(name);
	if (!json_text_take(d->text, ':'))
		return expected(d, "':'");
	if (json_object_get(d->top.json, place.key) ||
	    (d->list && strcmp(place.key, "items") == 0)) {
		reader_problem_at(d->reader, &origin, &place, "stands twice");
		return false;
	}
	if (strcmp(place.key, "items") == 0 && json_text_peek(d->text) == '[')
		return read_items(d);
	if (!take_value(d, &place, &value))
		return false;
	list_type_note(&d->type, place.key, value);
	if (strcmp(place.key, "metadata") == 0)
		d->metadata = origin;
	if (json_object_set(d->top.json, place.key, value) < 0)
		d->reader->error = -ENOMEM;
	return d->reader->error == 0;
}

static bool read_fields(struct document *d)
{
	if (!json_text_take(d->text, '{'))
		return expected(d, "'{'");
	while (read_field(d)) {
		if (json_text_take(d->text, '}'))
			return true;
		if (!json_text_take(d->text, ','))
			return expected(d, "',' or '}'");
	}
	return false;
}

static const struct state_settings unknown_node;

static bool begin_cluster(struct reader *reader)
{
	if (reader->cluster)
		return true;
	reader->cluster = calloc(1, sizeof(*reader->cluster));
	if (!reader->cluster) {
		reader->error = -ENOMEM;
		return false;
	}
	reader->cluster->settings = reader->settings ? reader->settings : &unknown_node;
	reader->cluster_origin = (struct origin){ reader->file_count - 1, 1 };
	return true;
}

/* One object alone: problems are looked for in the whole document. */
static void read_single(struct document *d, const char *start, size_t length, size_t line)
{
	struct reader *reader = d->reader;

	reader->anchor = NULL;
	reader->text = start;
	reader->text_length = length;
	reader->text_line = line;
	kube_read_object(reader, &d->top, &(struct list_type){ 0 });
}

static void check_end(struct document *d)
{
	const struct place metadata = { .key = "metadata" };
	const struct place place = { .parent = &metadata, .key = "continue" };

	if (kube_goes_on(json_object_get(d->top.json, "metadata")))
		reader_problem_at(d->reader, &d->metadata, &place, KUBE_GOES_ON_TEXT);
}

bool kube_document_read(struct reader *reader, struct json_text *text,
			struct source *source)
{
	struct document d = { .reader = reader, .text = text, .source = source };
	size_t start, line;
	bool whole;

	if (!reader->problems) {
		reader->error = -ECANCELED;
		return false;
	}
	if (!begin_cluster(reader))
		return false;
	/* In an annotation of anybody's it is no reason to serve nothing. */
	text->takes_nul = true;
	d.top.json = json_object();
	if (!d.top.json) {
		reader->error = -ENOMEM;
		return false;
	}
	json_text_peek(text);
	start = text->position;
	line = text->line;
	whole = read_fields(&d);
	if (whole && d.list)
		check_end(&d);
	else if (whole)
		read_single(&d, text->start + start, text->position - start, line);
	json_decref(d.top.json);
	return whole && reader->error == 0;
}
