/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "agent/reconcile/drift_backoff.h"
#include "common/macro.h"

static const uint64_t second = 1000000, minute = 60 * 1000000ULL;
static const uint64_t start = 1000 * 1000000ULL;

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct drift_backoff_list));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	drift_backoff_clear(*state);
	free(*state);
	return 0;
}

/* One reconcile in which the object is put back. */
static void put_back(struct drift_backoff_list *list, const char *object, uint64_t now)
{
	drift_backoff_note(list, object, now);
	drift_backoff_settle(list, now);
}

static void contest(struct drift_backoff_list *list, const char *object, uint64_t now)
{
	for (int i = 0; i < DRIFT_BACKOFF_REPAIRS_MAX; i++)
		put_back(list, object, now);
}

static void empty_list_contests_nothing(void **state)
{
	struct drift_backoff_list *list = *state;

	assert_null(drift_backoff_find(list, "a", 0));
	drift_backoff_settle(list, start);
	drift_backoff_permit(list);
	assert_int_equal(drift_backoff_next(list, start), UINT64_MAX);
}

static void fifth_repair_makes_an_object_contested(void **state)
{
	struct drift_backoff_list *list = *state;

	for (int i = 1; i < DRIFT_BACKOFF_REPAIRS_MAX; i++) {
		put_back(list, "a", start);
		assert_null(drift_backoff_find(list, "a", start));
		assert_int_equal(drift_backoff_next(list, start), UINT64_MAX);
	}
	put_back(list, "a", start);
	assert_int_equal(drift_backoff_find(list, "a", start)->repairs,
			 DRIFT_BACKOFF_REPAIRS_MAX);
	assert_null(drift_backoff_find(list, "b", start));
	assert_int_equal(drift_backoff_next(list, start), start + minute);
}

static void contested_object_is_left_for_longer_each_time(void **state)
{
	static const uint64_t minutes[] = { 1, 2, 4, 8, 16, 32, 64, 64 };
	struct drift_backoff_list *list = *state;
	uint64_t now = start;

	for (int i = 1; i < DRIFT_BACKOFF_REPAIRS_MAX; i++)
		put_back(list, "a", now);
	for (size_t i = 0; i < ARRAY_SIZE(minutes); i++) {
		put_back(list, "a", now);
		assert_int_equal(drift_backoff_next(list, now),
				 now + minutes[i] * minute);
		assert_non_null(
			drift_backoff_find(list, "a", now + minutes[i] * minute - 1));
		now += minutes[i] * minute;
		assert_null(drift_backoff_find(list, "a", now));
	}
}

static void quiet_object_is_forgotten_after_ten_minutes(void **state)
{
	struct drift_backoff_list *list = *state;

	put_back(list, "a", start);
	drift_backoff_settle(list, start + 10 * minute - 1);
	assert_int_equal(list->count, 1);
	drift_backoff_settle(list, start + 10 * minute);
	assert_int_equal(list->count, 0);
}

static void repairs_with_quiet_in_between_do_not_add_up(void **state)
{
	struct drift_backoff_list *list = *state;

	for (uint64_t i = 0; i < 20; i++) {
		drift_backoff_settle(list, start + i * 11 * minute);
		put_back(list, "a", start + i * 11 * minute);
		assert_null(drift_backoff_find(list, "a", start + i * 11 * minute));
	}
}

/* While it is left alone nobody can tell whether it is quiet. */
static void quiet_of_a_contested_object_counts_from_its_turn(void **state)
{
	struct drift_backoff_list *list = *state;

	contest(list, "a", start);
	drift_backoff_settle(list, start + 10 * minute + second);
	assert_int_equal(list->count, 1);
	drift_backoff_settle(list, start + 11 * minute);
	assert_int_equal(list->count, 0);
}

/* It was found changed, though not put back. */
static void looking_at_a_contested_object_keeps_it(void **state)
{
	struct drift_backoff_list *list = *state;

	contest(list, "a", start);
	assert_non_null(drift_backoff_find(list, "a", start + minute - 1));
	drift_backoff_settle(list, start + 11 * minute - 2);
	assert_int_equal(list->count, 1);
}

static void operator_may_have_it_put_back_now(void **state)
{
	struct drift_backoff_list *list = *state;

	contest(list, "a", start);
	drift_backoff_permit(list);
	assert_null(drift_backoff_find(list, "a", start));
	assert_int_equal(drift_backoff_next(list, start), UINT64_MAX);
	/* What was counted stays. */
	put_back(list, "a", start);
	assert_int_equal(drift_backoff_find(list, "a", start)->repairs,
			 DRIFT_BACKOFF_REPAIRS_MAX + 1);
	assert_int_equal(drift_backoff_next(list, start), start + 2 * minute);
}

static void many_objects_are_told_apart(void **state)
{
	struct drift_backoff_list *list = *state;
	char object[32];

	for (int repair = 0; repair < DRIFT_BACKOFF_REPAIRS_MAX; repair++) {
		for (int i = 0; i < 1000; i++) {
			snprintf(object, sizeof(object), "tcp 10.0.0.1:%d", i);
			if (i % 2 || repair == 0)
				drift_backoff_note(list, object, start);
		}
		drift_backoff_settle(list, start);
	}
	assert_int_equal(list->count, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(object, sizeof(object), "tcp 10.0.0.1:%d", i);
		assert_int_equal(drift_backoff_find(list, object, start) != NULL, i % 2);
	}
}

/* A table flushed by somebody: its size is the bound, not memory. */
static void one_too_many_is_put_back_every_time(void **state)
{
	struct drift_backoff_list *list = *state;
	char object[32];

	for (int i = 0; i < DRIFT_BACKOFF_ENTRIES_MAX; i++) {
		snprintf(object, sizeof(object), "object %d", i);
		drift_backoff_note(list, object, start);
	}
	drift_backoff_settle(list, start);
	contest(list, "one too many", start);
	assert_int_equal(list->count, DRIFT_BACKOFF_ENTRIES_MAX);
	assert_null(drift_backoff_find(list, "one too many", start));
	contest(list, "object 7", start);
	assert_non_null(drift_backoff_find(list, "object 7", start));
}

#define DRIFT_BACKOFF_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIFT_BACKOFF_TEST(empty_list_contests_nothing),
		DRIFT_BACKOFF_TEST(fifth_repair_makes_an_object_contested),
		DRIFT_BACKOFF_TEST(contested_object_is_left_for_longer_each_time),
		DRIFT_BACKOFF_TEST(quiet_object_is_forgotten_after_ten_minutes),
		DRIFT_BACKOFF_TEST(repairs_with_quiet_in_between_do_not_add_up),
		DRIFT_BACKOFF_TEST(quiet_of_a_contested_object_counts_from_its_turn),
		DRIFT_BACKOFF_TEST(looking_at_a_contested_object_keeps_it),
		DRIFT_BACKOFF_TEST(operator_may_have_it_put_back_now),
		DRIFT_BACKOFF_TEST(many_objects_are_told_apart),
		DRIFT_BACKOFF_TEST(one_too_many_is_put_back_every_time),
	};

	return cmocka_run_group_tests_name("quarrel", tests, NULL, NULL);
}
