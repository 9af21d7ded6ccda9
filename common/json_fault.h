/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/json_document.h"

/*
 * What is wrong at a place of a JSON text, in the words of the person who wrote it. Each function
 * looks at what stands there, fails the document, and returns false.
 */

/* The bracket open ('{' or '[') is not at this place. */
bool json_fault_open(struct json_document *document, const char *at, char open);

/* No value begins at this place. */
bool json_fault_value(struct json_document *document, const char *at);

/* No name of a field begins here. */
bool json_fault_name(struct json_document *document, const char *at);

/* The colon after a name is not here. */
bool json_fault_colon(struct json_document *document, const char *at);

/* Neither a comma nor the bracket close ('}' or ']') is here, after a value. */
bool json_fault_separator(struct json_document *document, const char *at, char close);

/* Something stands after the end of the outermost value. */
bool json_fault_after_end(struct json_document *document, const char *at);

/* Whether a word or a number, which is before this place, ends here. */
bool json_fault_ends_word(const struct json_document *document, const char *at);

/* A word that is none of true, false, null begins here, or a number that is none. */
bool json_fault_word(struct json_document *document, const char *at);

/* A string that began at start has a byte at this place which no string may have. */
bool json_fault_in_string(struct json_document *document, const char *start,
			  const char *at);

/* The backslash at this place begins no escape. */
bool json_fault_escape(struct json_document *document, const char *at);

/* The bytes from this place on are no character in UTF-8. */
bool json_fault_character(struct json_document *document, const char *at);
