/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/table_builder.h"

#include <string.h>

#include "agent/model/fingerprint.h"
#include "agent/plan/planner.h"

/* What the tests of the plan share: two tables, an ownership, a policy, and the plan as text. */

struct fixture {
	struct table wanted, actual;
	struct ownership ownership;
	struct plan_policy policy;
	struct plan plan;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	/* Drains have tests of their own: test_plan_drain.c. */
	f->policy.no_drain = true;
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	plan_clear(&f->plan);
	table_clear(&f->wanted);
	table_clear(&f->actual);
	ownership_clear(&f->ownership);
	free(f);
	return 0;
}

static inline void make(struct fixture *f)
{
	table_sort(&f->wanted);
	table_sort(&f->actual);
	plan_clear(&f->plan);
	assert_int_equal(
		plan_make(&f->wanted, &f->actual, &f->ownership, &f->policy, &f->plan),
		0);
}

static inline void own(struct fixture *f, unsigned int n)
{
	struct table table = { 0 };
	struct service *service = build_service(&table, n);

	assert_int_equal(ownership_mark(&f->ownership, &service->key, OWNERSHIP_OWNED, 0),
			 0);
	table_clear(&table);
}

/* The whole plan as text, one operation a line. */
static inline void assert_plan(struct fixture *f, const char *expected)
{
	char text[8192] = "", line[512];
	size_t used = 0;

	make(f);
	for (size_t i = 0; i < f->plan.operation_count; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s\n",
			operation_format(&f->plan.operations[i], line, sizeof(line)));
	assert_string_equal(text, expected);
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
