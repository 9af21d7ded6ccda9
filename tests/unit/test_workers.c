/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/macro.h"
#include "common/workers.h"

enum { ITEMS = 1000 };

static void count_item(void *context, size_t item)
{
	unsigned char *done = context;

	done[item]++;
}

static void test_each_item_is_done_once(void **state UNUSED)
{
	for (size_t threads = 0; threads <= 2 * WORKERS_MAX; threads++) {
		unsigned char done[ITEMS] = { 0 };

		workers_run(threads, ITEMS, count_item, done);
		for (size_t i = 0; i < ITEMS; i++)
			assert_int_equal(done[i], 1);
		workers_run(threads, 0, count_item, done);
	}
	assert_true(workers_available() >= 1 && workers_available() <= WORKERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_item_is_done_once),
	};

	return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
