/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/drain_case.h"

/* Whole services that leave, and what a plan takes away as plan_removes_most() counts it. */

static void leaving_service_stays_until_its_last_destination_is_quiet(void **state)
{
	struct fixture *f = *state;
	struct service *service = ours(f, 1, false);

	busy(service, 1, 1, 1);
	draining(f, service, 2, 0, NOW + 1);
	assert_plan(f, "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 1 -> 0\n"
		       "delete destination tcp 10.0.0.1:80 -> 10.1.0.2:8080\n");
	ASSERT_REASONS(f, REASON_DRAIN, REASON_DRAINED);
	service->destinations[0].weight = 0;
	service->destinations[0].active_connections = 0;
	assert_plan(f, "delete service tcp 10.0.0.1:80\n");
	assert_int_equal(f->plan.drain_count, 0);
}

static void leaving_service_with_nothing_to_wait_for_goes_at_once(void **state)
{
	struct fixture *f = *state;

	ours(f, 1, false);
	busy(ours(f, 2, false), 1, 0, 0);
	assert_plan(f, "delete service tcp 10.0.0.1:80\n"
		       "delete service tcp 10.0.0.2:80\n");
	assert_int_equal(f->plan.removed_destinations, 1);
}

/* So that it is logged with its connections. */
static void expired_drain_of_a_leaving_service_has_its_own_deletion(void **state)
{
	struct fixture *f = *state;
	struct service *service = ours(f, 1, false);

	draining(f, service, 1, 3, NOW);
	draining(f, service, 2, 0, NOW);
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.1:8080\n"
		       "delete service tcp 10.0.0.1:80\n");
	ASSERT_REASONS(f, REASON_EXPIRED, REASON_STATE);
}

static void service_back_in_the_state_is_written_once(void **state)
{
	struct fixture *f = *state;

	draining(f, ours(f, 1, false), 1, 3, NOW + 1);
	build_destination(build_service(&f->wanted, 1), 1, 1);
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 0 -> 1\n");
}

static void what_drains_already_is_not_counted(void **state)
{
	struct fixture *f = *state;
	struct service *leaving = ours(f, 1, false), *stays;

	draining(f, leaving, 1, 1, 0);
	draining(f, leaving, 2, 1, 0);
	stays = ours(f, 2, true);
	draining(f, stays, 1, 1, 0);
	busy(stays, 2, 1, 1);
	make(f);
	assert_int_equal(f->plan.owned_services, 1);
	assert_int_equal(f->plan.owned_destinations, 1);
	assert_int_equal(f->plan.removed_services, 0);
	assert_int_equal(f->plan.removed_destinations, 1);
}

/* A destination drained, as at any roll-out; now the whole service is to go. */
static void leaving_service_of_which_one_destination_drained_is_counted(void **state)
{
	struct fixture *f = *state;

	for (unsigned int n = 1; n <= 11; n++) {
		struct service *service = ours(f, n, false);

		draining(f, service, 1, 1, 0);
		busy(service, 2, 1, 1);
	}
	make(f);
	assert_int_equal(f->plan.owned_services, 11);
	assert_int_equal(f->plan.removed_services, 11);
	assert_int_equal(f->plan.owned_destinations, 11);
	assert_int_equal(f->plan.removed_destinations, 11);
	assert_true(plan_removes_most(&f->plan));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAIN_TEST(leaving_service_stays_until_its_last_destination_is_quiet),
		DRAIN_TEST(leaving_service_with_nothing_to_wait_for_goes_at_once),
		DRAIN_TEST(expired_drain_of_a_leaving_service_has_its_own_deletion),
		DRAIN_TEST(service_back_in_the_state_is_written_once),
		DRAIN_TEST(what_drains_already_is_not_counted),
		DRAIN_TEST(leaving_service_of_which_one_destination_drained_is_counted),
	};

	return cmocka_run_group_tests_name("plan leaving", tests, NULL, NULL);
}
