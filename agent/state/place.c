/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place_find() walks the raw text once more, only after a problem: jansson keeps no lines of
 * values. The text is known to be sound JSON, so a simple scanner does; all the same it never
 * leaves the text.
 */
#include "agent/state/place.h"

#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/macro.h"

static bool is_plain(const char *key)
{
	for (const char *p = key; *p; p++) {
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			return false;
	}
	return *key != '\0';
}

static size_t format_step(const struct place *place, char *buffer, size_t size)
{
	int length;

	if (!place->key)
		length = snprintf(buffer, size, "[%zu]", place->index);
	else if (is_plain(place->key))
		length = snprintf(buffer, size, "%s%.60s", place->parent ? "." : "",
				  place->key);
	else
		length = snprintf(buffer, size, "[\"%.60s\"]", place->key);
	return MIN_OF((size_t)length, size - 1);
}

static bool is_same(const struct place *a, const struct place *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->parent != b->parent || !a->key != !b->key)
		return false;
	return a->key ? strcmp(a->key, b->key) == 0 : a->index == b->index;
}

/* The steps from place up to below anchor, in that order; their number. */
static size_t steps_of(const struct place *place, const struct place *anchor,
		       const struct place *steps[static PLACE_DEPTH])
{
	size_t depth = 0;

	for (const struct place *p = place;
	     p && !is_same(p, anchor) && depth < PLACE_DEPTH; p = p->parent)
		steps[depth++] = p;
	return depth;
}

const char *place_format(const struct place *place, char buffer[static PLACE_TEXT])
{
	const struct place *steps[PLACE_DEPTH];
	size_t count = steps_of(place, NULL, steps), used = 0;

	buffer[0] = '\0';
	for (size_t i = count; i-- > 0;)
		used += format_step(steps[i], buffer + used, PLACE_TEXT - used);
	return buffer;
}

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* From an opening quote to behind the closing one. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if (*p == '\\')
			p++;
	}
	return p < end ? p + 1 : end;
}

static const char *skip_value(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			if (depth == 0)
				return p;
			continue;
		}
		if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			if (--depth == 0)
				return p + 1;
		} else if (depth == 0 && *p == ',') {
			return p;
		}
		p++;
	}
	return end;
}

/* Whether the string that starts at p, quotes and escapes included, says key. */
static bool string_is(const char *p, const char *behind, const char *key)
{
	size_t length = behind - p;
	json_t *decoded;
	bool same;

	if (!memchr(p, '\\', length))
		return length == strlen(key) + 2 && memcmp(p + 1, key, length - 2) == 0;
	decoded = json_loadb(p, length, JSON_DECODE_ANY, NULL);
	same = decoded && strcmp(json_string_value(decoded), key) == 0;
	json_decref(decoded);
	return same;
}

static const char *find_member(const char *p, const char *end, const char *key)
{
	p = skip_space(p + 1, end);
	while (p < end && *p == '"') {
		const char *behind = skip_string(p, end);
		bool same = string_is(p, behind, key);

		p = skip_space(behind, end);
		if (p >= end || *p != ':')
			return NULL;
		p = skip_space(p + 1, end);
		if (same)
			return p < end ? p : NULL;
		p = skip_space(skip_value(p, end), end);
		if (p >= end || *p != ',')
			return NULL;
		p = skip_space(p + 1, end);
	}
	return NULL;
}

static const char *find_element(const char *p, const char *end, size_t index)
{
	p = skip_space(p + 1, end);
	for (size_t i = 0; i < index; i++) {
		p = skip_space(skip_value(p, end), end);
		if (p >= end || *p != ',')
			return NULL;
		p = skip_space(p + 1, end);
	}
	return p < end ? p : NULL;
}

const char *place_find(const struct place *place, const struct place *anchor,
		       const char *text, size_t length)
{
	const struct place *steps[PLACE_DEPTH];
	size_t count = steps_of(place, anchor, steps);
	const char *p = text, *end = text + length;

	for (size_t i = count; i-- > 0;) {
		const char *next = NULL;

		if (steps[i]->key && p < end && *p == '{')
			next = find_member(p, end, steps[i]->key);
		else if (!steps[i]->key && p < end && *p == '[')
			next = find_element(p, end, steps[i]->index);
		/* A field that is missing: the object that lacks it. */
		if (!next)
			return p;
		p = next;
	}
	return p;
}
