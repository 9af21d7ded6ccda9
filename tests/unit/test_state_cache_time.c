/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/cache_case.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* What the cache makes of times, and of files that change while it reads. */

/* The same size and the same times as far as anybody can set them. */
static void test_hidden_change(void **state UNUSED)
{
	struct state_cache cache = new_cache();
	struct timespec times[2];
	struct stat st;

	write_state("hidden.json", STATE(SERVICE("1")));
	expect_read(&cache, "hidden.json", true, 1);
	assert_int_equal(stat("hidden.json", &st), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	write_state("hidden.json", STATE(SERVICE("2")));
	assert_int_equal(utimensat(AT_FDCWD, "hidden.json", times, 0), 0);
	expect_read(&cache, "hidden.json", true, 1);
	state_cache_clear(&cache);
}

/* A file that may have changed without a new time is read until it is older. */
static void test_young_files(void **state UNUSED)
{
	struct state_cache cache = { .doubt_usec = ALL_DOUBT };
	const struct service *services;
	size_t count;

	make_directory("young");
	write_state("young/a.json", STATE(SERVICE("1")));
	write_state("young/b.json", STATE(SERVICE("2")));
	services = expect_read(&cache, "young", true, 2)->services;
	assert_true(state_cache_files(&cache, &count)[0].young);
	/* The same was in it. */
	assert_ptr_equal(expect_read(&cache, "young", false, 0)->services, services);
	assert_true(state_cache_files(&cache, &count)[0].young);
	replace("young/a.json", STATE(SERVICE("3")));
	expect_read(&cache, "young", true, 1);
	/* Now both are older. */
	cache.doubt_usec = NO_DOUBT;
	expect_read(&cache, "young", false, 0);
	assert_false(state_cache_files(&cache, &count)[0].young);
	expect_read(&cache, "young", false, 0);
	state_cache_clear(&cache);
}

/* As it would be after a change within one tick: only the cache's memory differs. */
static void test_change_within_a_tick(void **state UNUSED)
{
	struct state_cache cache = { .doubt_usec = ALL_DOUBT };

	write_state("tick.json", STATE(SERVICE("1")));
	expect_read(&cache, "tick.json", true, 1);
	write_state("tick.json", STATE(SERVICE("2")));
	assert_int_equal(stat("tick.json", &cache.files[0].stat), 0);
	expect_read(&cache, "tick.json", true, 1);
	state_cache_clear(&cache);
}

static void test_default_doubt(void **state UNUSED)
{
	struct state_cache cache = { 0 };

	write_state("default.json", STATE(SERVICE("1")));
	usleep(STATE_CACHE_DOUBT_USEC);
	expect_read(&cache, "default.json", true, 1);
	expect_read(&cache, "default.json", false, 0);
	state_cache_clear(&cache);
}

/* Files come, go and change; every table is what reading all gives. */
static void test_random_changes(void **state UNUSED)
{
	enum { FILES = 12, ROUNDS = 200, NUMBERS = 40 };
	struct state_cache cache = new_cache();
	unsigned int seed = 1;
	size_t valid = 0;

	make_directory("random");
	for (int round = 0; round < ROUNDS; round++) {
		struct state_problems problems = { 0 }, anew = { 0 };
		struct table table = { 0 };
		const struct table *cached = NULL;
		char path[40], text[400], *words, *other;
		bool changed;
		int r;

		snprintf(path, sizeof(path), "random/%d.json", rand_r(&seed) % FILES);
		snprintf(text, sizeof(text),
			 STATE(MARK("%d", "10.0.0.%d") ", " MARK("%d", "10.0.0.1")),
			 1 + rand_r(&seed) % NUMBERS, 1 + rand_r(&seed) % 3,
			 1 + NUMBERS + rand_r(&seed) % NUMBERS);
		if (rand_r(&seed) % 3 == 0)
			unlink(path);
		else
			replace(path, rand_r(&seed) % 20 ? text : "{");
		usleep(5000);
		r = state_cache_read(&cache, "random", &cached, &changed, &problems);
		assert_int_equal(r, state_read("random", &table, &anew));
		words = problem_text(&problems);
		other = problem_text(&anew);
		assert_string_equal(words, other);
		if (r == STATE_OK) {
			assert_int_equal(fingerprint_table(cached),
					 fingerprint_table(&table));
			valid++;
		}
		free(words);
		free(other);
		table_clear(&table);
		state_problems_clear(&problems);
		state_problems_clear(&anew);
	}
	assert_true(valid > 0);
	state_cache_clear(&cache);
}

/* While files are being replaced, a directory is read as it was at one time. */
static void test_directory_that_is_being_filled(void **state UNUSED)
{
	enum { FILES = 50, READS = 100 };
	struct state_cache cache = new_cache();
	int status;
	pid_t child;

	make_directory("busy");
	for (int i = 0; i < FILES; i++) {
		char path[40], text[200];

		snprintf(path, sizeof(path), "busy/%d.json", i);
		snprintf(text, sizeof(text), STATE("{ 'fwmark': %d }"), i + 1);
		write_state(path, text);
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (int i = 0;; i = (i + 1) % FILES) {
			char path[40], text[200];

			snprintf(path, sizeof(path), "busy/%d.json", i);
			snprintf(text, sizeof(text), STATE("{ 'fwmark': %d }"), i + 1);
			replace(path, text);
			usleep(1000);
		}
	}
	for (int i = 0; i < READS; i++) {
		struct state_problems problems = { 0 };
		const struct table *table;
		bool changed;
		int r = state_cache_read(&cache, "busy", &table, &changed, &problems);

		if (r == STATE_OK) {
			assert_int_equal(table->service_count, FILES);
		} else {
			assert_int_equal(r, STATE_INVALID);
			assert_string_equal(problems.lines[0],
					    "busy: changes while it is read");
		}
		state_problems_clear(&problems);
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	state_cache_clear(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden_change),
		cmocka_unit_test(test_young_files),
		cmocka_unit_test(test_change_within_a_tick),
		cmocka_unit_test(test_default_doubt),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_directory_that_is_being_filled),
	};

	return cmocka_run_group_tests_name("state cache and time", tests,
					   enter_state_directory, leave_state_directory);
}
