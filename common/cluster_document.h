/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "common/json_text.h"

/*
 * Whether a state file's text begins a document of Kubernetes objects, one of them or a list: by the
 * first of its outermost fields that only such a document or only a native state has. Takes nothing.
 */
bool cluster_document_is(const struct json_text *text);

/*
 * What a list says of itself. The items of a list of one kind ("ServiceList"), as an API server
 * answers with it, say neither their kind nor their version; those of a "List" do.
 */
struct list_type {
	char kind[64]; /* "": not known */
	char version[64];
};

/* Keeps the value of a list's field where it is its kind or version. */
void list_type_note(struct list_type *type, const char *field, const json_t *value);

/*
 * JSON's fields may come in any order: finds what is not known yet behind the items, the text being
 * behind one of them. Takes nothing.
 */
void list_type_look_ahead(struct list_type *type, const struct json_text *text);

/* Whether it is a list, of one kind or of any. */
bool list_type_is_list(const struct list_type *type);

/* The items' own: kind "Service" of a "ServiceList", and its version. Zeroed where it does not say. */
struct list_type list_type_of_items(const struct list_type *type);
