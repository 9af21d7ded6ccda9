/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/cache_case.h"

#include <fcntl.h>

/* The cache gives what reading everything again would give, and reads what has changed. */

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
	expect_refused(
		&cache, "broken", STATE_INVALID,
		"broken/d.json: is a link to a file that does not exist: it is a link to nowhere\n");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_file),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_broken_and_mended),
		cmocka_unit_test(test_key_in_two_files),
		cmocka_unit_test(test_back_after_refusal),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests_name("state cache", tests, enter_state_directory,
					   leave_state_directory);
}
