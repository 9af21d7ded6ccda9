/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects that a state has more than once, a dump of yesterday beside one of today, say. Which one is
 * the newer cannot be told, also where there is nothing to serve of the one or the other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "agent/state/kube/kube_fields.h"
#include "common/array.h"

static const char *const kind_names[] = {
	[OBJECT_SERVICE] = "Service",
	[OBJECT_SLICE] = "EndpointSlice",
	[OBJECT_NODE] = "Node",
};

/* "namespace/name", or the name alone where space is NULL; NULL where memory is out. */
static char *join(const char *space, const char *name)
{
	size_t first = space ? strlen(space) + 1 : 0, length = strlen(name);
	char *text = malloc(first + length + 1);

	if (!text)
		return NULL;
	if (space) {
		memcpy(text, space, first - 1);
		text[first - 1] = '/';
	}
	memcpy(text + first, name, length + 1);
	return text;
}

static void add(struct reader *reader, enum object_kind kind, const char *space,
		const char *name)
{
	struct seen_objects *seen = &reader->cluster->seen[kind];
	char *text = join(space, name);

	if (!text || ARRAY_MAKE_ROOM(seen->items, seen->count, seen->room) < 0) {
		free(text);
		reader->error = -ENOMEM;
		return;
	}
	seen->items[seen->count++] = (struct seen_object){
		.name = text,
		.file = (uint32_t)(reader->file_count - 1),
		.line = (uint32_t)reader->text_line,
	};
}

void kube_see(struct reader *reader, enum object_kind kind,
	      const struct kube_value *object)
{
	const json_t *metadata = json_object_get(object->json, "metadata");
	const char *name = json_string_value(json_object_get(metadata, "name"));
	const char *space = json_string_value(json_object_get(metadata, "namespace"));

	/* What has no name is for the reader of its kind to complain about. */
	if (!name || *name == '\0')
		return;
	if (kind == OBJECT_NODE)
		space = NULL;
	else if (!space)
		space = "default";
	add(reader, kind, space, name);
}

static int compare(const void *a, const void *b)
{
	const struct seen_object *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order == 0)
		order = (left->file > right->file) - (left->file < right->file);
	return order != 0 ? order
			  : (left->line > right->line) - (left->line < right->line);
}

static void report(struct reader *reader, enum object_kind kind,
		   const struct seen_object *first, const struct seen_object *again)
{
	const struct origin file = { first->file, 1 };
	const struct origin line = { again->file, again->line };

	if (first->file != again->file)
		reader_problem_at(
			reader, &file, NULL,
			"%s %s stands here and in %s: which one is the newer cannot be told",
			kind_names[kind], first->name, reader->files[again->file].path);
	else
		reader_problem_at(
			reader, &line, NULL,
			"%s %s is in this file more than once, first at line %u: which one is the newer cannot be told",
			kind_names[kind], again->name, first->line);
}

static bool is_ascending(const struct seen_objects *seen)
{
	for (size_t i = 1; i < seen->count; i++) {
		if (strcmp(seen->items[i - 1].name, seen->items[i].name) >= 0)
			return false;
	}
	return true;
}

static void find_twice(struct reader *reader, enum object_kind kind)
{
	struct seen_objects *seen = &reader->cluster->seen[kind];
	size_t first = 0;

	/* As an API server lists them. */
	if (is_ascending(seen))
		return;
	qsort(seen->items, seen->count, sizeof(*seen->items), compare);
	for (size_t i = 1; i < seen->count; i++) {
		if (strcmp(seen->items[first].name, seen->items[i].name) == 0)
			report(reader, kind, &seen->items[first], &seen->items[i]);
		else
			first = i;
	}
}

void kube_find_twice(struct reader *reader)
{
	for (int kind = 0; kind < OBJECT_KINDS; kind++)
		find_twice(reader, (enum object_kind)kind);
}
