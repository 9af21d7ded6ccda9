/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>

#include "tests/unit/temporary.h"

#include "agent/daemon/state_watch.h"
#include "common/clock.h"

/* The slack only ends what hangs. */
enum { QUIET_MSEC = 200, LATEST_MSEC = 2000, SLACK_MSEC = 60 * 1000 };

/* Waits up to msec for the watch to tell of a change. */
static bool changes_within(struct state_watch *watch, int msec)
{
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + (uint64_t)msec * 1000, now;

	while ((now = clock_usec(CLOCK_MONOTONIC)) < end) {
		struct pollfd fd = { .fd = watch_fd(watch), .events = POLLIN };
		int r;

		poll(&fd, 1, (int)((end - now) / 1000) + 1);
		r = state_watch_dispatch(watch);
		assert_true(r >= 0);
		if (r == STATE_WATCH_CHANGED)
			return true;
	}
	return false;
}

static void assert_change(struct state_watch *watch)
{
	assert_true(changes_within(watch, QUIET_MSEC + SLACK_MSEC));
}

static void assert_no_change(struct state_watch *watch)
{
	assert_false(changes_within(watch, 2 * QUIET_MSEC));
}

/* Until nothing there was changed so lately that the file system's clock could hide a second change. */
static void wait_until_old(const char *path)
{
	struct stat st;
	uint64_t changed, now;

	do {
		usleep(50 * 1000);
		now = clock_usec(CLOCK_REALTIME);
		changed = stat(path, &st) < 0
				  ? 0
				  : (uint64_t)st.st_ctim.tv_sec * 1000000 +
					    (uint64_t)st.st_ctim.tv_nsec / 1000;
	} while (changed + 150 * 1000 > now);
}

static struct state_watch *start(const char *path)
{
	struct state_watch *watch;
	struct err err = { 0 };

	wait_until_old(path);
	assert_int_equal(state_watch_new(&watch, path, &err), 0);
	assert_int_equal(err.code, 0);
	return watch;
}

static void replace(const char *directory, const char *name, const char *text)
{
	write_text(in_directory(directory, "new"), text);
	assert_int_equal(
		rename(in_directory(directory, "new"), in_directory(directory, name)), 0);
}

static void test_rename(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	replace(*state, "state.json", "1");
	watch = start(in_directory(*state, "state.json"));
	assert_no_change(watch);
	for (int i = 0; i < 3; i++) {
		replace(*state, "state.json", "2");
		assert_change(watch);
	}
	assert_no_change(watch);
}

static void test_in_place(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	write_text(in_directory(*state, "state.json"), "1");
	watch = start(in_directory(*state, "state.json"));
	for (int i = 0; i < 3; i++) {
		write_text(in_directory(*state, "state.json"), "2");
		assert_change(watch);
	}
}

/* A change of what can be read, not of what is written. */
static void test_mode(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	write_text(in_directory(*state, "state.json"), "1");
	watch = start(in_directory(*state, "state.json"));
	assert_int_equal(chmod(in_directory(*state, "state.json"), 0600), 0);
	assert_change(watch);
}

static void test_removal_and_return(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	write_text(in_directory(*state, "state.json"), "1");
	watch = start(in_directory(*state, "state.json"));
	assert_int_equal(unlink(in_directory(*state, "state.json")), 0);
	assert_change(watch);
	write_text(in_directory(*state, "state.json"), "1");
	assert_change(watch);
}

static void test_directory_comes_later(void **state)
{
	char directory[PATH_MAX], below[PATH_MAX];
	cleanup_state_watch struct state_watch *watch =
		start(in_directory(*state, "a/b/state.json"));

	strcpy(directory, in_directory(*state, "a"));
	strcpy(below, in_directory(*state, "a/b"));
	assert_int_equal(mkdir(directory, 0755), 0);
	assert_no_change(watch);
	assert_int_equal(mkdir(below, 0755), 0);
	write_text(in_directory(below, "state.json"), "1");
	assert_change(watch);
	/* The whole directory is moved away, and another one comes in its place. */
	assert_int_equal(rename(directory, in_directory(*state, "gone")), 0);
	assert_change(watch);
	assert_int_equal(rename(in_directory(*state, "gone"), directory), 0);
	assert_change(watch);
	write_text(in_directory(below, "state.json"), "2");
	assert_change(watch);
}

static void swap_link(const char *directory, const char *name, const char *target)
{
	assert_int_equal(symlink(target, in_directory(directory, "new")), 0);
	assert_int_equal(
		rename(in_directory(directory, "new"), in_directory(directory, name)), 0);
}

static void test_link_swap(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	assert_int_equal(mkdir(in_directory(*state, "elsewhere"), 0755), 0);
	write_text(in_directory(*state, "elsewhere/1.json"), "1");
	write_text(in_directory(*state, "elsewhere/2.json"), "2");
	swap_link(*state, "state.json", "elsewhere/1.json");
	watch = start(in_directory(*state, "state.json"));
	/* The link, then what it points to, in another directory. */
	swap_link(*state, "state.json", in_directory(*state, "elsewhere/2.json"));
	assert_change(watch);
	write_text(in_directory(*state, "elsewhere/2.json"), "3");
	assert_change(watch);
	replace(in_directory(*state, "elsewhere"), "2.json", "4");
	assert_change(watch);
	/* What it no longer points to. */
	write_text(in_directory(*state, "elsewhere/1.json"), "5");
	assert_no_change(watch);
}

/* As a ConfigMap is mounted: state.json -> ..data/state.json, ..data -> ..2026_1. */
static void make_config_map(const char *directory)
{
	assert_int_equal(mkdir(in_directory(directory, "..2026_1"), 0755), 0);
	assert_int_equal(mkdir(in_directory(directory, "..2026_2"), 0755), 0);
	write_text(in_directory(directory, "..2026_1/state.json"), "1");
	write_text(in_directory(directory, "..2026_2/state.json"), "2");
	swap_link(directory, "..data", "..2026_1");
	swap_link(directory, "state.json", "..data/state.json");
}

static void test_config_map(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	make_config_map(*state);
	watch = start(in_directory(*state, "state.json"));
	swap_link(*state, "..data", "..2026_2");
	assert_change(watch);
	swap_link(*state, "..data", "..2026_1");
	assert_change(watch);
}

static void test_config_map_directory(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	make_config_map(*state);
	watch = start(*state);
	swap_link(*state, "..data", "..2026_2");
	assert_change(watch);
	write_text(in_directory(*state, "..2026_2/state.json"), "3");
	assert_change(watch);
}

static void test_directory_of_files(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	assert_int_equal(mkdir(in_directory(*state, "state"), 0755), 0);
	write_text(in_directory(*state, "state/a.json"), "1");
	swap_link(*state, "link", "state");
	watch = start(in_directory(*state, "link"));
	write_text(in_directory(*state, "state/b.json"), "2");
	assert_change(watch);
	assert_int_equal(rename(in_directory(*state, "state/b.json"),
				in_directory(*state, "state/c.json")),
			 0);
	assert_change(watch);
	assert_int_equal(unlink(in_directory(*state, "state/c.json")), 0);
	assert_change(watch);
	write_text(in_directory(*state, "state/README"), "not a state");
	assert_no_change(watch);
}

/* Others' files in the same directory. */
static void test_unrelated(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	write_text(in_directory(*state, "state.json"), "1");
	watch = start(in_directory(*state, "state.json"));
	for (int i = 0; i < 100; i++)
		replace(*state, "other.json", "x");
	assert_no_change(watch);
}

/* Others' files beside a directory on the way to it, as /tmp is on the way of many. */
static void test_unrelated_above(void **state)
{
	char path[PATH_MAX];
	cleanup_state_watch struct state_watch *watch = NULL;

	assert_int_equal(mkdir(in_directory(*state, "below"), 0755), 0);
	strcpy(path, in_directory(*state, "below/state.json"));
	write_text(path, "1");
	watch = start(path);
	for (int i = 0; i < 100; i++) {
		replace(*state, "other.json", "x");
		assert_int_equal(unlink(in_directory(*state, "other.json")), 0);
	}
	assert_no_change(watch);
	write_text(path, "2");
	assert_change(watch);
}

/* Touched but the same file with the same times: an event without a change. */
static void test_same_signature(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	write_text(in_directory(*state, "state.json"), "1");
	watch = start(in_directory(*state, "state.json"));
	/* Opened for writing and closed again (IN_CLOSE_WRITE), nothing written. */
	fclose(fopen(in_directory(*state, "state.json"), "r+"));
	assert_no_change(watch);
}

/* Told after 200 ms of quiet, and under continual writing after 2 s. */
static void test_quiet(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;
	uint64_t begin, took, now, last, longest = 0;

	write_text(in_directory(*state, "state.json"), "1");
	watch = start(in_directory(*state, "state.json"));
	begin = clock_usec(CLOCK_MONOTONIC);
	write_text(in_directory(*state, "state.json"), "2");
	assert_change(watch);
	took = clock_usec(CLOCK_MONOTONIC) - begin;
	assert_true(took >= QUIET_MSEC * 1000);

	begin = last = clock_usec(CLOCK_MONOTONIC);
	do {
		write_text(in_directory(*state, "state.json"), "3");
		now = clock_usec(CLOCK_MONOTONIC);
		took = now - begin;
		longest = MAX_OF(longest, now - last);
		last = now;
		assert_true(took < (LATEST_MSEC + SLACK_MSEC) * 1000);
	} while (!changes_within(watch, 20));
	/* A machine that stalls between two writes makes a quiet time of its own. */
	longest = MAX_OF(longest, clock_usec(CLOCK_MONOTONIC) - last);
	assert_true(took >= (LATEST_MSEC - QUIET_MSEC) * 1000 ||
		    longest >= QUIET_MSEC * 1000 / 2);
}

/* One link to nothing, and then another one: what is said of it is another thing. */
static void test_other_broken_link(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	assert_int_equal(symlink("nowhere", in_directory(*state, "state.json")), 0);
	watch = start(in_directory(*state, "state.json"));
	assert_int_equal(symlink("elsewhere", in_directory(*state, "new")), 0);
	assert_int_equal(
		rename(in_directory(*state, "new"), in_directory(*state, "state.json")),
		0);
	assert_change(watch);
}

/* More events than the kernel keeps: all is looked at again. */
static void test_overflow(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;
	unsigned int most = 0;
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	char other[2][PATH_MAX];

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &most), 1);
	fclose(file);
	if (most > 100000)
		skip();
	write_text(in_directory(*state, "state.json"), "1");
	watch = start(in_directory(*state, "state.json"));
	strcpy(other[0], in_directory(*state, "x"));
	strcpy(other[1], in_directory(*state, "y"));
	write_text(other[0], "x");
	for (unsigned int i = 0; i < most; i++)
		assert_int_equal(rename(other[i % 2], other[(i + 1) % 2]), 0);
	/* Its own event is lost. */
	write_text(in_directory(*state, "state.json"), "2");
	assert_change(watch);
}

static void test_link_loop(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	swap_link(*state, "a", "b");
	swap_link(*state, "b", "a");
	watch = start(in_directory(*state, "a"));
	assert_int_equal(unlink(in_directory(*state, "b")), 0);
	write_text(in_directory(*state, "b"), "1");
	assert_change(watch);
}

/* ".." after a link goes up from where the link leads. */
static void test_dots(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	assert_int_equal(mkdir(in_directory(*state, "x"), 0755), 0);
	assert_int_equal(mkdir(in_directory(*state, "x/y"), 0755), 0);
	swap_link(*state, "link", "x/y");
	write_text(in_directory(*state, "x/state.json"), "1");
	watch = start(in_directory(*state, "./link/..//state.json"));
	write_text(in_directory(*state, "x/state.json"), "2");
	assert_change(watch);
}

static void test_relative(void **state)
{
	cleanup_state_watch struct state_watch *watch = NULL;

	assert_int_equal(chdir(*state), 0);
	watch = start("state.json");
	assert_int_equal(chdir("/"), 0);
	write_text(in_directory(*state, "state.json"), "1");
	assert_change(watch);
}

#define WATCH_TEST(name)                                                                 \
	cmocka_unit_test_setup_teardown(name, temporary_make, temporary_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(test_rename),
		WATCH_TEST(test_in_place),
		WATCH_TEST(test_mode),
		WATCH_TEST(test_removal_and_return),
		WATCH_TEST(test_directory_comes_later),
		WATCH_TEST(test_link_swap),
		WATCH_TEST(test_config_map),
		WATCH_TEST(test_config_map_directory),
		WATCH_TEST(test_directory_of_files),
		WATCH_TEST(test_unrelated),
		WATCH_TEST(test_unrelated_above),
		WATCH_TEST(test_same_signature),
		WATCH_TEST(test_quiet),
		WATCH_TEST(test_other_broken_link),
		WATCH_TEST(test_overflow),
		WATCH_TEST(test_link_loop),
		WATCH_TEST(test_dots),
		WATCH_TEST(test_relative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
