/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "agent/store/last_good.h"
#include "agent/store/ownership_file.h"
#include "agent/model/fingerprint.h"
#include "common/clock.h"

/* The last good state's file, and what the record says of it. */

struct fixture {
	void *directory;
	struct state_cache state;
	bool is_directory;
	struct ownership ownership;
};

/* Reads the state at NAME below the directory into the cache. */
static void read_state(struct fixture *f, const char *name)
{
	const struct table *table;
	struct state_problems problems = { 0 };
	bool changed;

	assert_int_equal(state_cache_read(&f->state, in_directory(f->directory, name),
					  &table, &changed, &problems),
			 STATE_OK);
	state_problems_clear(&problems);
}

static void write_state(struct fixture *f, const char *name, unsigned int n,
			unsigned int weight)
{
	char text[512];

	snprintf(
		text, sizeof(text),
		"{ \"version\": 1, \"services\": [ { \"address\": \"10.0.0.%u\", \"port\": 80, \"protocol\": \"tcp\", \"destinations\": [ { \"address\": \"10.1.0.1\", \"weight\": %u } ] } ] }",
		n, weight);
	write_text(in_directory(f->directory, name), text);
}

static void set_weight(struct fixture *f, unsigned int weight)
{
	write_state(f, "state.json", 1, weight);
	read_state(f, "state.json");
}

/* The state is a directory of two files from now on. */
static void become_directory(struct fixture *f)
{
	assert_int_equal(mkdir(in_directory(f->directory, "states"), 0755), 0);
	write_state(f, "states/a.json", 1, 1);
	write_state(f, "states/b.json", 2, 2);
	read_state(f, "states");
	f->is_directory = true;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	temporary_make(&f->directory);
	set_weight(f, 1);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	state_cache_clear(&f->state);
	ownership_clear(&f->ownership);
	temporary_remove(&f->directory);
	free(f);
	return 0;
}

static const char *file_of(const struct fixture *f)
{
	return in_directory(f->directory, "last-good");
}

/* Writes the table; returns whether the record is to be written. */
static bool assert_written(struct fixture *f)
{
	bool changed = false;
	struct err err = { 0 };

	assert_int_equal(last_good_write(f->directory, &f->state, f->is_directory,
					 &f->ownership, &changed, &err),
			 0);
	assert_true(f->ownership.good_saved);
	assert_int_equal(f->ownership.good_fingerprint,
			 fingerprint_table(&f->state.table));
	return changed;
}

static void assert_read(struct fixture *f)
{
	struct table table = { 0 };
	int64_t when = 0;
	struct err err = { 0 };

	assert_int_equal(
		last_good_read(f->directory, NULL, &f->ownership, &table, &when, &err),
		LAST_GOOD_READ);
	assert_int_equal(fingerprint_table(&table), fingerprint_table(&f->state.table));
	/* time() can be behind the file's: its clock has no more than the kernel's ticks. */
	assert_in_range((int64_t)(clock_usec(CLOCK_REALTIME) / 1000000) - when, 0, 60);
	table_clear(&table);
}

/* It is not used; why is "DIRECTORY/last-good" and what follows it. */
static void assert_none(struct fixture *f, const char *why)
{
	struct table table = { 0 };
	int64_t when = 0;
	struct err err = { 0 };
	char text[PATH_MAX + 128];

	snprintf(text, sizeof(text), "%s%s", file_of(f), why);
	assert_int_equal(
		last_good_read(f->directory, NULL, &f->ownership, &table, &when, &err),
		LAST_GOOD_NONE);
	assert_string_equal(err.text, text);
	assert_int_equal(table.service_count, 0);
	assert_null(table.services);
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void what_was_written_is_read(void **state)
{
	struct fixture *f = *state;

	assert_true(assert_written(f));
	assert_read(f);
	/* After a reboot the record knows nothing of it. */
	f->ownership.good_fingerprint = 0;
	f->ownership.good_saved = false;
	assert_read(f);
}

static void missing_file_is_none(void **state)
{
	struct fixture *f = *state;

	assert_none(f, ": there is none yet");
	assert_true(assert_written(f));
	assert_int_equal(unlink(file_of(f)), 0);
	assert_none(f, ": there is none yet");
}

static void broken_file_is_none(void **state)
{
	struct fixture *f = *state;

	write_text(file_of(f), "{\n  \"version\": 1,\n");
	assert_none(
		f,
		":3:1: a field's name in double quotes expected, found the end of the file");
	write_text(file_of(f), "{ \"version\": 1, \"services\": [ { \"port\": 80 } ] }");
	assert_none(f, ":1: services[0]: neither an address nor a fwmark");
}

/* The disk was full when a later state was to be written. */
static void file_that_is_older_than_the_record_is_none(void **state)
{
	struct fixture *f = *state;

	assert_written(f);
	f->ownership.good_saved = false;
	assert_none(f, ": older than what was programmed last");
}

static void file_of_another_state_is_none(void **state)
{
	struct fixture *f = *state;

	assert_written(f);
	f->ownership.good_fingerprint ^= 1;
	assert_none(f, ": not what was programmed last");
}

static void state_that_is_back_is_left_no_more(void **state)
{
	struct fixture *f = *state;

	assert_true(assert_written(f));
	f->ownership.good_left = true;
	assert_true(assert_written(f));
	assert_false(f->ownership.good_left);
	assert_false(assert_written(f));
}

static void directory_is_made(void **state)
{
	struct fixture *f = *state;
	char *below = strdup(in_directory(f->directory, "data"));
	bool changed = false;

	assert_int_equal(
		last_good_write(below, &f->state, false, &f->ownership, &changed, NULL),
		0);
	assert_true(changed);
	assert_int_equal(access(in_directory(below, "last-good"), R_OK), 0);
	free(below);
}

/* Runs as root as well: what lies under a file is no directory for anybody. */
static void failure_is_reported_and_noted(void **state)
{
	struct fixture *f = *state;
	char *file = strdup(in_directory(f->directory, "file"));
	char *below = strdup(in_directory(file, "data"));
	bool changed = false;
	struct err err = { 0 };
	char text[PATH_MAX + 32];

	write_text(file, "");
	assert_int_equal(
		last_good_write(below, &f->state, false, &f->ownership, &changed, &err),
		-ENOTDIR);
	snprintf(text, sizeof(text), "%s: Not a directory", below);
	assert_string_equal(err.text, text);
	assert_true(changed);
	assert_false(f->ownership.good_saved);
	assert_int_equal(f->ownership.good_fingerprint,
			 fingerprint_table(&f->state.table));
	/* The same once more is no news for the record. */
	changed = false;
	assert_int_equal(
		last_good_write(below, &f->state, false, &f->ownership, &changed, &err),
		-ENOTDIR);
	assert_false(changed);
	free(below);
	free(file);
}

static void file_stays_as_it_was_where_the_next_cannot_be_written(void **state)
{
	struct fixture *f = *state;
	const char *blocker;
	bool changed = false;

	assert_written(f);
	/* A directory in the way of the temporary file. */
	blocker = in_directory(f->directory, "last-good.new");
	assert_int_equal(mkdir(blocker, 0755), 0);
	set_weight(f, 7);
	assert_true(last_good_write(f->directory, &f->state, false, &f->ownership,
				    &changed, NULL) < 0);
	assert_true(changed);
	assert_none(f, ": older than what was programmed last");
	assert_int_equal(rmdir(blocker), 0);
	assert_true(assert_written(f));
	assert_read(f);
}

static void file_is_written_again_only_when_the_state_changed(void **state)
{
	struct fixture *f = *state;
	ino_t first;
	int fd;

	assert_true(assert_written(f));
	first = inode_of(file_of(f));
	/* Held open, so that a new file cannot get its number. */
	fd = open(file_of(f), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_false(assert_written(f));
	assert_int_equal(inode_of(file_of(f)), first);
	set_weight(f, 7);
	assert_true(assert_written(f));
	assert_int_not_equal(inode_of(file_of(f)), first);
	assert_read(f);
	close(fd);
}

static void file_that_somebody_removed_is_written_again(void **state)
{
	struct fixture *f = *state;

	assert_true(assert_written(f));
	assert_int_equal(unlink(file_of(f)), 0);
	assert_false(assert_written(f));
	assert_read(f);
}

/* A directory is kept as one, takes the place of a file, and a file that of a directory. */
static void directory_is_kept_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_written(f);
	become_directory(f);
	assert_true(assert_written(f));
	assert_int_equal(access(in_directory(f->directory, "last-good/b.json"), R_OK), 0);
	assert_read(f);
	assert_int_equal(access(in_directory(f->directory, "last-good.new"), F_OK), -1);

	assert_int_equal(unlink(in_directory(f->directory, "states/b.json")), 0);
	read_state(f, "states");
	assert_true(assert_written(f));
	assert_int_equal(access(in_directory(f->directory, "last-good/b.json"), F_OK),
			 -1);
	assert_read(f);

	set_weight(f, 5);
	f->is_directory = false;
	assert_written(f);
	assert_int_equal(stat(file_of(f), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_read(f);
}

/* Of a directory's files only those that changed are copied, and what somebody took away. */
static void unchanged_files_are_not_copied_again(void **state)
{
	struct fixture *f = *state;
	ino_t a, b;

	become_directory(f);
	assert_true(assert_written(f));
	a = inode_of(in_directory(f->directory, "last-good/a.json"));
	b = inode_of(in_directory(f->directory, "last-good/b.json"));

	write_state(f, "states/b.json", 2, 33);
	read_state(f, "states");
	assert_true(assert_written(f));
	assert_int_equal(inode_of(in_directory(f->directory, "last-good/a.json")), a);
	assert_int_not_equal(inode_of(in_directory(f->directory, "last-good/b.json")), b);
	assert_read(f);

	assert_int_equal(unlink(in_directory(f->directory, "last-good/a.json")), 0);
	write_state(f, "states/b.json", 2, 444);
	read_state(f, "states");
	assert_true(assert_written(f));
	assert_read(f);
}

/* Nothing is kept of a file that was written again since it was read; the next reconcile keeps it. */
static void file_that_changed_since_it_was_read_is_not_kept(void **state)
{
	struct fixture *f = *state;
	bool changed = false;
	struct err err = { 0 };

	assert_written(f);
	set_weight(f, 7);
	write_state(f, "state.json", 1, 88888);
	assert_int_equal(last_good_write(f->directory, &f->state, false, &f->ownership,
					 &changed, &err),
			 0);
	assert_true(changed);
	assert_none(f, ": older than what was programmed last");
	set_weight(f, 8);
	assert_written(f);
	assert_read(f);
}

static void removal_takes_files_and_directories(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	assert_int_equal(last_good_remove(f->directory, &f->ownership, &err), 0);
	assert_written(f);
	assert_int_equal(last_good_remove(f->directory, &f->ownership, &err), 0);
	assert_int_equal(f->ownership.good_fingerprint, 0);
	assert_none(f, ": there is none yet");
	f->is_directory = true;
	assert_written(f);
	assert_int_equal(last_good_remove(f->directory, &f->ownership, &err), 0);
	assert_none(f, ": there is none yet");
}

#define LAST_GOOD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* A copy has no more readers than the file, even where its mode alone has changed. */
static void test_mode_of_file(void **state)
{
	static const struct {
		mode_t source, copy;
	} modes[] = { { 0640, 0640 }, { 0600, 0600 }, { 0400, 0600 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(
			chmod(in_directory(f->directory, "state.json"), modes[i].source),
			0);
		read_state(f, "state.json");
		assert_written(f);
		assert_int_equal(mode_of(file_of(f)), modes[i].copy);
	}
}

static void test_mode_of_directory(void **state)
{
	struct fixture *f = *state;

	become_directory(f);
	assert_int_equal(chmod(in_directory(f->directory, "states"), 0750), 0);
	assert_int_equal(chmod(in_directory(f->directory, "states/a.json"), 0640), 0);
	read_state(f, "states");
	assert_written(f);
	assert_int_equal(mode_of(file_of(f)), 0750);
	assert_int_equal(mode_of(in_directory(file_of(f), "a.json")), 0640);
	assert_int_equal(mode_of(in_directory(file_of(f), "b.json")),
			 mode_of(in_directory(f->directory, "states/b.json")) & 0644);
	/* One changes, and another has fewer readers from now on. */
	write_state(f, "states/b.json", 2, 7);
	assert_int_equal(chmod(in_directory(f->directory, "states/a.json"), 0600), 0);
	read_state(f, "states");
	assert_written(f);
	assert_int_equal(mode_of(in_directory(file_of(f), "a.json")), 0600);
}

static void test_made_folder_is_not_for_all(void **state)
{
	struct fixture *f = *state;
	const char *data = in_directory(f->directory, "data");
	bool changed = false;

	assert_int_equal(
		last_good_write(data, &f->state, false, &f->ownership, &changed, NULL),
		0);
	assert_int_equal(mode_of(data) & 07, 0);
}

/* Links in the places of what is to be made are replaced, not followed. */
static void test_links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	const char *victim = in_directory(f->directory, "victim");
	struct stat st;

	assert_int_equal(mkdir(victim, 0755), 0);
	assert_int_equal(symlink(victim, in_directory(f->directory, "last-good.new")), 0);
	assert_int_equal(symlink(victim, file_of(f)), 0);
	become_directory(f);
	assert_written(f);
	assert_int_equal(lstat(file_of(f), &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(rmdir(victim), 0);
}

/* Puts links to a victim in the places of what is written, again and again. */
struct attacker {
	char link[PATH_MAX], victim[PATH_MAX], made[PATH_MAX];
	atomic_bool stop;
	atomic_size_t links; /* put in place */
};

static void *place_links(void *context)
{
	struct attacker *attacker = context;

	while (!atomic_load(&attacker->stop)) {
		if (symlink(attacker->victim, attacker->made) == 0)
			atomic_fetch_add(&attacker->links, 1);
		if (symlink(attacker->victim, attacker->link) < 0)
			continue;
		if (rename(attacker->link, attacker->made) == 0)
			atomic_fetch_add(&attacker->links, 1);
		else
			unlink(attacker->link);
	}
	return NULL;
}

/* A write may fail then, but whatever the order of events it never follows a link. */
static void test_links_that_race_are_not_followed(void **state)
{
	enum { WRITES = 100 };
	struct fixture *f = *state;
	struct attacker attacker = { .stop = false };
	pthread_t thread;
	char text[16] = "";
	int fd;

	snprintf(attacker.victim, PATH_MAX, "%s", in_directory(f->directory, "victim"));
	snprintf(attacker.link, PATH_MAX, "%s", in_directory(f->directory, "link"));
	snprintf(attacker.made, PATH_MAX, "%s",
		 in_directory(f->directory, "last-good.new"));
	write_text(attacker.victim, "untouched");
	assert_int_equal(chmod(attacker.victim, 0644), 0);
	assert_int_equal(pthread_create(&thread, NULL, place_links, &attacker), 0);
	while (atomic_load(&attacker.links) == 0)
		sched_yield();
	for (unsigned int i = 0; i < WRITES; i++) {
		bool changed = false;
		int r;

		set_weight(f, i % 100 + 1);
		r = last_good_write(f->directory, &f->state, false, &f->ownership,
				    &changed, NULL);
		assert_true(r == 0 || r == -EEXIST || r == -ENOENT || r == -ELOOP);
	}
	atomic_store(&attacker.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(mode_of(attacker.victim), 0644);
	fd = open(attacker.victim, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text) - 1), strlen("untouched"));
	close(fd);
	assert_string_equal(text, "untouched");
}

/* Two network namespaces of one boot do not share a last good state. */
static void test_other_namespace(void **state)
{
	struct fixture *f = *state;
	char identity[OWNERSHIP_FILE_IDENTITY_TEXT],
		line[OWNERSHIP_FILE_IDENTITY_TEXT + 8];
	struct err err = { 0 };
	bool changed = false;

	assert_written(f);
	assert_int_equal(ownership_file_identity(identity, NULL), 0);
	assert_false(ownership_file_is_elsewhere(identity));
	snprintf(line, sizeof(line), "%s1\n", identity);
	write_text(in_directory(f->directory, "last-good.namespace"), line);
	set_weight(f, 7);
	assert_int_equal(last_good_write(f->directory, &f->state, false, &f->ownership,
					 &changed, &err),
			 -EBUSY);
	assert_non_null(strstr(err.text, "belongs to another network namespace"));
	assert_non_null(strstr(err.text, "--data-dir"));
	assert_int_equal(last_good_remove(f->directory, &f->ownership, &err), 0);
	assert_int_equal(access(file_of(f), F_OK), 0);
	/* Of an earlier boot it is anybody's. */
	line[0] = line[0] == 'a' ? 'b' : 'a';
	write_text(in_directory(f->directory, "last-good.namespace"), line);
	assert_written(f);
	assert_read(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mode_of_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mode_of_directory, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_made_folder_is_not_for_all, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_links_are_not_followed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_links_that_race_are_not_followed,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_namespace, set_up, tear_down),
		LAST_GOOD_TEST(what_was_written_is_read),
		LAST_GOOD_TEST(missing_file_is_none),
		LAST_GOOD_TEST(broken_file_is_none),
		LAST_GOOD_TEST(file_that_is_older_than_the_record_is_none),
		LAST_GOOD_TEST(file_of_another_state_is_none),
		LAST_GOOD_TEST(state_that_is_back_is_left_no_more),
		LAST_GOOD_TEST(directory_is_made),
		LAST_GOOD_TEST(failure_is_reported_and_noted),
		LAST_GOOD_TEST(file_stays_as_it_was_where_the_next_cannot_be_written),
		LAST_GOOD_TEST(file_is_written_again_only_when_the_state_changed),
		LAST_GOOD_TEST(file_that_somebody_removed_is_written_again),
		LAST_GOOD_TEST(directory_is_kept_as_it_is),
		LAST_GOOD_TEST(unchanged_files_are_not_copied_again),
		LAST_GOOD_TEST(file_that_changed_since_it_was_read_is_not_kept),
		LAST_GOOD_TEST(removal_takes_files_and_directories),
	};

	return cmocka_run_group_tests_name("last good", tests, NULL, NULL);
}
