/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/cluster_document.h"

#include <string.h>

static const char list_suffix[] = "List";

/* What only a Kubernetes object has at its top, and what only a native state has. */
static const struct {
	const char *name;
	bool cluster;
} telling_fields[] = {
	{ "kind", true },      { "apiVersion", true }, { "items", true },
	{ "metadata", true },  { "version", false },   { "services", false },
	{ "timeouts", false }, { "sysctls", false },   { "syncDaemons", false },
};

/* Takes a field's name and the colon. NULL where there is none. */
static json_t *take_name(struct json_text *text)
{
	struct json_fault fault;
	json_t *name;

	if (json_text_peek(text) != '"' || json_text_value(text, &name, &fault) < 0)
		return NULL;
	if (json_text_take(text, ':'))
		return name;
	json_decref(name);
	return NULL;
}

bool cluster_document_is(const struct json_text *text)
{
	struct json_text ahead = *text;

	if (!json_text_take(&ahead, '{'))
		return false;
	do {
		cleanup_json json_t *name = take_name(&ahead);

		for (size_t i = 0; name && i < ARRAY_SIZE(telling_fields); i++) {
			if (strcmp(json_string_value(name), telling_fields[i].name) == 0)
				return telling_fields[i].cluster;
		}
		if (!name || !json_text_pass(&ahead))
			return false;
	} while (json_text_take(&ahead, ','));
	return false;
}

/* The first one stays: a second one is for others to complain about. */
static void keep(char *to, size_t size, const json_t *value)
{
	const char *text = json_string_value(value);

	if (*to == '\0' && text && strlen(text) < size)
		strcpy(to, text);
}

void list_type_note(struct list_type *type, const char *field, const json_t *value)
{
	if (strcmp(field, "kind") == 0)
		keep(type->kind, sizeof(type->kind), value);
	else if (strcmp(field, "apiVersion") == 0)
		keep(type->version, sizeof(type->version), value);
}

void list_type_look_ahead(struct list_type *type, const struct json_text *text)
{
	struct json_text ahead = *text;

	while (json_text_take(&ahead, ',') && json_text_pass(&ahead))
		;
	if (!json_text_take(&ahead, ']'))
		return;
	while (json_text_take(&ahead, ',')) {
		cleanup_json json_t *name = take_name(&ahead), *value = NULL;
		struct json_fault fault;
		bool text_value = json_text_peek(&ahead) == '"';

		if (!name || (text_value ? json_text_value(&ahead, &value, &fault) < 0
					 : !json_text_pass(&ahead)))
			return;
		list_type_note(type, json_string_value(name), value);
	}
}

bool list_type_is_list(const struct list_type *type)
{
	size_t length = strlen(type->kind), suffix = strlen(list_suffix);

	return length >= suffix && strcmp(type->kind + length - suffix, list_suffix) == 0;
}

struct list_type list_type_of_items(const struct list_type *type)
{
	struct list_type items = *type;

	if (!list_type_is_list(type) || strcmp(type->kind, list_suffix) == 0)
		return (struct list_type){ 0 };
	items.kind[strlen(type->kind) - strlen(list_suffix)] = '\0';
	return items;
}
