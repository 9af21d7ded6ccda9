/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void json_text_init(struct json_text *text, const char *start, size_t length)
{
	*text = (struct json_text){ .start = start, .length = length, .line = 1 };
}

/*
 * Counts lines and characters as they go by and never looks back, so that the caller may give
 * back the memory of what was taken.
 */
static void advance(struct json_text *text, size_t bytes)
{
	const char *p = text->start + text->position, *end = p + bytes, *newline;

	text->position += bytes;
	while (p < end && (newline = memchr(p, '\n', end - p))) {
		text->line++;
		text->column = 0;
		p = newline + 1;
	}
	for (; p < end; p++)
		text->column += ((unsigned char)*p & 0xc0) != 0x80;
}

void json_text_skip(struct json_text *text, size_t position)
{
	advance(text, position - text->position);
}

int json_text_peek(struct json_text *text)
{
	size_t i = text->position;

	while (i < text->length && (text->start[i] == ' ' || text->start[i] == '\t' ||
				    text->start[i] == '\n' || text->start[i] == '\r'))
		i++;
	advance(text, i - text->position);
	return i < text->length ? (unsigned char)text->start[i] : -1;
}

bool json_text_take(struct json_text *text, char c)
{
	if (json_text_peek(text) != (unsigned char)c)
		return false;
	advance(text, 1);
	return true;
}

/* From behind an opening quote to behind the closing one, or the end. */
static const char *pass_string(const char *p, const char *end)
{
	for (; p < end && *p != '"'; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
	}
	return p < end ? p + 1 : end;
}

static bool ends_plain_value(char c)
{
	return strchr(",:]} \t\n\r", c) && c != '\0';
}

bool json_text_pass(struct json_text *text)
{
	const char *end = text->start + text->length, *p;
	size_t depth = 0;

	if (json_text_peek(text) < 0)
		return false;
	p = text->start + text->position;
	do {
		char c = *p++;

		if (c == '"')
			p = pass_string(p, end);
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		else if (depth == 0)
			while (p < end && !ends_plain_value(*p))
				p++;
	} while (depth > 0 && p < end);
	advance(text, p - text->start - text->position);
	return true;
}

/* jansson calls a NUL byte between two values the end of the file. */
static bool stopped_at_nul(const struct json_text *text, const json_error_t *error)
{
	return error->position > 0 &&
	       (size_t)error->position <= text->length - text->position &&
	       text->start[text->position + error->position - 1] == '\0';
}

/* What jansson says in terms of its own flags is said in the file's. */
static const char *fault_text(const struct json_text *text, const json_error_t *error)
{
	if (stopped_at_nul(text, error))
		return "a NUL byte";
	if (json_error_code(error) == json_error_null_character ||
	    json_error_code(error) == json_error_null_byte_in_key)
		return "\\u0000 cannot stand in a text";
	return error->text;
}

int json_text_value(struct json_text *text, json_t **value, struct json_fault *fault)
{
	json_error_t error;
	size_t column;

	json_text_peek(text);
	*value = json_loadb(text->start + text->position, text->length - text->position,
			    JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES |
				    JSON_DECODE_ANY |
				    (text->takes_nul ? JSON_ALLOW_NUL : 0),
			    &error);
	if (*value) {
		advance(text, error.position);
		return 0;
	}
	/* Where memory is out, jansson mostly sets no error at all. */
	if (error.line < 0 || json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	column = MAX_OF(error.column, 1);
	fault->line = text->line + error.line - 1;
	fault->column = error.line == 1 ? text->column + column : column;
	snprintf(fault->text, sizeof(fault->text), "%s", fault_text(text, &error));
	return -EINVAL;
}

int json_text_expected(struct json_text *text, const char *what, struct json_fault *fault)
{
	int c = json_text_peek(text);
	char found[20];

	if (c < 0)
		snprintf(found, sizeof(found), "the end of the file");
	else if (c > ' ' && c < 0x7f)
		snprintf(found, sizeof(found), "'%c'", c);
	else
		snprintf(found, sizeof(found), "byte 0x%02x", c);
	fault->line = text->line;
	fault->column = text->column + 1;
	snprintf(fault->text, sizeof(fault->text), "%s expected, found %s", what, found);
	return -EINVAL;
}
