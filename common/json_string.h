/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/json_document.h"
#include "common/json_value.h"

/*
 * Reads the string that begins at value->start, a quote; sets its kind, length and escaped. False,
 * and a fault of the document, where it is none.
 */
bool json_string_read(struct json_document *document,
		      struct json_value *value) MUST_CHECK;

/*
 * A number for the text of a string. Equal texts have equal ones, different texts practically
 * never.
 */
uint64_t json_string_hash(const struct json_value *value);

/* Whether a value is a string with this text. */
bool json_string_is(const struct json_value *value, const char *text);

/*
 * The text of a string, escapes resolved and ended by NUL, cut at a character where it is longer
 * than size - 1 bytes. Returns its whole length.
 */
size_t json_string_text(const struct json_value *value, char *buffer, size_t size);
