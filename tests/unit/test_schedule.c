/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/schedule.h"

enum { SECOND = 1000000 };

static const uint64_t never = UINT64_MAX;

static void test_in_sync(UNUSED void **state)
{
	struct schedule schedule = { .resync_usec = 30 * SECOND };

	assert_int_equal(schedule_next(&schedule, RECONCILE_IN_SYNC, 1000, never, 7),
			 30 * SECOND);
	assert_int_equal(schedule_next(&schedule, RECONCILE_NO_STATE, 1000, never, 7),
			 30 * SECOND);
	assert_int_equal(schedule_next(&schedule, RECONCILE_BAD_STATE, 1000, never, 7),
			 30 * SECOND);
	assert_int_equal(schedule.failures, 0);
}

static void test_slow_reads(UNUSED void **state)
{
	struct schedule schedule = { .resync_usec = 30 * SECOND };

	assert_int_equal(schedule_period(&schedule, SECOND / 2), 30 * SECOND);
	assert_int_equal(schedule_period(&schedule, 2 * SECOND), 100 * SECOND);
	assert_int_equal(
		schedule_next(&schedule, RECONCILE_IN_SYNC, 2 * SECOND, never, 7),
		100 * SECOND);
	/* A retry, too, leaves the machine alone for most of the time, and so does a look. */
	assert_int_equal(
		schedule_next(&schedule, RECONCILE_DEGRADED, 2 * SECOND, SECOND, 7),
		20 * SECOND);
	assert_int_equal(schedule_look(SECOND / 2), 10 * SECOND);
	assert_int_equal(schedule_look(100), SECOND);
}

/* An object's own time comes before the resync, never later, and never at once for ever. */
static void test_wishes(UNUSED void **state)
{
	struct schedule schedule = { .resync_usec = 30 * SECOND };

	assert_int_equal(
		schedule_next(&schedule, RECONCILE_DEGRADED, 1000, 4 * SECOND, 7),
		4 * SECOND);
	assert_int_equal(
		schedule_next(&schedule, RECONCILE_DEGRADED, 1000, 40 * SECOND, 7),
		30 * SECOND);
	assert_int_equal(schedule_next(&schedule, RECONCILE_DEGRADED, 1000, 0, 7),
			 SECOND / 10);
}

static void assert_near(uint64_t delay, uint64_t wanted)
{
	assert_in_range(delay, wanted * 3 / 4, wanted * 5 / 4);
}

static void test_back_off(UNUSED void **state)
{
	static const uint64_t wanted[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	struct schedule schedule = { .resync_usec = 3600ULL * SECOND };

	for (unsigned int round = 0; round < 100; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++) {
			uint64_t random = round * 0x9e3779b97f4a7c15ULL + i;

			assert_near(schedule_backoff(i, random), wanted[i] * SECOND);
			assert_near(schedule_next(&schedule, RECONCILE_TROUBLE, 1000,
						  never, random),
				    wanted[i] * SECOND);
		}
		schedule_reset(&schedule);
	}
	assert_near(schedule_backoff(UINT32_MAX, 5), 300ULL * SECOND);
	assert_near(schedule_next(&schedule, RECONCILE_TROUBLE, 0, never, 5), SECOND);
	schedule_next(&schedule, RECONCILE_IN_SYNC, 0, never, 5);
	assert_near(schedule_next(&schedule, RECONCILE_TROUBLE, 0, never, 5), SECOND);
}

/* Two nodes that failed together do not retry together. */
static void test_jitter(UNUSED void **state)
{
	assert_int_not_equal(schedule_backoff(0, 1), schedule_backoff(0, 400000));
}

static void test_never_after_resync(UNUSED void **state)
{
	struct schedule schedule = { .resync_usec = 5 * SECOND };

	for (unsigned int i = 0; i < 200; i++)
		assert_in_range(
			schedule_next(&schedule, RECONCILE_TROUBLE, 0, never, i * 12345),
			1, 5 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_sync), cmocka_unit_test(test_slow_reads),
		cmocka_unit_test(test_wishes),	cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_jitter),	cmocka_unit_test(test_never_after_resync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
