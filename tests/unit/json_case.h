/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/temporary.h"

#include <errno.h>

#include "common/json_reader.h"

/* A text with its length, as it may have NUL bytes. */
#define TEXT(literal) literal, sizeof(literal) - 1

/* Reads a whole text from memory that ends where it ends; document is the caller's to clear. */
static inline bool read_text(struct json_document *document, const char *text,
			     size_t length)
{
	struct json_reader reader;
	struct json_value value;

	json_document_init(document, text, length);
	json_reader_init(&reader, document);
	return json_reader_value(&reader, &value) && json_reader_end(&reader);
}

/* A copy without anything behind it, so that a sanitizer sees every read beyond the end. */
static inline char *exact_copy(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);
	return copy;
}
