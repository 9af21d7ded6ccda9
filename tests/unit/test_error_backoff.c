/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "agent/reconcile/error_backoff.h"
#include "common/macro.h"

static const uint64_t second = 1000000, start = 1000 * 1000000ULL;
static const uint64_t realtime = 1700000000 * 1000000ULL;

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct error_backoff_list));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	error_backoff_clear(*state);
	free(*state);
	return 0;
}

static void add_failure(struct reconcile_report *report, const char *object,
			const char *text)
{
	assert_int_equal(reconcile_report_add(report, object, NULL, text, EEXIST), 0);
}

static void wait_for(struct reconcile_report *report, const char *object)
{
	add_failure(report, object, "busy");
	report->failures[report->failure_count - 1].waiting = true;
}

/* A reconcile in which this object alone failed; returns its next_usec. */
static uint64_t fail_alone(struct error_backoff_list *list, const char *object,
			   uint64_t now)
{
	struct reconcile_report report = { 0 };
	uint64_t next;

	add_failure(&report, object, "busy");
	assert_int_equal(error_backoff_update(list, &report, now, realtime, 7), 0);
	next = report.failures[0].next_usec;
	reconcile_report_clear(&report);
	return next;
}

static void succeed(struct error_backoff_list *list, uint64_t now)
{
	struct reconcile_report report = { 0 };

	assert_int_equal(error_backoff_update(list, &report, now, realtime, 7), 0);
	reconcile_report_clear(&report);
}

static void assert_near(uint64_t delay, uint64_t wanted)
{
	assert_in_range(delay, wanted * 3 / 4, wanted * 5 / 4);
}

static void empty_list_waits_for_nothing(void **state)
{
	struct error_backoff_list *list = *state;

	assert_null(error_backoff_find_waiting(list, "a", 0));
	assert_int_equal(error_backoff_next(list), UINT64_MAX);
	error_backoff_reset(list);
	succeed(list, start);
	assert_int_equal(error_backoff_next(list), UINT64_MAX);
}

static void failure_waits_longer_each_time(void **state)
{
	static const uint64_t seconds[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	struct error_backoff_list *list = *state;

	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++)
		assert_near(fail_alone(list, "a", start), seconds[i] * second);
	assert_int_equal(list->entries[0].attempts, ARRAY_SIZE(seconds));
	assert_near(error_backoff_next(list) - start, 300 * second);
}

static void waiting_object_is_found_until_it_is_nearly_due(void **state)
{
	struct error_backoff_list *list = *state;
	uint64_t delay = fail_alone(list, "b", start);

	assert_string_equal(error_backoff_find_waiting(list, "b", start)->text, "busy");
	assert_int_equal(error_backoff_find_waiting(list, "b", start)->code, EEXIST);
	assert_null(error_backoff_find_waiting(list, "a", start));
	assert_null(error_backoff_find_waiting(list, "c", start));
	assert_non_null(error_backoff_find_waiting(list, "b", start + delay / 2));
	assert_null(error_backoff_find_waiting(list, "b", start + delay - delay / 5));
	assert_null(error_backoff_find_waiting(list, "b", start + delay));
}

static void what_failed_no_more_is_forgotten(void **state)
{
	struct error_backoff_list *list = *state;

	fail_alone(list, "a", start);
	fail_alone(list, "b", start);
	assert_null(error_backoff_find_waiting(list, "a", start));
	assert_int_equal(list->count, 1);
	succeed(list, start);
	assert_int_equal(list->count, 0);
	assert_near(fail_alone(list, "b", start), second);
}

/* It was not tried: neither its time nor its count moves. */
static void object_that_waits_keeps_its_time(void **state)
{
	struct error_backoff_list *list = *state;
	struct reconcile_report report = { 0 };
	uint64_t delay = fail_alone(list, "a", start);

	wait_for(&report, "a");
	assert_int_equal(error_backoff_update(list, &report, start + 1, realtime + 1, 9),
			 0);
	assert_int_equal(report.failures[0].attempts, 1);
	assert_int_equal(report.failures[0].next_usec, delay - 1);
	assert_int_equal(report.failures[0].since, realtime / second);
	assert_int_equal(error_backoff_next(list), start + delay);
	reconcile_report_clear(&report);
}

/* Contested: it was never tried, and when its turn is stands elsewhere. */
static void object_that_waits_for_something_else_is_not_due(void **state)
{
	struct error_backoff_list *list = *state;
	struct reconcile_report report = { 0 };

	for (int i = 0; i < 2; i++) {
		wait_for(&report, "a");
		report.failures[0].next_usec = 5;
		assert_int_equal(error_backoff_update(list, &report, start + (uint64_t)i,
						      realtime, 9),
				 0);
		assert_int_equal(report.failures[0].attempts, 0);
		assert_int_equal(report.failures[0].next_usec, 5);
		assert_int_equal(error_backoff_next(list), UINT64_MAX);
		assert_null(error_backoff_find_waiting(list, "a", start));
		reconcile_report_clear(&report);
		report = (struct reconcile_report){ 0 };
	}
}

static void report_says_attempts_since_and_next(void **state)
{
	struct error_backoff_list *list = *state;
	struct reconcile_report report = { 0 };
	uint64_t first;

	first = fail_alone(list, "b", start);
	add_failure(&report, "c", "new");
	add_failure(&report, "b", "another text");
	assert_int_equal(error_backoff_update(list, &report, start + first,
					      realtime + 5 * second, 3),
			 0);
	assert_int_equal(report.failures[0].attempts, 1);
	assert_int_equal(report.failures[0].since, realtime / second + 5);
	assert_near(report.failures[0].next_usec, second);
	assert_int_equal(report.failures[1].attempts, 2);
	assert_int_equal(report.failures[1].since, realtime / second);
	assert_near(report.failures[1].next_usec, 2 * second);
	assert_string_equal(error_backoff_find_waiting(list, "b", start + first)->text,
			    "another text");
	reconcile_report_clear(&report);
}

static void first_of_many_is_the_next(void **state)
{
	struct error_backoff_list *list = *state;
	struct reconcile_report report = { 0 };
	uint64_t first = UINT64_MAX, last = 0;
	char object[16];

	for (int i = 0; i < 100; i++) {
		snprintf(object, sizeof(object), "object %d", i);
		add_failure(&report, object, "busy");
	}
	assert_int_equal(error_backoff_update(list, &report, start, realtime, 12345), 0);
	for (size_t i = 0; i < list->count; i++) {
		assert_non_null(error_backoff_find_waiting(
			list, report.failures[i].object, start));
		first = MIN_OF(first, list->entries[i].next);
		last = MAX_OF(last, list->entries[i].next);
	}
	assert_int_equal(error_backoff_next(list), first);
	/* One number makes another jitter for each. */
	assert_true(last - first > second / 8);
	reconcile_report_clear(&report);
}

static void reset_makes_all_due_and_begins_anew(void **state)
{
	struct error_backoff_list *list = *state;

	for (int i = 0; i < 5; i++)
		fail_alone(list, "a", start);
	error_backoff_reset(list);
	assert_null(error_backoff_find_waiting(list, "a", start));
	assert_near(fail_alone(list, "a", start), second);
	assert_int_equal(list->entries[0].attempts, 1);
	/* It has failed all the while. */
	assert_int_equal(list->entries[0].since_realtime, realtime);
}

#define RETRY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RETRY_TEST(empty_list_waits_for_nothing),
		RETRY_TEST(failure_waits_longer_each_time),
		RETRY_TEST(waiting_object_is_found_until_it_is_nearly_due),
		RETRY_TEST(what_failed_no_more_is_forgotten),
		RETRY_TEST(object_that_waits_keeps_its_time),
		RETRY_TEST(object_that_waits_for_something_else_is_not_due),
		RETRY_TEST(report_says_attempts_since_and_next),
		RETRY_TEST(first_of_many_is_the_next),
		RETRY_TEST(reset_makes_all_due_and_begins_anew),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
