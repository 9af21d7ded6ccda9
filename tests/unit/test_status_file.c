/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/temporary.h"

#include "agent/cli/commands.h"
#include "agent/store/lock.h"
#include "agent/report/report_json.h"
#include "agent/report/status_file.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"

static struct status some_status(void)
{
	return (struct status){
		.state_path = "/etc/ipvs-node/state.json",
		.started = 1790000000ULL * 1000000,
		.since = 1790000100ULL * 1000000,
		.last_reconcile = 1790000200ULL * 1000000 + 250 * 1000,
		.reconciles = 3,
		.resync_usec = 30 * 1000000,
	};
}

static void write_degraded(const char *directory)
{
	struct reconcile_report report = {
		.outcome = RECONCILE_DEGRADED,
		.services = 12,
		.services_failed = 1,
		.destinations = 30,
		.kernel_reads = 5,
		.kernel_writes = 2,
		.times = { .read = 1000, .kernel = 500 },
	};
	struct status status = some_status();
	struct err err = { 0 };

	assert_int_equal(reconcile_report_add(&report, "tcp 10.0.0.1:53", "kube-dns",
					      "no scheduler 'foo'", ENOENT),
			 0);
	assert_int_equal(status_write(directory, &status, &report, &err), 0);
	reconcile_report_clear(&report);
}

static void write_in_sync(const char *directory)
{
	struct reconcile_report report = { .outcome = RECONCILE_IN_SYNC, .services = 12 };
	struct status status = some_status();
	struct err err = { 0 };

	assert_int_equal(status_write(directory, &status, &report, &err), 0);
	reconcile_report_clear(&report);
}

static int take_lock(const char *directory, bool daemon)
{
	struct lock_holder holder;
	struct err err = { 0 };
	int fd = -1;

	assert_int_equal(lock_take(directory, daemon, 0, &fd, &holder, &err), LOCK_TAKEN);
	return fd;
}

/* What `ipvs-agent status` prints and its exit status. */
static int run_status(const char *directory, bool json, uint64_t wait_usec, char **output)
{
	struct options options = {
		.run_directory = directory,
		.json = json,
		.wait = wait_usec != 0,
		.wait_usec = wait_usec,
	};
	FILE *to = fopen(in_directory(directory, "output"), "w+");
	int kept = dup(STDOUT_FILENO), exit_status;
	size_t length;

	assert_non_null(to);
	fflush(stdout);
	assert_true(dup2(fileno(to), STDOUT_FILENO) >= 0);
	exit_status = status_main(&options);
	fflush(stdout);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	close(kept);
	fclose(to);
	assert_int_equal(file_read(in_directory(directory, "output"), 1 << 20, output,
				   &length, NULL),
			 0);
	return exit_status;
}

static void test_no_daemon(void **state)
{
	cleanup_status_view struct status_view view = { 0 };
	cleanup_free char *output = NULL, *json = NULL;
	struct err err = { 0 };

	assert_int_equal(status_read(*state, &view, &err), 0);
	assert_int_equal(view.health, STATUS_NO_DAEMON);
	assert_null(view.document);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_FAILED);
	assert_string_equal(output, "no daemon is running\n");
	assert_int_equal(run_status(*state, true, 0, &json), EXIT_FAILED);
	assert_non_null(strstr(json, "\"outcome\": \"no-daemon\""));
}

static void test_degraded(void **state)
{
	cleanup_close int lock = take_lock(*state, true);
	cleanup_status_view struct status_view view = { 0 };
	cleanup_free char *output = NULL;
	struct err err = { 0 };
	struct stat st;

	write_degraded(*state);
	assert_int_equal(stat(in_directory(*state, "status.json"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(status_read(*state, &view, &err), 0);
	assert_int_equal(view.health, STATUS_DEGRADED);
	assert_int_equal(view.pid, getpid());
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_PARTLY);
	assert_non_null(strstr(
		output,
		"degraded: 11 of 12 services, 1 failed: kube-dns: no scheduler 'foo'\n"));
	assert_non_null(strstr(output, "  state           /etc/ipvs-node/state.json\n"));
	assert_non_null(strstr(
		output,
		"  services        12 with 30 destinations, 1 failed, 0 of others\n"));
	assert_non_null(strstr(
		output, "  kernel          5 reads, 2 writes, 0 changes, 1.500 ms\n"));
	assert_non_null(strstr(
		output, "  failed: tcp 10.0.0.1:53 (kube-dns): no scheduler 'foo'\n"));
}

static void test_document(void **state)
{
	cleanup_close int lock = take_lock(*state, true);
	cleanup_free char *output = NULL;
	json_auto_t *json = NULL;
	const json_t *failure;

	write_degraded(*state);
	assert_int_equal(run_status(*state, true, 0, &output), EXIT_PARTLY);
	json = json_loads(output, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "outcome")),
			    "degraded");
	assert_true(json_is_true(json_object_get(json, "running")));
	assert_string_equal(json_string_value(json_object_get(json, "program")), VERSION);
	assert_string_equal(json_string_value(json_object_get(json, "started")),
			    "2026-09-21T14:13:20.000Z");
	assert_string_equal(json_string_value(json_object_get(json, "lastReconcile")),
			    "2026-09-21T14:16:40.250Z");
	assert_true(json_is_null(json_object_get(json, "lastInSync")));
	assert_int_equal(json_integer_value(json_object_get(json, "resyncMilliseconds")),
			 30000);
	failure = json_array_get(
		json_object_get(json_object_get(json, "report"), "failures"), 0);
	assert_string_equal(json_string_value(json_object_get(failure, "name")),
			    "kube-dns");
	assert_int_equal(json_integer_value(json_object_get(failure, "errno")), ENOENT);
}

static void test_in_sync(void **state)
{
	cleanup_close int lock = take_lock(*state, true);
	cleanup_free char *output = NULL;

	write_in_sync(*state);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_DONE);
	assert_memory_equal(output, "in sync: 12 services\n", 21);
}

static void test_bad_state(void **state)
{
	cleanup_close int lock = take_lock(*state, true);
	cleanup_free char *output = NULL;
	struct reconcile_report report = {
		.outcome = RECONCILE_BAD_STATE,
		.message = strdup("s.json:3:7: unexpected"),
		.problems = { .lines = { strdup("s.json:3:7: unexpected"),
					 strdup("b\377d.json:1: x") },
			      .count = 2 },
	};
	struct status status = some_status();
	struct err err = { 0 };

	assert_int_equal(status_write(*state, &status, &report, &err), 0);
	reconcile_report_clear(&report);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_PARTLY);
	assert_non_null(strstr(output, "s.json:3:7: unexpected\n"));
	/* A name that is not UTF-8 does not keep the rest from being said. */
	assert_non_null(strstr(output, "  b?d.json:1: x\n"));
}

/* A daemon that has the lock but has not said anything, with a dead one's word beside it. */
static void test_starting(void **state)
{
	cleanup_free char *output = NULL, *first = NULL;
	pid_t child = fork();
	int lock;

	assert_true(child >= 0);
	if (child == 0) {
		write_in_sync(*state);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_FAILED);
	assert_non_null(strstr(
		output,
		"no daemon is running; what the last one said:\n  in sync: 12 services\n"));
	free(TAKE_PTR(output));
	lock = take_lock(*state, true);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_PARTLY);
	assert_memory_equal(output, "starting: the daemon (pid ", 26);
	free(TAKE_PTR(output));
	{
		struct status status = some_status();
		struct err err = { 0 };

		status.last_reconcile = 0;
		assert_int_equal(status_write(*state, &status, NULL, &err), 0);
	}
	assert_int_equal(run_status(*state, false, 0, &first), EXIT_PARTLY);
	assert_non_null(strstr(first, "starting: the first reconcile is under way\n"));
	close(lock);
}

/* A reconcile that takes long: not in sync, whatever the one before it came to. */
static void test_reconciling(void **state)
{
	struct reconcile_report report = { .outcome = RECONCILE_IN_SYNC, .services = 12 };
	struct status status = some_status();
	cleanup_free char *output = NULL;
	int lock = take_lock(*state, true);

	status.reconciling_since = 1790000300ULL * 1000000;
	status.done = 512;
	status.all = 1000;
	assert_int_equal(status_write(*state, &status, &report, NULL), 0);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_PARTLY);
	assert_non_null(strstr(
		output,
		"reconciling since 2026-09-21T14:18:20.000Z: 512 of 1000 objects done\n"));
	assert_non_null(strstr(output, "12 with 0 destinations"));
	status.all = status.reconciles = 0;
	free(TAKE_PTR(output));
	assert_int_equal(status_write(*state, &status, NULL, NULL), 0);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_PARTLY);
	assert_non_null(strstr(
		output,
		"starting: reconciling since 2026-09-21T14:18:20.000Z: reading the state and the kernel\n"));
	close(lock);
}

/* A command at work is no daemon. */
static void test_command_holds_lock(void **state)
{
	cleanup_close int lock = take_lock(*state, false);
	cleanup_free char *output = NULL;

	assert_int_equal(run_status(*state, false, 0, &output), EXIT_FAILED);
	assert_string_equal(output, "no daemon is running\n");
}

static void test_damaged(void **state)
{
	cleanup_status_view struct status_view view = { 0 };
	struct err err = { 0 };

	write_text(in_directory(*state, "status.json"), "{ \"version\": 1, ");
	assert_int_equal(status_read(*state, &view, &err), -EPROTO);
	assert_non_null(strstr(err.text, "/status.json:1:"));
	write_text(in_directory(*state, "status.json"), "[]");
	assert_int_equal(status_read(*state, &view, &err), -EPROTO);
	assert_non_null(strstr(err.text, "/status.json: not a status of this program"));
}

static void test_wait(void **state)
{
	cleanup_close int lock = take_lock(*state, true);
	cleanup_free char *output = NULL, *in_time = NULL;
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	struct reconcile_report report = { .outcome = RECONCILE_IN_SYNC, .services = 1 };
	struct status status = some_status();
	char *directory = *state;
	pid_t parent = getpid(), child;

	write_degraded(directory);
	assert_int_equal(run_status(directory, false, 300 * 1000, &output), EXIT_PARTLY);
	assert_true(clock_usec(CLOCK_MONOTONIC) - start >= 300 * 1000);

	/* Another process's file would not be this daemon's: the child only moves it. */
	assert_int_equal(rename(in_directory(directory, "status.json"),
				in_directory(directory, "degraded")),
			 0);
	assert_int_equal(status_write(directory, &status, &report, NULL), 0);
	assert_int_equal(rename(in_directory(directory, "status.json"),
				in_directory(directory, "in-sync")),
			 0);
	assert_int_equal(rename(in_directory(directory, "degraded"),
				in_directory(directory, "status.json")),
			 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		usleep(200 * 1000);
		_exit(getppid() != parent ||
		      rename(in_directory(directory, "in-sync"),
			     in_directory(directory, "status.json")) != 0);
	}
	assert_int_equal(run_status(directory, false, 30 * 1000000, &in_time), EXIT_DONE);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_memory_equal(in_time, "in sync: 1 service\n", 19);
	assert_true(clock_usec(CLOCK_MONOTONIC) - start < 20 * 1000000);
}

static void test_report_and_back(UNUSED void **state)
{
	struct reconcile_report report = {
		.outcome = RECONCILE_TROUBLE,
		.message = strdup("ipvs: Operation not permitted"),
		.services = 1,
		.services_failed = 2,
		.destinations = 3,
		.foreign_services = 4,
		.changes = 5,
		.kernel_reads = 6,
		.kernel_writes = 7,
		.drift = 13,
		.draining = 14,
		.falls_back = true,
		.part = true,
		.times = { 8, 9, 10, 11, 12 },
		.last_good = 1790000000,
	};
	struct reconcile_report back = { 0 };
	json_auto_t *json = NULL, *again = NULL;
	struct err err = { 0 };

	report.problems.lines[0] = strdup("a");
	report.problems.count = 1;
	assert_int_equal(
		reconcile_report_add(&report, "tcp 1.2.3.4:5", NULL, "no", EPERM), 0);
	assert_int_equal(reconcile_report_add(&report, "x", "name", "\xff", EIO), 0);
	report.failures[1].attempts = 15;
	report.failures[1].since = 1790000001;
	report.failures[1].next_usec = 16;
	assert_int_equal(reconcile_report_warn(&report, "warned %d", 17), 0);
	json = report_to_json(&report, SIZE_MAX);
	assert_non_null(json);
	assert_int_equal(report_from_json(json, &back, &err), 0);
	again = report_to_json(&back, SIZE_MAX);
	assert_true(json_equal(json, again));
	assert_string_equal(back.message, report.message);
	assert_string_equal(back.failures[1].text, "?");
	assert_memory_equal(&back.times, &report.times, sizeof(back.times));
	assert_int_equal(back.kernel_writes, 7);
	assert_int_equal(back.drift, 13);
	assert_int_equal(back.draining, 14);
	assert_true(back.falls_back);
	assert_true(back.part);
	assert_int_equal(back.failures[1].attempts, 15);
	assert_int_equal(back.failures[1].next_usec, 16);
	assert_string_equal(back.warnings[0], "warned 17");
	reconcile_report_clear(&back);
	reconcile_report_clear(&report);
}

/* Whatever is missing or of another type is told, and what was taken before is freed. */
static void test_bad_reports(UNUSED void **state)
{
	struct reconcile_report report = { .outcome = RECONCILE_DEGRADED };
	json_auto_t *json = NULL;
	const char *key;
	json_t *value;

	report.problems.lines[0] = strdup("a");
	report.problems.count = 1;
	assert_int_equal(reconcile_report_add(&report, "x", "name", "text", EIO), 0);
	json = report_to_json(&report, SIZE_MAX);
	reconcile_report_clear(&report);
	json_object_foreach (json, key, value) {
		struct reconcile_report back = { 0 };
		json_auto_t *copy = json_deep_copy(json);
		struct err err = { 0 };

		/* The number of failures is for readers of a list that was cut short. */
		if (strcmp(key, "failureCount") == 0)
			continue;
		assert_int_equal(json_object_set_new(copy, key, json_real(0.5)), 0);
		assert_int_equal(report_from_json(copy, &back, &err), -EPROTO);
		assert_string_equal(err.text, "not a reconcile's report");
		reconcile_report_clear(&back);
	}
}

static void test_timestamps(UNUSED void **state)
{
	char text[TIMESTAMP_TEXT];
	uint64_t usec = 0;

	assert_string_equal(timestamp_format(1000, text), "1970-01-01T00:00:00.001Z");
	assert_string_equal(timestamp_format(951827696123456, text),
			    "2000-02-29T12:34:56.123Z");
	assert_int_equal(timestamp_parse("2000-02-29T12:34:56.123Z", &usec), 0);
	assert_true(usec == 951827696000000);
	assert_int_equal(timestamp_parse("2000-02-29T12:34:56Z", &usec), -EINVAL);
	assert_int_equal(timestamp_parse("yesterday", &usec), -EINVAL);
}

#define STATUS_TEST(name)                                                                \
	cmocka_unit_test_setup_teardown(name, temporary_make, temporary_remove)

static void write_document(const char *directory, const char *rest)
{
	char text[1000];

	snprintf(text, sizeof(text), "{\"outcome\": \"in-sync\", \"pid\": %d%s}",
		 (int)getpid(), rest);
	write_text(in_directory(directory, "status.json"), text);
}

/* A document that another program wrote, or a broken one, is refused or printed as it can be. */
static void test_odd_documents(void **state)
{
	static const char *const refused[] = {
		"",
		", \"status\": 7, \"report\": null",
		", \"status\": \"x\"",
		", \"status\": \"x\", \"report\": []",
	};
	static const char *const printed[] = {
		", \"status\": \"x\", \"report\": null",
		", \"status\": \"x\", \"report\": {}",
		", \"status\": \"x\", \"report\": {\"failures\": [1, {}, {\"name\": \"a\"}],"
		" \"problems\": [null], \"warnings\": [{}], \"drains\": [3], \"draining\": 5,"
		" \"outcome\": \"held\"}",
	};
	cleanup_close int lock = take_lock(*state, true);

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		cleanup_status_view struct status_view view = { 0 };
		struct err err = { 0 };

		write_document(*state, refused[i]);
		assert_int_equal(status_read(*state, &view, &err), -EPROTO);
		assert_non_null(strstr(err.text, "not a status of this program"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(printed); i++) {
		cleanup_free char *output = NULL;

		write_document(*state, printed[i]);
		assert_int_equal(run_status(*state, false, 0, &output), EXIT_DONE);
		assert_int_equal(strncmp(output, "x\n", 2), 0);
	}
}

static void test_texts_fit_for_a_terminal(void **state)
{
	cleanup_close int lock = take_lock(*state, true);
	cleanup_free char *output = NULL;

	write_document(*state,
		       ", \"status\": \"a\\u001b[2Jb\", \"report\": {\"warnings\":"
		       " [\"c\\u0007d\"], \"failures\": [{\"object\": \"e\\nf\","
		       " \"text\": \"g\\rh\"}]}");
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_DONE);
	assert_non_null(strstr(output, "a?[2Jb\n"));
	assert_non_null(strstr(output, "  warning: c?d\n"));
	assert_non_null(strstr(output, "  failed: e?f: g?h\n"));
}

/* What the daemon could not replace is not believed. */
static void test_withdrawn(void **state)
{
	cleanup_close int lock = take_lock(*state, true);
	cleanup_free char *output = NULL, *json = NULL;
	struct stat st;

	write_in_sync(*state);
	assert_int_equal(status_withdraw(*state), 0);
	assert_int_equal(stat(in_directory(*state, "status.json"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_PARTLY);
	assert_non_null(strstr(output, "unknown: the daemon (pid "));
	assert_non_null(strstr(output, ") cannot write its status"));
	assert_int_equal(run_status(*state, true, 0, &json), EXIT_PARTLY);
	assert_non_null(strstr(json, "\"outcome\": \"unknown\""));
	write_in_sync(*state);
	assert_int_equal(status_withdraw(*state), 0);
	write_in_sync(*state);
	free(output);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_DONE);
}

/* The daemon writes one in each period, or it hangs. */
static void test_stale(void **state)
{
	static const struct {
		const char *written;
		int exit_status;
	} cases[] = { { "-100000", EXIT_PARTLY },
		      { "9000000000000", EXIT_DONE }, /* another clock than ours */
		      { "null", EXIT_DONE } };	      /* an earlier version's */
	cleanup_close int lock = take_lock(*state, true);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *output = NULL;
		char rest[200];

		snprintf(
			rest, sizeof(rest),
			", \"status\": \"in sync\", \"report\": {}, \"resyncMilliseconds\": 1,"
			" \"writtenMonotonicMilliseconds\": %s",
			cases[i].written);
		write_document(*state, rest);
		assert_int_equal(run_status(*state, false, 0, &output),
				 cases[i].exit_status);
	}
}

static void test_singular_and_lists(void **state)
{
	struct reconcile_report report = { .outcome = RECONCILE_IN_SYNC,
					   .services = 1,
					   .destinations = 1,
					   .draining = 3,
					   .changes = 1 };
	cleanup_close int lock = take_lock(*state, true);
	struct status status = some_status();
	cleanup_free char *output = NULL;

	assert_int_equal(
		report_lines_add(&report.drains, "tcp 10.0.0.1:80 -> 10.0.1.1:80"), 0);
	assert_int_equal(status_write(*state, &status, &report, NULL), 0);
	reconcile_report_clear(&report);
	assert_int_equal(run_status(*state, false, 0, &output), EXIT_DONE);
	assert_non_null(strstr(output, "in sync: 1 service, 3 destinations draining\n"));
	assert_non_null(strstr(output, "1 with 1 destination, 0 failed"));
	assert_non_null(strstr(output, "0 reads, 0 writes, 1 change, "));
	assert_non_null(strstr(output, "tcp 10.0.0.1:80 -> 10.0.1.1:80\n"));
	assert_non_null(strstr(output, "… and 2 more\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_odd_documents, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_texts_fit_for_a_terminal,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_withdrawn, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_stale, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_singular_and_lists, temporary_make,
						temporary_remove),
		STATUS_TEST(test_no_daemon),
		STATUS_TEST(test_degraded),
		STATUS_TEST(test_document),
		STATUS_TEST(test_in_sync),
		STATUS_TEST(test_bad_state),
		STATUS_TEST(test_starting),
		STATUS_TEST(test_reconciling),
		STATUS_TEST(test_command_holds_lock),
		STATUS_TEST(test_damaged),
		STATUS_TEST(test_wait),
		cmocka_unit_test(test_report_and_back),
		cmocka_unit_test(test_bad_reports),
		cmocka_unit_test(test_timestamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
