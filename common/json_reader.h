/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_document.h"
#include "common/json_string.h"

/*
 * A strict pull parser of JSON (RFC 8259): the caller asks for one value after the other, and gets
 * views into the text. Nothing is copied and no tree is built. Text that is no JSON, bytes that
 * are no UTF-8, a field that an object has twice, and integers beyond 64 bits are faults of the
 * document (common/json_document.h); after one, every function answers false. Real numbers are
 * checked for their form alone.
 *
 *     json_reader_open(&reader, &value) on an array, then
 *     while (json_reader_element(&reader) && json_reader_value(&reader, &value)) …
 */

/* A place in a document. A copy goes its own way. */
struct json_reader {
	struct json_document *document;
	const char *at;
	uint16_t depth;
	bool opened;  /* nothing has been taken since the last bracket */
	bool checked; /* this part of the text has been read before */
};

void json_reader_init(struct json_reader *reader, struct json_document *document);

/* A reader that stands before a value which has been read before. */
struct json_reader json_reader_of(struct json_document *document,
				  const struct json_value *value);

/* The kind of the next value by its first byte; numbers are integers. Takes white space only. */
enum json_kind json_reader_peek(struct json_reader *reader);

/* Takes a whole value, all that is within it too. */
bool json_reader_value(struct json_reader *reader, struct json_value *value) MUST_CHECK;

/* Takes the bracket of an object or array. */
bool json_reader_open(struct json_reader *reader, enum json_kind kind) MUST_CHECK;

/*
 * In an object that is open: takes the next field's name and colon; its value is next. False after
 * the object's end, which is taken too.
 */
bool json_reader_member(struct json_reader *reader, struct json_value *name) MUST_CHECK;

/* In an array that is open: whether another element is next. False after the array's end. */
bool json_reader_element(struct json_reader *reader) MUST_CHECK;

/* Nothing but white space is left. */
bool json_reader_end(struct json_reader *reader) MUST_CHECK;
