/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/json_fault.h"
#include "common/json_number.h"
#include "common/json_string.h"

/* Objects with more fields are looked through for two of one name only when they are complete. */
enum { NAMES_COMPARED = 16 };

static const uint8_t kinds[256] = {
	['{'] = JSON_KIND_OBJECT,  ['['] = JSON_KIND_ARRAY,   ['"'] = JSON_KIND_STRING,
	['t'] = JSON_KIND_TRUE,	   ['f'] = JSON_KIND_FALSE,   ['n'] = JSON_KIND_NULL,
	['-'] = JSON_KIND_INTEGER, ['0'] = JSON_KIND_INTEGER, ['1'] = JSON_KIND_INTEGER,
	['2'] = JSON_KIND_INTEGER, ['3'] = JSON_KIND_INTEGER, ['4'] = JSON_KIND_INTEGER,
	['5'] = JSON_KIND_INTEGER, ['6'] = JSON_KIND_INTEGER, ['7'] = JSON_KIND_INTEGER,
	['8'] = JSON_KIND_INTEGER, ['9'] = JSON_KIND_INTEGER,
};

void json_reader_init(struct json_reader *reader, struct json_document *document)
{
	*reader = (struct json_reader){ .document = document, .at = document->start };
}

struct json_reader json_reader_of(struct json_document *document,
				  const struct json_value *value)
{
	return (struct json_reader){ .document = document,
				     .at = value->start,
				     .checked = true };
}

static int skip_blanks(struct json_reader *reader)
{
	const char *p = reader->at, *end = reader->document->end;

	while (end - p >= 8 && memcmp(p, "        ", 8) == 0)
		p += 8;
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	reader->at = p;
	return p < end ? (unsigned char)*p : -1;
}

/* The next byte that is no white space, -1 at the end. */
static inline int skip_space(struct json_reader *reader)
{
	const char *p = reader->at;

	/* Mostly there is none, or one blank. */
	if (p < reader->document->end && *p == ' ')
		reader->at = ++p;
	if (p < reader->document->end && (unsigned char)*p > ' ')
		return (unsigned char)*p;
	return skip_blanks(reader);
}

enum json_kind json_reader_peek(struct json_reader *reader)
{
	int c = reader->document->error ? -1 : skip_space(reader);

	return c < 0 ? JSON_KIND_NONE : (enum json_kind)kinds[c];
}

static bool make_room(struct json_document *document)
{
	if (document->name_count < document->name_room ||
	    ARRAY_MAKE_ROOM(document->names, document->name_count, document->name_room) ==
		    0)
		return true;
	document->error = -ENOMEM;
	return false;
}

static int compare_names(const void *a, const void *b)
{
	const struct json_name *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

static bool fail_duplicate(struct json_document *document, const struct json_name *first,
			   const struct json_name *again)
{
	const char *at = document->start + again->offset;
	const char *end = memchr(at + 1, '"', document->end - at - 1);
	size_t line = first->line;

	if (line == 0)
		line = json_document_locate(document, document->start + first->offset)
			       .line;
	return json_document_fail(document, at, "duplicate field %.*s; first on line %zu",
				  (int)MIN_OF(end + 1 - at, 60), at, line);
}

/* The innermost object is complete: of its names, the first that has been there before. */
static bool check_names(struct json_document *document)
{
	struct json_name *names = document->names + document->names_from;
	size_t count = document->name_count - document->names_from;
	const struct json_name *first = NULL, *again = NULL;

	if (count <= NAMES_COMPARED)
		return true;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 1; i < count; i++) {
		if (names[i].hash != names[i - 1].hash ||
		    (again && again->offset < names[i].offset))
			continue;
		first = &names[i - 1];
		again = &names[i];
	}
	return !again || fail_duplicate(document, first, again);
}

static bool add_name(struct json_document *document, const struct json_value *value)
{
	struct json_name name = {
		.hash = json_string_hash(value),
		.offset = (uint32_t)(value->start - document->start),
	};

	if (document->name_count - document->names_from < NAMES_COMPARED) {
		for (size_t i = document->names_from; i < document->name_count; i++) {
			if (document->names[i].hash == name.hash)
				return fail_duplicate(document, &document->names[i],
						      &name);
		}
	}
	if (!make_room(document))
		return false;
	document->names[document->name_count++] = name;
	return true;
}

/* Before an object's names stands where those of the object around it begin. */
static bool begin_names(struct json_document *document)
{
	if (!make_room(document))
		return false;
	document->names[document->name_count++] = (struct json_name){
		.hash = document->names_from,
		.line = 1,
	};
	document->names_from = document->name_count;
	return true;
}

static bool end_names(struct json_document *document)
{
	if (!check_names(document))
		return false;
	document->name_count = document->names_from - 1;
	document->names_from = document->names[document->name_count].hash;
	return true;
}

bool json_reader_open(struct json_reader *reader, enum json_kind kind)
{
	struct json_document *document = reader->document;

	if (json_reader_peek(reader) != kind)
		return json_fault_open(document, reader->at,
				       kind == JSON_KIND_OBJECT ? '{' : '[');
	if (reader->depth >= JSON_DEPTH_MAX)
		return json_document_fail(document, reader->at,
					  "more than %d objects and arrays in each other",
					  JSON_DEPTH_MAX);
	if (kind == JSON_KIND_OBJECT && !reader->checked && !begin_names(document))
		return false;
	reader->depth++;
	reader->at++;
	reader->opened = true;
	return true;
}

/* In a container: takes the comma, or the bracket that ends it, which is then false. */
static bool take_separator(struct json_reader *reader, char close)
{
	struct json_document *document = reader->document;
	int c = document->error ? -1 : skip_space(reader);

	if (document->error)
		return false;
	if (c == close) {
		if (close == '}' && !reader->checked && !end_names(document))
			return false;
		reader->at++;
		reader->depth--;
		reader->opened = false;
		return false;
	}
	if (reader->opened) {
		reader->opened = false;
		return true;
	}
	if (c != ',')
		return json_fault_separator(document, reader->at, close);
	reader->at++;
	skip_space(reader);
	return true;
}

bool json_reader_element(struct json_reader *reader)
{
	if (!take_separator(reader, ']'))
		return false;
	return (reader->at < reader->document->end && *reader->at != ']') ||
	       json_fault_value(reader->document, reader->at);
}

bool json_reader_member(struct json_reader *reader, struct json_value *name)
{
	struct json_document *document = reader->document;

	if (!take_separator(reader, '}'))
		return false;
	if (reader->at == document->end || *reader->at != '"')
		return json_fault_name(document, reader->at);
	name->start = reader->at;
	if (!json_string_read(document, name))
		return false;
	reader->at += name->length;
	if (!reader->checked && !add_name(document, name))
		return false;
	if (skip_space(reader) != ':')
		return json_fault_colon(document, reader->at);
	reader->at++;
	return true;
}

static bool read_object(struct json_reader *reader, struct json_value *value)
{
	struct json_value name, member;
	size_t count = 0;

	if (!json_reader_open(reader, JSON_KIND_OBJECT))
		return false;
	while (json_reader_member(reader, &name)) {
		if (!json_reader_value(reader, &member))
			return false;
		count++;
	}
	value->count = count;
	return reader->document->error == 0;
}

static bool read_array(struct json_reader *reader, struct json_value *value)
{
	struct json_value element;
	size_t count = 0;

	if (!json_reader_open(reader, JSON_KIND_ARRAY))
		return false;
	while (json_reader_element(reader)) {
		if (!json_reader_value(reader, &element))
			return false;
		count++;
	}
	value->count = count;
	return reader->document->error == 0;
}

static bool read_word(struct json_reader *reader, const char *word)
{
	size_t length = strlen(word);
	const char *p = reader->at, *end = reader->document->end;

	if ((size_t)(end - p) < length || memcmp(p, word, length) != 0)
		return json_fault_word(reader->document, p);
	p += length;
	if (!json_fault_ends_word(reader->document, p))
		return json_fault_word(reader->document, reader->at);
	reader->at = p;
	return true;
}

bool json_reader_value(struct json_reader *reader, struct json_value *value)
{
	struct json_document *document = reader->document;
	const char *start;
	bool sound = false;

	value->kind = json_reader_peek(reader);
	value->start = start = reader->at;
	value->escaped = false;
	value->integer = 0;
	switch (value->kind) {
	case JSON_KIND_STRING:
		sound = json_string_read(document, value);
		reader->at = start + (sound ? value->length : 0);
		break;
	case JSON_KIND_INTEGER:
		sound = json_number_read(document, value);
		reader->at = start + (sound ? value->length : 0);
		break;
	case JSON_KIND_OBJECT:
		sound = read_object(reader, value);
		break;
	case JSON_KIND_ARRAY:
		sound = read_array(reader, value);
		break;
	case JSON_KIND_TRUE:
		sound = read_word(reader, "true");
		break;
	case JSON_KIND_FALSE:
		sound = read_word(reader, "false");
		break;
	case JSON_KIND_NULL:
		sound = read_word(reader, "null");
		break;
	default:
		return json_fault_value(document, start);
	}
	value->length = (uint32_t)(reader->at - start);
	reader->opened = false;
	return sound;
}

bool json_reader_end(struct json_reader *reader)
{
	if (reader->document->error)
		return false;
	return skip_space(reader) < 0 ||
	       json_fault_after_end(reader->document, reader->at);
}
