/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/temporary.h"

#include "agent/store/lock.h"
#include "common/cleanup.h"
#include "common/clock.h"

/* A process that takes the lock and keeps it until it is killed; returns when it has it. */
static pid_t start_holder(const char *directory, bool daemon)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct lock_holder holder;
		int fd;

		if (lock_take(directory, daemon, 0, &fd, &holder, NULL) == LOCK_TAKEN &&
		    write(ready[1], "y", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void kill_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_free_lock(void **state)
{
	struct lock_holder holder = { 0 };
	struct err err = { 0 };
	int fd = -1;

	assert_int_equal(lock_query(*state, &holder, &err), LOCK_FREE);
	assert_int_equal(lock_take(*state, true, 0, &fd, &holder, &err), LOCK_TAKEN);
	assert_int_equal(lock_query(*state, &holder, &err), LOCK_HELD);
	assert_int_equal(holder.pid, getpid());
	assert_true(holder.daemon);
	close(fd);
	assert_int_equal(lock_query(*state, &holder, &err), LOCK_FREE);
	assert_int_equal(err.code, 0);
}

static void test_held_by_daemon(void **state)
{
	pid_t pid = start_holder(*state, true);
	struct lock_holder holder = { 0 };
	struct err err = { 0 };
	int fd = -1;

	/* A daemon is not waited for, however long one would. */
	assert_int_equal(lock_take(*state, false, 3600 * 1000000ULL, &fd, &holder, &err),
			 LOCK_HELD);
	assert_int_equal(holder.pid, pid);
	assert_true(holder.daemon);
	assert_int_equal(lock_take(*state, true, 3600 * 1000000ULL, &fd, &holder, &err),
			 LOCK_HELD);
	kill_holder(pid);
	assert_int_equal(lock_query(*state, &holder, &err), LOCK_FREE);
	assert_int_equal(lock_take(*state, true, 0, &fd, &holder, &err), LOCK_TAKEN);
	close(fd);
}

static void test_held_by_command(void **state)
{
	pid_t pid = start_holder(*state, false);
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	struct lock_holder holder = { 0 };
	struct err err = { 0 };
	int fd = -1;

	assert_int_equal(lock_take(*state, true, 200 * 1000, &fd, &holder, &err),
			 LOCK_HELD);
	assert_true(clock_usec(CLOCK_MONOTONIC) - start >= 200 * 1000);
	assert_int_equal(holder.pid, pid);
	assert_false(holder.daemon);
	kill_holder(pid);
}

static void test_waits_for_command(void **state)
{
	pid_t pid = start_holder(*state, false), killer = fork();
	struct lock_holder holder = { 0 };
	struct err err = { 0 };
	int fd = -1;

	assert_true(killer >= 0);
	if (killer == 0) {
		usleep(100 * 1000);
		kill(pid, SIGKILL);
		_exit(0);
	}
	assert_int_equal(lock_take(*state, true, 30 * 1000000ULL, &fd, &holder, &err),
			 LOCK_TAKEN);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(lock_query(*state, &holder, &err), LOCK_HELD);
	assert_int_equal(holder.pid, getpid());
	close(fd);
}

static void test_mode_and_refusals(void **state)
{
	struct lock_holder holder;
	struct err err = { 0 };
	struct stat st;
	int fd = -1;

	assert_int_equal(lock_take(*state, false, 0, &fd, &holder, &err), LOCK_TAKEN);
	close(fd);
	assert_int_equal(stat(in_directory(*state, "lock"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	/* Another name of the same file: it could be anybody's. */
	assert_int_equal(link(in_directory(*state, "lock"), in_directory(*state, "x")),
			 0);
	assert_int_equal(lock_take(*state, false, 0, &fd, &holder, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/lock: Invalid argument"));

	assert_int_equal(unlink(in_directory(*state, "lock")), 0);
	assert_int_equal(symlink("x", in_directory(*state, "lock")), 0);
	assert_int_equal(lock_take(*state, false, 0, &fd, &holder, &err), -ELOOP);

	assert_int_equal(lock_take("/nonexistent/run", false, 0, &fd, &holder, &err),
			 -ENOENT);
	assert_string_equal(err.text, "/nonexistent/run/lock: No such file or directory");
}

static void test_directory_is_made(void **state)
{
	const char *directory = in_directory(*state, "run");
	struct lock_holder holder;
	struct err err = { 0 };
	struct stat st;
	int fd = -1;

	assert_int_equal(lock_query(directory, &holder, &err), LOCK_FREE);
	assert_int_equal(lock_take(directory, true, 0, &fd, &holder, &err), LOCK_TAKEN);
	close(fd);
	assert_int_equal(stat(directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

/* Where the file system had no room for it, the holder is not known, but the lock holds. */
static void test_holder_without_a_name(void **state)
{
	struct lock_holder holder = { 0 };
	char process[LOCK_PROCESS_TEXT], identity[OWNERSHIP_FILE_IDENTITY_TEXT];
	int fd = -1, other = -1;

	assert_int_equal(ownership_file_identity(identity, NULL), 0);
	assert_int_equal(lock_take(*state, true, 0, &fd, &holder, NULL), LOCK_TAKEN);
	assert_int_equal(truncate(in_directory(*state, "lock"), 0), 0);
	assert_int_equal(lock_query(*state, &holder, NULL), LOCK_HELD);
	assert_int_equal(holder.pid, 0);
	assert_true(holder.daemon);
	assert_string_equal(lock_holder_process(&holder, process), "pid unknown");
	assert_int_equal(lock_take(*state, true, 0, &other, &holder, NULL), LOCK_HELD);
	assert_int_equal(lock_name_holder(fd), 0);
	assert_int_equal(lock_query(*state, &holder, NULL), LOCK_HELD);
	assert_int_equal(holder.pid, getpid());
	assert_string_equal(holder.identity, identity);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_holder_without_a_name,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_free_lock, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_held_by_daemon, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_held_by_command, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_waits_for_command, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_mode_and_refusals, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_directory_is_made, temporary_make,
						temporary_remove),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
