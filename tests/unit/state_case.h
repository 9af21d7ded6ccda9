/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/state/state.h"

/*
 * State files for tests: a group runs in a directory of its own, so that messages name plain
 * files. In the texts ' stands for ", which C would want escaped.
 */

static char state_directory[PATH_MAX];

static inline int enter_state_directory(void **state UNUSED)
{
	const char *parent = getenv("TMPDIR");

	snprintf(state_directory, sizeof(state_directory), "%s/ipvs-state-XXXXXX",
		 parent ? parent : "/tmp");
	return mkdtemp(state_directory) && chdir(state_directory) == 0 ? 0 : -1;
}

static inline int leave_state_directory(void **state UNUSED)
{
	char command[sizeof(state_directory) + 16];

	snprintf(command, sizeof(command), "rm -rf %s", state_directory);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static inline void write_bytes(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline void write_state(const char *path, const char *text)
{
	char *json = strdup(text);

	assert_non_null(json);
	for (char *p = json; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	write_bytes(path, json, strlen(json));
	free(json);
}

/* All problems, a line each; the caller frees it. */
static inline char *problem_text(const struct state_problems *problems)
{
	size_t size = 1;
	char *text;

	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++)
		size += strlen(problems->lines[i]) + 1;
	text = calloc(1, size);
	assert_non_null(text);
	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++) {
		strcat(text, problems->lines[i]);
		strcat(text, "\n");
	}
	return text;
}

/* Reads path, which must give this outcome and these problems, and leaves an empty table. */
static inline void expect_problems(const char *name, const char *path, int outcome,
				   const char *expected)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	int r = state_read(path, &table, &problems);
	char *text = problem_text(&problems);

	if (r != outcome || strcmp(text, expected) != 0)
		print_error("%s: outcome %d, problems:\n%s", name, r, text);
	assert_int_equal(r, outcome);
	assert_string_equal(text, expected);
	assert_int_equal(table.service_count, 0);
	assert_null(table.services);
	free(text);
	state_problems_clear(&problems);
}

static inline void expect_invalid(const char *name, const char *text,
				  const char *expected)
{
	write_state("state.json", text);
	expect_problems(name, "state.json", STATE_INVALID, expected);
}

/* Reads path, which must be a valid state; the caller clears the table. */
static inline void expect_state(const char *path, struct table *table)
{
	struct state_problems problems = { 0 };
	int r = state_read(path, table, &problems);
	char *text = problem_text(&problems);

	assert_string_equal(text, "");
	assert_int_equal(r, STATE_OK);
	free(text);
	state_problems_clear(&problems);
}
