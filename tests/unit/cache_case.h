/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/state_case.h"

#include "agent/state/state_cache.h"
#include "agent/model/fingerprint.h"

/* A cache that is read, and what it must have found and parsed. */

#define STATE(services) "{ 'version': 1, 'services': [ " services " ] }"
#define SERVICE(n)	"{ 'address': '10.0.0." n "', 'port': 80, 'protocol': 'tcp' }"
#define MARK(n, address)                                                                 \
	"{ 'fwmark': " n ", 'destinations': [ { 'address': '" address "' } ] }"

/* So that no file is too young to be known, or every one is. */
enum { NO_DOUBT = 1, ALL_DOUBT = 1000 * 1000 * 1000 };

static inline struct state_cache new_cache(void)
{
	return (struct state_cache){ .doubt_usec = NO_DOUBT };
}

/* A time that has passed when the next file is written, or read. */
static inline void let_time_pass(void)
{
	usleep(20 * 1000);
}

static inline uint64_t fingerprint_read_anew(const char *path)
{
	struct table table = { 0 };
	uint64_t fingerprint;

	expect_state(path, &table);
	fingerprint = fingerprint_table(&table);
	table_clear(&table);
	return fingerprint;
}

/* A valid state: it is read from so many files. */
static inline const struct table *expect_read(struct state_cache *cache, const char *path,
					      bool changes, size_t files_read)
{
	struct state_problems problems = { 0 };
	const struct table *table = NULL;
	bool changed = !changes;
	char *text;
	int r;

	let_time_pass();
	r = state_cache_read(cache, path, &table, &changed, &problems);
	text = problem_text(&problems);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(r, STATE_OK);
	assert_int_equal(changed, changes);
	assert_int_equal(cache->files_read, files_read);
	assert_ptr_equal(table, &cache->table);
	assert_true(table_is_ascending(table));
	assert_int_equal(table->service_room, table->service_count);
	assert_int_equal(fingerprint_table(table), fingerprint_read_anew(path));
	for (size_t i = 0; i < table->service_count; i++)
		assert_int_equal(table->services[i].fingerprint,
				 fingerprint_service_whole(&table->services[i]));
	state_problems_clear(&problems);
	return table;
}

/* The outcome and the problems of reading everything; nothing else is touched. */
static inline void expect_refused(struct state_cache *cache, const char *path,
				  int outcome, const char *expected)
{
	const struct table *const none = (const struct table *)&none;
	struct state_problems problems = { 0 };
	const struct table *table = none;
	bool changed = false;
	char *text;

	let_time_pass();
	assert_int_equal(state_cache_read(cache, path, &table, &changed, &problems),
			 outcome);
	text = problem_text(&problems);
	assert_string_equal(text, expected);
	assert_ptr_equal(table, none);
	assert_false(changed);
	free(text);
	state_problems_clear(&problems);
	expect_problems("anew", path, outcome, expected);
}

static inline void replace(const char *path, const char *text)
{
	write_state("new", text);
	assert_int_equal(rename("new", path), 0);
}

static inline void make_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}
