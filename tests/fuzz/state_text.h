/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/reader.h"
#include "tests/fuzz/require.h"

/* State files in memory, for the fuzz targets. */

static inline bool is_utf8(const char *text)
{
	json_t *string = json_string(text);
	bool valid = string != NULL;

	json_decref(string);
	return valid;
}

/* Reads one document; whether it is valid. The table is then sorted, and empty otherwise. */
static inline bool read_text(const char *text, size_t length, struct table *table,
			     struct state_problems *problems)
{
	struct reader reader = { .table = table, .problems = problems };
	struct source source = { .data = (char *)text, .length = length };

	REQUIRE(reader_begin_file(&reader, "state.json") == 0);
	document_read(&reader, &source);
	reader_finish(&reader);
	REQUIRE(reader.error == 0);
	reader_clear(&reader);
	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++)
		REQUIRE(strncmp(problems->lines[i], "state.json:", 11) == 0 &&
			strlen(problems->lines[i]) < 1000 && is_utf8(problems->lines[i]));
	if (problems->count > 0)
		table_clear(table);
	else
		table_sort(table);
	return problems->count == 0;
}

/* The table as text, which the caller frees. */
static inline char *write_text(const struct table *table, size_t *length, int *outcome)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, length);

	REQUIRE(file);
	*outcome = state_write(file, table, NULL);
	REQUIRE(fclose(file) == 0);
	REQUIRE(*outcome >= 0);
	return text;
}

/* What is read from a written text must be valid and give the same text again. */
static inline void require_round_trip(const char *text, size_t length)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	size_t again_length;
	int outcome;
	char *again;

	if (!read_text(text, length, &table, &problems)) {
		fprintf(stderr, "%s\n%.*s\n", problems.lines[0], (int)length, text);
		abort();
	}
	again = write_text(&table, &again_length, &outcome);
	REQUIRE(outcome == STATE_WRITTEN);
	REQUIRE(again_length == length && memcmp(text, again, length) == 0);
	free(again);
	table_clear(&table);
	state_problems_clear(&problems);
}
