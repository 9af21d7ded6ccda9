/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "tests/unit/temporary.h"

#include "agent/report/outcome_log.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"

static uint64_t now_usec = 1000;

/* What is logged about a report, on stderr; the caller frees it. The report is cleared. */
static char *log_of(const char *directory, struct outcome_log *log,
		    struct reconcile_report *report)
{
	FILE *to = fopen(in_directory(directory, "log"), "w");
	int kept = dup(STDERR_FILENO);
	char *text = NULL;
	size_t length;

	assert_non_null(to);
	assert_true(dup2(fileno(to), STDERR_FILENO) >= 0);
	outcome_log_report(log, report, now_usec);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	fclose(to);
	assert_int_equal(
		file_read(in_directory(directory, "log"), 1 << 20, &text, &length, NULL),
		0);
	reconcile_report_clear(report);
	return text;
}

static void add(struct reconcile_report *report, const char *object, const char *name,
		const char *text)
{
	report->outcome = RECONCILE_DEGRADED;
	report->services = 9;
	report->services_failed++;
	assert_int_equal(reconcile_report_add(report, object, name, text, ENOENT), 0);
}

static void assert_logs(void **state, struct outcome_log *log,
			struct reconcile_report *report, const char *wanted)
{
	cleanup_free char *text = log_of(*state, log, report);

	assert_string_equal(text, wanted);
}

static void test_repeats(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };

	for (int i = 0; i < 3; i++) {
		struct reconcile_report report = { 0 };

		add(&report, "tcp 10.0.0.2:80", "web", "no scheduler 'foo'");
		add(&report, "tcp 10.0.0.1:80", NULL, "no scheduler 'bar'");
		assert_logs(
			state, &log, &report,
			i ? ""
			  : "test: tcp 10.0.0.2:80 (web): no scheduler 'foo'\n"
			    "test: tcp 10.0.0.1:80: no scheduler 'bar'\n"
			    "test: degraded: 7 of 9 services, 2 failed: web: no scheduler 'foo'\n");
	}
}

static void test_changes(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };
	struct reconcile_report first = { 0 }, second = { 0 }, mended = { .services = 9 },
				again = { 0 };

	add(&first, "a", NULL, "one");
	assert_logs(state, &log, &first,
		    "test: a: one\ntest: degraded: 8 of 9 services, 1 failed: a: one\n");
	/* Another failure beside the known one: only the new one has a line. */
	add(&second, "a", NULL, "one");
	add(&second, "b", NULL, "two");
	assert_logs(state, &log, &second,
		    "test: b: two\ntest: degraded: 7 of 9 services, 2 failed: a: one\n");
	assert_logs(state, &log, &mended, "test: in sync: 9 services\n");
	/* Gone in between, so it is told again. */
	add(&again, "a", NULL, "one");
	assert_logs(state, &log, &again,
		    "test: a: one\ntest: degraded: 8 of 9 services, 1 failed: a: one\n");
}

static void test_bad_state(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };
	struct reconcile_report one = {
		.outcome = RECONCILE_BAD_STATE,
		.message = strdup("a:1:1: x"),
		.problems = { .lines = { strdup("a:1:1: x") }, .count = 1 },
	};
	struct reconcile_report two = {
		.outcome = RECONCILE_BAD_STATE,
		.message = strdup("a:1:1: x"),
		.problems = { .lines = { strdup("a:1:1: x"), strdup("a:2:1: y") },
			      .count = 2 },
	};

	assert_logs(state, &log, &one,
		    "test: state refused, the kernel's table stays as it is: a:1:1: x\n");
	assert_logs(state, &log, &two, "test: a:2:1: y\n");
}

/* What stays wrong is said once more every five minutes, with a count; what is right is not. */
static void test_still_so(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };
	struct reconcile_report mended = { .services = 9 }, quiet = { .services = 9 };

	for (int i = 0; i <= 600; i++) {
		struct reconcile_report report = { 0 };

		add(&report, "a", NULL, "one");
		assert_logs(
			state, &log, &report,
			i == 0 ? "test: a: one\ntest: degraded: 8 of 9 services, 1 failed: a: one\n"
			: i % 300 == 0
				? "test: still so after 300 more reconciles: degraded: 8 of 9 services, 1 failed: a: one\n"
				: "");
		now_usec += 1000000;
	}
	assert_logs(state, &log, &mended, "test: in sync: 9 services\n");
	now_usec += 3600 * 1000000ULL;
	assert_logs(state, &log, &quiet, "");
}

static void test_warnings(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };
	struct reconcile_report first = { .services = 1 }, second = { .services = 1 };

	assert_int_equal(reconcile_report_warn(&first, "the disk is %s", "full"), 0);
	assert_int_equal(reconcile_report_warn(&second, "the disk is %s", "full"), 0);
	assert_logs(state, &log, &first,
		    "test: the disk is full\ntest: in sync: 1 service\n");
	assert_logs(state, &log, &second, "");
}

static void test_held(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };
	struct reconcile_report held = {
		.outcome = RECONCILE_HELD,
		.message = strdup("would remove 812 of 830 services"),
	};
	struct reconcile_report with_last_good = {
		.outcome = RECONCILE_HELD,
		.message = strdup("would remove 812 of 830 services"),
		.falls_back = true,
		.last_good = 1790000000,
	};

	assert_logs(state, &log, &held, "test: held: would remove 812 of 830 services\n");
	assert_logs(
		state, &log, &with_last_good,
		"test: held: would remove 812 of 830 services; last good state of 2026-09-21T14:13:20Z in use\n");
}

/* A thousand failures do not make a thousand lines. */
static void test_many(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };
	struct reconcile_report report = { 0 };
	cleanup_free char *text = NULL;
	size_t lines = 0;

	for (int i = 0; i < 1000; i++) {
		char object[32], reason[32];

		snprintf(object, sizeof(object), "object %d", i);
		snprintf(reason, sizeof(reason), "no: %d", i / 2);
		add(&report, object, NULL, reason);
	}
	text = log_of(*state, &log, &report);
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 102);
	assert_non_null(strstr(
		text, "test: 900 more of the same kind; `ipvs-agent status` has all\n"));
}

/* Five hundred services with one misspelt word are one line, and so are those that join them. */
static void test_alike(void **state)
{
	cleanup_outcome_log struct outcome_log log = { 0 };
	struct reconcile_report first = { 0 }, second = { 0 };

	for (int i = 0; i < 500; i++) {
		char object[32];

		snprintf(object, sizeof(object), "object %d", i);
		add(&first, object, i == 1 ? "web" : NULL, "no");
		add(&second, object, NULL, "no");
	}
	add(&first, "last", NULL, "why");
	first.services = first.services_failed = second.services =
		second.services_failed = 500;
	assert_logs(
		state, &log, &first,
		"test: object 0: no; 499 more alike: object 1 (web), object 2, object 3, …\n"
		"test: last: why\n"
		"test: degraded: 0 of 500 services, 501 failed: object 0: no\n");
	for (int i = 500; i < 504; i++) {
		char object[32];

		snprintf(object, sizeof(object), "object %d", i);
		add(&second, object, NULL, "no");
	}
	second.services_failed = second.services;
	assert_logs(
		state, &log, &second,
		"test: object 500: no; 3 more alike: object 501, object 502, object 503\n"
		"test: degraded: 0 of 9 services, 504 failed: object 0: no\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_repeats, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_changes, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_bad_state, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_still_so, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_warnings, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_held, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_many, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_alike, temporary_make,
						temporary_remove),
	};

	log_init("test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
