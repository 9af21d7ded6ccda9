/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/printable.h"

/* Characters of a line that are shown, before the place and after it. */
enum {
	SHOWN_BEFORE = 60,
	SHOWN_AFTER = 30,
	BYTES_BEFORE = 4 * SHOWN_BEFORE,
	BYTES_AFTER = 4 * SHOWN_AFTER,
};

void json_document_init(struct json_document *document, const char *text, size_t length)
{
	*document = (struct json_document){
		.start = text,
		.end = text + length,
		.counted = text,
		.counted_at = { 1, 1 },
		.there = text,
	};
	if (length > JSON_SIZE_MAX)
		json_document_fail(document, text, "the text is larger than %d MiB",
				   JSON_SIZE_MAX >> 20);
}

void json_document_clear(struct json_document *document)
{
	free(document->names);
	memset(document, 0, sizeof(*document));
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

struct json_location json_document_locate(const struct json_document *document,
					  const char *at)
{
	struct json_location location = document->counted_at;
	const char *p = document->counted, *newline;

	while (p < at && (newline = memchr(p, '\n', at - p))) {
		location.line++;
		location.column = 1;
		p = newline + 1;
	}
	for (; p < at; p++)
		location.column += begins_character(*p);
	return location;
}

void json_document_forget(struct json_document *document, const char *at)
{
	for (size_t i = 0; i < document->name_count; i++) {
		struct json_name *name = &document->names[i];
		const char *place = document->start + name->offset;

		if (name->line == 0 && place >= document->counted && place < at)
			name->line = json_document_locate(document, place).line;
	}
	document->counted_at = json_document_locate(document, at);
	document->counted = at;
	document->there = at;
}

/* So many characters before a place, but not before the beginning of its line. */
static const char *window_start(const struct json_document *document, const char *at)
{
	const char *first = document->there;
	size_t count = 0;

	if (at - first > BYTES_BEFORE)
		first = at - BYTES_BEFORE;
	while (at > first && at[-1] != '\n' && count < SHOWN_BEFORE) {
		at--;
		count += begins_character(*at);
	}
	return at;
}

/* Likewise after it. */
static const char *window_end(const struct json_document *document, const char *at)
{
	const char *start = at, *last = document->end;
	size_t count = 0;

	if (last - at > BYTES_AFTER)
		last = at + BYTES_AFTER;
	while (at < last && *at != '\n' &&
	       (count < SHOWN_AFTER || !begins_character(*at))) {
		count += begins_character(*at);
		at++;
	}
	return at > start && at[-1] == '\r' ? at - 1 : at;
}

/* Each byte that is nothing to print is one '?' and each tab one blank, so that columns stay. */
static void copy_shown(char *to, const char *from, size_t length)
{
	memcpy(to, from, length);
	to[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if (to[i] == '\t')
			to[i] = ' ';
		else if (to[i] == '\0')
			to[i] = '?';
	}
	printable_make(to);
}

static size_t count_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += begins_character(*text);
	return count;
}

const char *json_document_excerpt(const struct json_document *document, const char *at,
				  char buffer[static JSON_EXCERPT_TEXT])
{
	const char *start = window_start(document, at), *end = window_end(document, at);
	char before[BYTES_BEFORE + 1], after[BYTES_AFTER + 1], number[24];
	bool cut_start = start > document->start && start[-1] != '\n';
	bool cut_end = end < document->end && *end != '\n' && *end != '\r';
	uint8_t width, caret;

	copy_shown(before, start, at - start);
	copy_shown(after, at, end - at);
	width = (uint8_t)snprintf(number, sizeof(number), "%zu",
				  json_document_locate(document, at).line);
	caret = (uint8_t)(count_characters(before) + (cut_start ? 3 : 0));
	snprintf(buffer, JSON_EXCERPT_TEXT, "  %s | %s%s%s%s\n  %*s | %*s^\n", number,
		 cut_start ? "..." : "", before, after, cut_end ? "..." : "", width, "",
		 caret, "");
	return buffer;
}

bool json_document_fail(struct json_document *document, const char *at, const char *fmt,
			...)
{
	va_list ap;

	if (document->error)
		return false;
	document->error = -EINVAL;
	document->fault_at = at;
	va_start(ap, fmt);
	vsnprintf(document->fault, sizeof(document->fault), fmt, ap);
	va_end(ap);
	printable_make(document->fault);
	return false;
}
