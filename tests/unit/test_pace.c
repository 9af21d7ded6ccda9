/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/daemon/pace.h"

enum { SECOND = 1000000 };

static void test_in_sync(UNUSED void **state)
{
	struct pace pace = { .resync_usec = 30 * SECOND };

	assert_int_equal(pace_next(&pace, RECONCILE_IN_SYNC, 1000, 7), 30 * SECOND);
	assert_int_equal(pace_next(&pace, RECONCILE_NO_STATE, 1000, 7), 30 * SECOND);
	assert_int_equal(pace_next(&pace, RECONCILE_BAD_STATE, 1000, 7), 30 * SECOND);
	assert_int_equal(pace.failures, 0);
}

static void test_slow_reads(UNUSED void **state)
{
	struct pace pace = { .resync_usec = 30 * SECOND };

	assert_int_equal(pace_period(&pace, SECOND / 2), 30 * SECOND);
	assert_int_equal(pace_period(&pace, 2 * SECOND), 100 * SECOND);
	assert_int_equal(pace_next(&pace, RECONCILE_IN_SYNC, 2 * SECOND, 7),
			 100 * SECOND);
	/* A retry, too, leaves the machine alone for most of the time. */
	assert_int_equal(pace_next(&pace, RECONCILE_DEGRADED, 2 * SECOND, 7),
			 20 * SECOND);
}

static void assert_near(uint64_t delay, uint64_t wanted)
{
	assert_in_range(delay, wanted * 3 / 4, wanted * 5 / 4);
}

static void test_back_off(UNUSED void **state)
{
	static const uint64_t wanted[] = { 1, 2, 4, 8, 16, 32, 64, 64, 64 };
	struct pace pace = { .resync_usec = 3600ULL * SECOND };

	for (unsigned int round = 0; round < 100; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			assert_near(pace_next(&pace, RECONCILE_DEGRADED, 1000,
					      round * 0x9e3779b97f4a7c15ULL + i),
				    wanted[i] * SECOND);
		pace_reset(&pace);
	}
	assert_near(pace_next(&pace, RECONCILE_TROUBLE, 0, 5), SECOND);
	pace_next(&pace, RECONCILE_IN_SYNC, 0, 5);
	assert_near(pace_next(&pace, RECONCILE_TROUBLE, 0, 5), SECOND);
}

/* Two nodes that failed together do not retry together. */
static void test_jitter(UNUSED void **state)
{
	struct pace one = { .resync_usec = 60 * SECOND }, other = one;

	assert_int_not_equal(pace_next(&one, RECONCILE_DEGRADED, 0, 1),
			     pace_next(&other, RECONCILE_DEGRADED, 0, 400000));
}

static void test_never_after_resync(UNUSED void **state)
{
	struct pace pace = { .resync_usec = 5 * SECOND };

	for (unsigned int i = 0; i < 200; i++)
		assert_in_range(pace_next(&pace, RECONCILE_DEGRADED, 0, i * 12345), 1,
				5 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_sync),
		cmocka_unit_test(test_slow_reads),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_never_after_resync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
