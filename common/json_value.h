/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_KIND_NONE, /* no value: absent, or the end of the text */
	JSON_KIND_OBJECT,
	JSON_KIND_ARRAY,
	JSON_KIND_STRING,
	JSON_KIND_INTEGER,
	JSON_KIND_REAL, /* any number with a fraction or an exponent */
	JSON_KIND_TRUE,
	JSON_KIND_FALSE,
	JSON_KIND_NULL,
};

/* A value in a text, which has been read to its end and is sound. {0}: none. */
struct json_value {
	const char *start; /* its first byte: quote, bracket, digit */
	uint32_t length;   /* bytes, with quotes or brackets */
	uint8_t kind;	   /* enum json_kind */
	bool escaped;	   /* a string with a backslash in it */
	union {
		int64_t integer;
		size_t count; /* elements of an array, fields of an object */
	};
};
