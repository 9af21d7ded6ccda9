/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "agent/state/cache.h"
#include "agent/table/fingerprint.h"

/* The cache gives what reading everything again would give, and reads what has changed. */

#define STATE(services) "{ 'version': 1, 'services': [ " services " ] }"
#define SERVICE(n)	"{ 'address': '10.0.0." n "', 'port': 80, 'protocol': 'tcp' }"
#define MARK(n, address)                                                                 \
	"{ 'fwmark': " n ", 'destinations': [ { 'address': '" address "' } ] }"

/* So that no file is too young to be known, or every one is. */
enum { NO_DOUBT = 1, ALL_DOUBT = 1000 * 1000 * 1000 };

static struct state_cache new_cache(void)
{
	return (struct state_cache){ .doubt_usec = NO_DOUBT };
}

/* A time that has passed when the next file is written, or read. */
static void let_time_pass(void)
{
	usleep(20 * 1000);
}

static uint64_t fingerprint_read_anew(const char *path)
{
	struct table table = { 0 };
	uint64_t fingerprint;

	expect_state(path, &table);
	fingerprint = fingerprint_table(&table);
	table_clear(&table);
	return fingerprint;
}

/* A valid state: it is read from so many files. */
static const struct table *expect_read(struct state_cache *cache, const char *path,
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
static void expect_refused(struct state_cache *cache, const char *path, int outcome,
			   const char *expected)
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

static void replace(const char *path, const char *text)
{
	write_state("new", text);
	assert_int_equal(rename("new", path), 0);
}

static void test_single_file(void **state UNUSED)
{
	struct state_cache cache = new_cache();
	const struct table *table;
	const struct service *services;

	write_state("single.json", STATE(SERVICE("2") ", " SERVICE("1")));
	table = expect_read(&cache, "single.json", true, 1);
	services = table->services;
	assert_int_equal(table->service_count, 2);
	expect_read(&cache, "single.json", false, 0);
	assert_ptr_equal(table->services, services);
	/* Written in place, replaced. */
	write_state("single.json", STATE(SERVICE("2") ", " SERVICE("3")));
	expect_read(&cache, "single.json", true, 1);
	replace("single.json", STATE(SERVICE("4")));
	assert_int_equal(expect_read(&cache, "single.json", true, 1)->service_count, 1);
	/* Touched, and replaced by the same bytes: looked at, and not parsed. */
	services = table->services;
	assert_int_equal(utimensat(AT_FDCWD, "single.json", NULL, 0), 0);
	expect_read(&cache, "single.json", false, 0);
	replace("single.json", STATE(SERVICE("4")));
	expect_read(&cache, "single.json", false, 0);
	assert_ptr_equal(table->services, services);
	/* As many bytes, others. */
	replace("single.json", STATE(SERVICE("5")));
	expect_read(&cache, "single.json", true, 1);
	expect_read(&cache, "single.json", false, 0);
	assert_int_equal(unlink("single.json"), 0);
	expect_refused(&cache, "single.json", STATE_MISSING,
		       "single.json: does not exist\n");
	state_cache_clear(&cache);
}

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

static void make_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void test_directory(void **state UNUSED)
{
	struct state_cache cache = new_cache();
	const struct table *table;
	const struct destination *kept;

	make_directory("files");
	write_state("files/b.json",
		    STATE(MARK("5", "10.0.0.1") ", " MARK("1", "10.0.0.2")));
	write_state("files/d.json",
		    STATE(MARK("3", "10.0.0.3") ", " MARK("4", "10.0.0.4")));
	write_state("files/notes", "");
	make_directory("files/directory.json");
	table = expect_read(&cache, "files", true, 2);
	assert_int_equal(table->service_count, 4);
	assert_int_equal(table->services[0].file, 0);
	assert_int_equal(table->services[1].file, 1);
	expect_read(&cache, "files", false, 0);
	/* One changes: what the other says is borrowed, not read. */
	kept = table->services[0].destinations;
	replace("files/d.json", STATE(MARK("3", "10.0.0.9") ", " MARK("6", "10.0.0.4")));
	table = expect_read(&cache, "files", true, 1);
	assert_ptr_equal(table->services[0].destinations, kept);
	/* One appears before them all, and one between. */
	write_state("files/a.json", STATE(MARK("2", "10.0.0.7")));
	write_state("files/c.json", STATE(""));
	table = expect_read(&cache, "files", true, 2);
	assert_int_equal(table->service_count, 5);
	assert_int_equal(table->services[0].file, 1);
	assert_int_equal(table->services[1].file, 0);
	assert_int_equal(table->services[2].file, 3);
	assert_ptr_equal(table->services[0].destinations, kept);
	/* One goes, one gets another's name. */
	assert_int_equal(unlink("files/a.json"), 0);
	table = expect_read(&cache, "files", true, 0);
	assert_int_equal(table->services[0].file, 0);
	assert_int_equal(rename("files/b.json", "files/c.json"), 0);
	table = expect_read(&cache, "files", true, 1);
	assert_int_equal(table->service_count, 4);
	assert_int_equal(unlink("files/c.json"), 0);
	assert_int_equal(unlink("files/d.json"), 0);
	expect_refused(&cache, "files", STATE_MISSING, "files: has no *.json file\n");
	write_state("files/e.json", STATE(""));
	assert_int_equal(expect_read(&cache, "files", true, 1)->service_count, 0);
	expect_read(&cache, "files", false, 0);
	state_cache_clear(&cache);
}

static void test_globals(void **state UNUSED)
{
	struct state_cache cache = new_cache();
	const struct globals *globals = &cache.table.globals;

	make_directory("globals");
	write_state("globals/a.json",
		    "{ 'version': 1, 'services': [], 'timeouts': { 'tcp': 900 },"
		    "  'sysctls': { 'net.b': 1 },"
		    "  'syncDaemons': [ { 'role': 'master', 'interface': 'a' } ] }");
	write_state("globals/b.json",
		    "{ 'version': 1, 'services': [], 'timeouts': { 'udp': 30 },"
		    "  'sysctls': { 'net.a': 'x', 'net.c': 2 } }");
	expect_read(&cache, "globals", true, 2);
	assert_int_equal(globals->sysctl_count, 3);
	assert_string_equal(globals->sysctls[0].name, "net.a");
	replace("globals/b.json", STATE(SERVICE("1")));
	expect_read(&cache, "globals", true, 1);
	assert_int_equal(globals->timeouts.tcp, 900);
	assert_int_equal(globals->timeouts.udp, 0);
	assert_int_equal(globals->sysctl_count, 1);
	assert_int_equal(globals->daemons[0].role, SYNC_MASTER);
	/* What one has said may be another's to say now. */
	assert_int_equal(rename("globals/a.json", "globals/c.json"), 0);
	expect_read(&cache, "globals", true, 1);
	write_state("globals/a.json", STATE(MARK("1", "10.0.0.1")));
	expect_read(&cache, "globals", true, 1);
	/* A file that is kept does not go with one that is new. */
	replace("globals/a.json",
		STATE("{ 'fwmark': 1, 'destinations': [ { 'address': 'fd00::1', 'forward': 'tunnel' } ] }"));
	expect_refused(
		&cache, "globals", STATE_INVALID,
		"globals/c.json:1: syncDaemons[0]: the kernel runs no sync daemon beside a destination of the other address family, as at globals/a.json:1 (services[0].destinations[0])\n");
	assert_int_equal(unlink("globals/c.json"), 0);
	expect_read(&cache, "globals", true, 1);
	state_cache_clear(&cache);
}

static void test_broken_and_mended(void **state UNUSED)
{
	struct state_cache cache = new_cache();
	const struct state_file *files;
	const struct destination *kept;
	size_t count;

	make_directory("broken");
	write_state("broken/a.json", STATE(MARK("1", "10.0.0.1")));
	write_state("broken/b.json", STATE(MARK("2", "10.0.0.2")));
	write_state("broken/c.json", STATE(MARK("3", "10.0.0.3")));
	kept = expect_read(&cache, "broken", true, 3)->services[0].destinations;
	replace("broken/b.json", "{ 'version': 1,\n 'services': [ }");
	replace("broken/c.json", STATE("{ 'fwmark': 0 }"));
	expect_refused(
		&cache, "broken", STATE_INVALID,
		"broken/b.json:2:16: unexpected token near '}'\n"
		"broken/c.json:1: services[0].fwmark: 0 is not in 1..4294967295\n");
	/* The files that last made a state, and what has not changed since. */
	files = state_cache_files(&cache, &count);
	assert_int_equal(count, 3);
	assert_string_equal(files[1].path, "broken/b.json");
	assert_int_equal(cache.table.service_count, 1);
	assert_ptr_equal(cache.table.services[0].destinations, kept);
	replace("broken/b.json", STATE(MARK("2", "10.0.0.4")));
	expect_refused(
		&cache, "broken", STATE_INVALID,
		"broken/c.json:1: services[0].fwmark: 0 is not in 1..4294967295\n");
	replace("broken/c.json", STATE(MARK("4", "10.0.0.5")));
	assert_ptr_equal(expect_read(&cache, "broken", true, 2)->services[0].destinations,
			 kept);
	assert_int_equal(symlink("nowhere", "broken/d.json"), 0);
	expect_refused(&cache, "broken", STATE_INVALID,
		       "broken/d.json: is a link to a file that does not exist\n");
	assert_int_equal(unlink("broken/d.json"), 0);
	/* All as it was: nothing differs from what the last good one gave. */
	expect_read(&cache, "broken", false, 0);
	assert_int_equal(mkfifo("broken/d.json", 0644), 0);
	expect_refused(&cache, "broken", STATE_INVALID,
		       "broken/d.json: is not a regular file but a FIFO\n");
	state_cache_clear(&cache);
}

static void test_key_in_two_files(void **state UNUSED)
{
	struct state_cache cache = new_cache();

	make_directory("twice");
	write_state("twice/a.json", STATE(SERVICE("1") ", " SERVICE("2")));
	write_state("twice/b.json", STATE(SERVICE("3")));
	expect_read(&cache, "twice", true, 2);
	replace("twice/b.json", STATE("\n" SERVICE("2")));
	expect_refused(
		&cache, "twice", STATE_INVALID,
		"twice/b.json:2: services[0]: tcp 10.0.0.2:80 stands twice, first at twice/a.json:1 (services[1])\n");
	/* It moves from one to the other. */
	replace("twice/a.json", STATE(SERVICE("1")));
	expect_read(&cache, "twice", true, 2);
	replace("twice/a.json",
		"{ 'version': 1, 'services': [], 'sysctls': { 'net.a': 1 } }");
	replace("twice/b.json",
		"{ 'version': 1, 'services': [], 'sysctls': { 'net.a': 1 } }");
	expect_refused(
		&cache, "twice", STATE_INVALID,
		"twice/b.json:1: sysctls[\"net.a\"]: stands twice, first at twice/a.json:1\n");
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

/* What was given up for something that is refused is read again, also where it is back as it was. */
static void test_back_after_refusal(void **state UNUSED)
{
	struct state_cache cache = new_cache();

	make_directory("back");
	write_state("back/a.json", STATE(MARK("1", "10.0.0.1")));
	write_state("back/b.json", STATE(MARK("2", "10.0.0.2")));
	expect_read(&cache, "back", true, 2);
	assert_int_equal(rename("back/b.json", "aside"), 0);
	write_state("back/b.json", "{");
	expect_refused(
		&cache, "back", STATE_INVALID,
		"back/b.json:1:2: a field's name in double quotes expected, found the end of the file\n");
	assert_int_equal(rename("aside", "back/b.json"), 0);
	expect_read(&cache, "back", true, 1);
	expect_read(&cache, "back", false, 0);
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

static void test_files(void **state UNUSED)
{
	struct state_cache cache = new_cache();
	const struct state_file *files;
	struct stat st;
	size_t count;

	files = state_cache_files(&cache, &count);
	assert_null(files);
	assert_int_equal(count, 0);
	make_directory("list");
	write_state("list/b.json", STATE(SERVICE("1")));
	write_state("list/a.json", STATE(SERVICE("2")));
	expect_read(&cache, "list", true, 2);
	files = state_cache_files(&cache, &count);
	assert_int_equal(count, 2);
	assert_string_equal(files[0].path, "list/a.json");
	assert_string_equal(files[1].path, "list/b.json");
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(stat(files[i].path, &st), 0);
		assert_int_equal(files[i].stat.st_ino, st.st_ino);
		assert_int_equal(files[i].stat.st_size, st.st_size);
	}
	/* One file where the directory was. */
	assert_int_equal(rename("list/a.json", "a.json"), 0);
	assert_int_equal(unlink("list/b.json"), 0);
	assert_int_equal(rmdir("list"), 0);
	assert_int_equal(rename("a.json", "list"), 0);
	expect_read(&cache, "list", true, 1);
	files = state_cache_files(&cache, &count);
	assert_int_equal(count, 1);
	assert_string_equal(files[0].path, "list");
	/* And another path. */
	write_state("other.json", STATE(""));
	expect_read(&cache, "other.json", true, 1);
	expect_read(&cache, "list", true, 1);
	state_cache_clear(&cache);
	assert_int_equal(cache.file_count, 0);
	assert_null(cache.table.services);
}

static void test_links(void **state UNUSED)
{
	struct state_cache cache = new_cache();

	/* As kubelet mounts a ConfigMap: the link to the data is replaced. */
	make_directory("volume");
	make_directory("volume/..1");
	make_directory("volume/..2");
	write_state("volume/..1/a.json", STATE(SERVICE("1")));
	write_state("volume/..2/a.json", STATE(SERVICE("2")));
	assert_int_equal(symlink("..1", "volume/..data"), 0);
	assert_int_equal(symlink("..data/a.json", "volume/a.json"), 0);
	expect_read(&cache, "volume", true, 1);
	expect_read(&cache, "volume", false, 0);
	assert_int_equal(symlink("..2", "volume/..new"), 0);
	assert_int_equal(rename("volume/..new", "volume/..data"), 0);
	expect_read(&cache, "volume", true, 1);
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
		cmocka_unit_test(test_single_file),
		cmocka_unit_test(test_hidden_change),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_broken_and_mended),
		cmocka_unit_test(test_key_in_two_files),
		cmocka_unit_test(test_back_after_refusal),
		cmocka_unit_test(test_young_files),
		cmocka_unit_test(test_change_within_a_tick),
		cmocka_unit_test(test_default_doubt),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_directory_that_is_being_filled),
	};

	return cmocka_run_group_tests_name("state cache", tests, enter_state_directory,
					   leave_state_directory);
}
