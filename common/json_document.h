/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macro.h"

/*
 * A JSON text in memory: where a byte of it stands, in lines and columns, and what is wrong with
 * it. The text is borrowed and never written to. common/json_reader.h reads it.
 */

enum {
	JSON_SIZE_MAX = 1 << 30,
	JSON_DEPTH_MAX = 2048,	    /* objects and arrays within each other */
	JSON_STRING_MAX = 16 << 20, /* bytes between the quotes */
	JSON_FAULT_TEXT = 200,
	JSON_EXCERPT_TEXT = 1024,
};

/* Both count from 1; a column is a character, not a byte. */
struct json_location {
	size_t line, column;
};

/* A name in an object that is open. */
struct json_name {
	uint64_t hash;
	uint32_t offset; /* into the text */
	uint32_t line;	 /* 0: still to be counted, the text is there */
};

struct json_document {
	const char *start, *end;
	bool takes_nul; /* \u0000 in a string, where C's functions see an end */

	/* The place up to which lines have been counted. */
	const char *counted;
	struct json_location counted_at;
	const char *there; /* the bytes before it were given back */

	/* The names of the open objects; those of the innermost one begin at names_from. */
	struct json_name *names;
	size_t name_count, name_room, names_from;

	int error; /* 0, -EINVAL with the fault below, or -ENOMEM; the first one stays */
	const char *fault_at;
	char fault[JSON_FAULT_TEXT]; /* printable */
};

/* json_document_clear() frees what a reading has allocated, never the text. */
void json_document_init(struct json_document *document, const char *text, size_t length);
void json_document_clear(struct json_document *document);

/*
 * What stands before at is not looked at any more: its memory may be given back, and no location
 * before it can be asked for.
 */
void json_document_forget(struct json_document *document, const char *at);

/* at is in the text or its end, and not before what was forgotten. */
struct json_location json_document_locate(const struct json_document *document,
					  const char *at);

/*
 * The line of a place and below it a caret under the place, each with its newline:
 *
 *     10 |     { "address": "192.168.3.2", "port": 8080 },
 *        |                                               ^
 *
 * A long line is cut to what is around the place. Control characters become '?'. Returns buffer.
 */
const char *json_document_excerpt(const struct json_document *document, const char *at,
				  char buffer[static JSON_EXCERPT_TEXT]);

/*
 * The text is no JSON at this place: the first fault stays, and stops every reader of the
 * document. Always false.
 */
bool json_document_fail(struct json_document *document, const char *at, const char *fmt,
			...) PRINTF_LIKE(3, 4);
