/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/state_case.h"

#include "agent/state/draft.h"
#include "agent/state/sequential.h"
#include "agent/state/slices.h"
#include "agent/model/fingerprint.h"

/* Large states, and reading them in slices or threads and in one go. */

enum { SERVICES = 1500, SLICES = 4 };

/* A text that grows. */
struct text {
	char *bytes;
	size_t length;
	FILE *file;
};

static inline void begin_text(struct text *text)
{
	text->file = open_memstream(&text->bytes, &text->length);
	assert_non_null(text->file);
}

static inline void end_text(struct text *text)
{
	assert_int_equal(fclose(text->file), 0);
}

static inline void put_service(FILE *out, unsigned int i)
{
	fprintf(out,
		"  { \"name\": \"service-%u\", \"address\": \"10.1.%u.%u\", \"port\": 80,"
		" \"protocol\": \"tcp\", \"destinations\": [\n"
		"      { \"address\": \"10.2.%u.%u\", \"weight\": %u },\n"
		"      { \"address\": \"10.3.%u.%u\" } ] }",
		i, i / 256, i % 256, i / 256, i % 256, i % 100, i % 256, i / 256);
}

/* The service at odd instead of what stands there. */
static inline struct text large_state(size_t at, const char *odd)
{
	struct text text;

	begin_text(&text);
	fputs("{ \"version\": 1,\n\"timeouts\": { \"tcp\": 900 },\n\"services\": [\n",
	      text.file);
	for (size_t i = 0; i < SERVICES; i++) {
		fputs(i > 0 ? ",\n" : "", text.file);
		if (odd && i == at)
			fputs(odd, text.file);
		else
			put_service(text.file, i);
	}
	fputs(" ],\n\"sysctls\": { \"net.ipv4.vs.conntrack\": 1 } }\n", text.file);
	end_text(&text);
	return text;
}

static inline uint64_t read_sequentially(const char *path, int outcome, char **problems)
{
	struct state_problems found = { 0 };
	struct table table = { 0 };
	uint64_t fingerprint;

	assert_int_equal(sequential_read(path, NULL, &table, NULL, NULL, &found),
			 outcome);
	fingerprint = fingerprint_table(&table);
	*problems = problem_text(&found);
	table_clear(&table);
	state_problems_clear(&found);
	return fingerprint;
}

/* state_read() gives the same table or the same problems. */
static inline void expect_same(const char *path, int outcome)
{
	struct state_problems found = { 0 };
	struct table table = { 0 };
	char *expected, *problems;
	uint64_t fingerprint = read_sequentially(path, outcome, &expected);

	assert_int_equal(state_read(path, &table, &found), outcome);
	problems = problem_text(&found);
	assert_string_equal(problems, expected);
	assert_int_equal(fingerprint_table(&table), fingerprint);
	if (outcome != STATE_OK)
		assert_null(table.services);
	free(problems);
	free(expected);
	table_clear(&table);
	state_problems_clear(&found);
}

/* Whether the text is sound when it is read in as many slices as it can have. */
static inline bool is_sound_in_slices(const struct text *text)
{
	struct source source = { .data = text->bytes, .length = text->length };
	struct draft *draft = calloc(1, sizeof(*draft));
	int r;

	assert_non_null(draft);
	draft->file.path = strdup("state.json");
	assert_non_null(draft->file.path);
	r = draft_parse(draft, &source, SLICES, 16);
	assert_true(r == 0 || r == -ECANCELED);
	drafts_free(draft, 1);
	return r == 0;
}

/* Writes the text and reads it both ways; frees it. */
static inline void expect_text(struct text text, int outcome)
{
	write_bytes("state.json", text.bytes, text.length);
	expect_same("state.json", outcome);
	assert_int_equal(is_sound_in_slices(&text), outcome == STATE_OK);
	free(text.bytes);
}

static inline void expect_quoted(const char *quoted, int outcome)
{
	struct text text;

	begin_text(&text);
	for (const char *p = quoted; *p; p++)
		fputc(*p == '\'' ? '"' : *p, text.file);
	end_text(&text);
	expect_text(text, outcome);
}
