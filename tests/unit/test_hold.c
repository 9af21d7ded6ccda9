/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plan_case.h"

#include "agent/plan/hold.h"

/* What a state that takes most away keeps, and what of it is done at once. */

enum { MANY = 30 };

struct held {
	struct fixture *f;
	struct table accepted;
};

static int set_up_held(void **state)
{
	struct held *held = calloc(1, sizeof(*held));

	if (!held || set_up((void **)&held->f) < 0)
		return -1;
	*state = held;
	return 0;
}

static int tear_down_held(void **state)
{
	struct held *held = *state;
	void *f = held->f;

	table_clear(&held->accepted);
	tear_down(&f);
	free(held);
	return 0;
}

/* Services from first to last with that number of destinations each. */
static void fill(struct table *table, unsigned int first, unsigned int last,
		 unsigned int destinations)
{
	for (unsigned int n = first; n <= last; n++) {
		struct service *service = build_service(table, n);

		for (unsigned int d = 1; d <= destinations; d++)
			build_destination(service, d, 1);
	}
	table_sort(table);
}

static void own_all(struct fixture *f)
{
	for (size_t i = 0; i < f->actual.service_count; i++)
		assert_int_equal(ownership_mark(&f->ownership, &f->actual.services[i].key,
						OWNERSHIP_OWNED, 0),
				 0);
}

static struct hold_view view_of(const struct held *held)
{
	return (struct hold_view){
		.wanted = &held->f->wanted,
		.named = &held->f->wanted,
		.actual = &held->f->actual,
		.accepted = held->accepted.services ? &held->accepted : NULL,
		.ownership = &held->f->ownership,
	};
}

static void assert_counts(const struct held *held, size_t services, size_t removed,
			  size_t destinations, size_t destinations_removed)
{
	const struct hold_view view = view_of(held);
	struct hold_counts counts = hold_count(&view);

	assert_int_equal(counts.services, services);
	assert_int_equal(counts.services_removed, removed);
	assert_int_equal(counts.destinations, destinations);
	assert_int_equal(counts.destinations_removed, destinations_removed);
}

/* What is planned with what is in force meanwhile. */
static void assert_held_plan(struct held *held, const char *expected)
{
	const struct hold_view view = view_of(held);
	struct table in_force = { 0 };

	assert_int_equal(hold_make(&view, &in_force), 0);
	table_clear(&held->f->wanted);
	held->f->wanted = in_force;
	assert_plan(held->f, expected);
}

static void more_than_half_is_due(UNUSED void **state)
{
	static const struct {
		struct hold_counts counts;
		bool due;
	} cases[] = {
		{ { 30, 16, 0, 0 }, true },  { { 30, 15, 0, 0 }, false },
		{ { 10, 10, 0, 0 }, false }, { { 11, 11, 0, 0 }, true },
		{ { 2, 0, 40, 21 }, true },  { { 2, 0, 40, 20 }, false },
		{ { 2, 0, 20, 20 }, false }, { { 100, 20, 400, 80 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(hold_is_due(&cases[i].counts), cases[i].due);
	assert_true(hold_may_be_due(11, 0));
	assert_true(hold_may_be_due(0, 21));
	assert_false(hold_may_be_due(10, 20));
}

static void what_is_added_and_changed_is_done_and_what_goes_stays(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;

	fill(&f->actual, 1, MANY, 1);
	fill(&held->accepted, 1, MANY, 1);
	own_all(f);
	fill(&f->wanted, 1, 2, 1);
	f->wanted.services[0].destinations[0].weight = 9;
	build_service(&f->wanted, 99);
	table_sort(&f->wanted);
	assert_counts(held, MANY, 28, MANY, 28);
	assert_held_plan(
		held,
		"new service tcp 10.0.0.99:80, scheduler rr\n"
		"set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 1 -> 9\n");
}

/* Where the accepted state is not known the kernel says what there is. */
static void kernel_says_what_stays_without_an_accepted_state(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;

	fill(&f->actual, 1, MANY, 1);
	own_all(f);
	build_service(&f->actual, 77); /* another program's */
	table_sort(&f->actual);
	fill(&f->wanted, 1, 2, 2);
	assert_counts(held, MANY, 28, MANY, 28);
	assert_held_plan(
		held,
		"new destination tcp 10.0.0.1:80 -> 10.1.0.2:8080, forward masquerade, weight 1\n"
		"new destination tcp 10.0.0.2:80 -> 10.1.0.2:8080, forward masquerade, weight 1\n");
}

/* What the held state has added does not make what it removes less. */
static void own_additions_do_not_end_the_hold(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;

	fill(&f->actual, 1, MANY, 1);
	fill(&f->actual, 100, 199, 1);
	fill(&held->accepted, 1, MANY, 1);
	own_all(f);
	fill(&f->wanted, 1, 2, 1);
	fill(&f->wanted, 100, 199, 1);
	assert_counts(held, MANY, 28, MANY, 28);
	assert_held_plan(held, "");
}

static void what_somebody_took_away_is_put_back_meanwhile(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;

	fill(&f->actual, 1, MANY, 1);
	fill(&held->accepted, 1, MANY, 1);
	own_all(f);
	service_clear(&f->actual.services[--f->actual.service_count]);
	fill(&f->wanted, 1, 2, 1);
	assert_held_plan(
		held,
		"new service tcp 10.0.0.30:80, scheduler rr\n"
		"new destination tcp 10.0.0.30:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n");
}

/* Twenty-five go, two of them because two others come. */
static void destination_that_moves_is_not_removed(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;
	struct service *service;

	fill(&f->actual, 1, 2, 1);
	fill(&f->actual, 3, 3, 25);
	own_all(f);
	service = build_service(&f->wanted, 1);
	build_destination(service, 9, 1);
	fill(&f->wanted, 2, 2, 1);
	fill(&f->wanted, 3, 3, 2);
	assert_counts(held, 3, 0, 27, 23);
	assert_held_plan(
		held,
		"new destination tcp 10.0.0.1:80 -> 10.1.0.9:8080, forward masquerade, weight 1\n"
		"delete destination tcp 10.0.0.1:80 -> 10.1.0.1:8080\n");
}

static void endpoints_of_a_cluster_are_never_held(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;

	fill(&f->actual, 1, 1, 25);
	fill(&f->actual, 2, MANY, 0);
	fill(&held->accepted, 1, 1, 25);
	fill(&held->accepted, 2, MANY, 0);
	own_all(f);
	fill(&f->wanted, 1, 1, 24);
	for (size_t i = 0; i < held->accepted.service_count; i++)
		held->accepted.services[i].of_cluster = true;
	f->wanted.services[0].of_cluster = true;
	assert_counts(held, MANY, MANY - 1, 0, 0);
	assert_held_plan(held, "delete destination tcp 10.0.0.1:80 -> 10.1.0.25:8080\n");
}

/* What was a cluster's is not known then. */
static void endpoints_of_services_that_went_do_not_count(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;

	fill(&f->actual, 1, 4, 10);
	own_all(f);
	fill(&f->wanted, 1, 1, 10);
	f->wanted.services[0].of_cluster = true;
	assert_counts(held, 4, 3, 0, 0);
}

static void what_the_guard_refuses_is_not_kept(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;
	struct hold_view view = view_of(held);
	struct table named = { 0 }, in_force = { 0 };

	fill(&f->actual, 1, MANY, 0);
	own_all(f);
	fill(&f->wanted, 1, 1, 0);
	fill(&named, 1, 2, 0);
	view.named = &named;
	assert_int_equal(hold_make(&view, &in_force), 0);
	assert_int_equal(in_force.service_count, MANY - 1);
	table_clear(&in_force);
	table_clear(&named);
}

static void global_values_that_leave_wait_too(void **state)
{
	struct held *held = *state;
	struct fixture *f = held->f;

	fill(&f->actual, 1, MANY, 0);
	fill(&held->accepted, 1, MANY, 0);
	own_all(f);
	f->ownership.timeouts_before = (struct timeouts){ .tcp = 900, .udp = 300 };
	f->actual.globals.timeouts = (struct timeouts){ 1000, 120, 100 };
	held->accepted.globals.timeouts = (struct timeouts){ .tcp = 1000, .udp = 100 };
	f->wanted.globals.timeouts.tcp = 2000;
	assert_int_equal(globals_add_sysctl(&f->ownership.before, "net.a", "0"), 0);
	assert_int_equal(globals_add_sysctl(&f->actual.globals, "net.a", "1"), 0);
	assert_int_equal(globals_add_sysctl(&held->accepted.globals, "net.a", "1"), 0);
	assert_held_plan(held, "set timeouts, tcp 1000 -> 2000\n");
}

#define HOLD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_held, tear_down_held)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_than_half_is_due),
		HOLD_TEST(what_is_added_and_changed_is_done_and_what_goes_stays),
		HOLD_TEST(kernel_says_what_stays_without_an_accepted_state),
		HOLD_TEST(own_additions_do_not_end_the_hold),
		HOLD_TEST(what_somebody_took_away_is_put_back_meanwhile),
		HOLD_TEST(destination_that_moves_is_not_removed),
		HOLD_TEST(endpoints_of_a_cluster_are_never_held),
		HOLD_TEST(endpoints_of_services_that_went_do_not_count),
		HOLD_TEST(what_the_guard_refuses_is_not_kept),
		HOLD_TEST(global_values_that_leave_wait_too),
	};

	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
