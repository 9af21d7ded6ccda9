/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plan_case.h"

/* The fallback flag of sh and mh, without which weight 0 refuses the clients that hash there. */

static int set_up_service(void **state)
{
	struct fixture *f;
	struct service *wanted, *actual;

	if (set_up(state) < 0)
		return -1;
	f = *state;
	f->policy.no_drain = false;
	wanted = build_service(&f->wanted, 1);
	actual = build_service(&f->actual, 1);
	strcpy(wanted->scheduler, "sh");
	strcpy(actual->scheduler, "sh");
	build_destination(wanted, 1, 1);
	build_destination(actual, 1, 1);
	own(f, 1);
	return 0;
}

static struct service *actual_of(struct fixture *f)
{
	return &f->actual.services[0];
}

/* A second destination, which the state does not have. */
static struct destination *add_leaving(struct fixture *f, uint32_t weight,
				       uint32_t connections)
{
	struct destination *leaving = build_destination(actual_of(f), 2, weight);

	leaving->active_connections = connections;
	return leaving;
}

/* The same, at weight 0 and with the flag set: a drain that began before. */
static struct destination *add_draining(struct fixture *f, uint32_t connections)
{
	struct destination *draining = add_leaving(f, 0, connections);
	const struct drain drain = { .service = actual_of(f)->key,
				     .address = draining->address,
				     .port = draining->port };

	actual_of(f)->scheduler_flags |= SCHEDULER_FLAG_1;
	assert_int_equal(ownership_set_drain(&f->ownership, &drain), 0);
	return draining;
}

static void use_scheduler(struct fixture *f, const char *scheduler)
{
	strcpy(f->wanted.services[0].scheduler, scheduler);
	strcpy(actual_of(f)->scheduler, scheduler);
}

static void flag_is_set_before_the_weight_is_0(void **state)
{
	static const char *const schedulers[] = { "sh", "mh" };
	struct fixture *f = *state;

	add_leaving(f, 1, 1);
	for (size_t i = 0; i < ARRAY_SIZE(schedulers); i++) {
		use_scheduler(f, schedulers[i]);
		assert_plan(
			f,
			"set service tcp 10.0.0.1:80, scheduler flags 0 -> 1\n"
			"set destination tcp 10.0.0.1:80 -> 10.1.0.2:8080, weight 1 -> 0\n");
		assert_int_equal(f->plan.operations[0].reason, REASON_DRAIN);
	}
	/* The other flags stay as they are wanted. */
	f->wanted.services[0].scheduler_flags = SCHEDULER_FLAG_2;
	actual_of(f)->scheduler_flags = SCHEDULER_FLAG_2;
	make(f);
	assert_int_equal(f->plan.operations[0].service->scheduler_flags,
			 SCHEDULER_FLAG_1 | SCHEDULER_FLAG_2);
}

static void flag_stays_while_anything_drains(void **state)
{
	struct fixture *f = *state;

	add_draining(f, 1);
	assert_plan(f, "");
}

static void flag_is_taken_away_after_the_last_one_went(void **state)
{
	struct fixture *f = *state;

	add_draining(f, 0);
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.2:8080\n"
		       "set service tcp 10.0.0.1:80, scheduler flags 1 -> 0\n");
	assert_int_equal(f->plan.operations[1].reason, REASON_DRAIN);
}

static void flag_is_taken_away_after_the_last_one_came_back(void **state)
{
	struct fixture *f = *state;

	add_draining(f, 1);
	build_destination(&f->wanted.services[0], 2, 4);
	assert_plan(f, "set destination tcp 10.0.0.1:80 -> 10.1.0.2:8080, weight 0 -> 4\n"
		       "set service tcp 10.0.0.1:80, scheduler flags 1 -> 0\n");
	assert_int_equal(f->plan.operations[1].reason, REASON_DRAIN);
}

static void flag_that_the_state_sets_is_its_own(void **state)
{
	struct fixture *f = *state;

	f->wanted.services[0].scheduler_flags = SCHEDULER_FLAG_1;
	actual_of(f)->scheduler_flags = SCHEDULER_FLAG_1;
	add_leaving(f, 1, 1);
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.2:8080, weight 1 -> 0\n");
	actual_of(f)->destinations[1].weight = 0;
	actual_of(f)->destinations[1].active_connections = 0;
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.2:8080\n");
	/* The state sets it while something drains: there is nothing to write. */
	actual_of(f)->destinations[1].active_connections = 1;
	assert_plan(f, "");
}

static void other_schedulers_need_no_flag(void **state)
{
	struct fixture *f = *state;

	use_scheduler(f, "rr");
	add_leaving(f, 1, 1);
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.2:8080, weight 1 -> 0\n");
}

static void flag_is_not_set_where_everything_goes_at_once(void **state)
{
	struct fixture *f = *state;

	add_leaving(f, 1, 1);
	f->policy.no_drain = true;
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.2:8080\n");
}

static void new_scheduler_takes_the_flag_along(void **state)
{
	struct fixture *f = *state;

	add_draining(f, 1);
	strcpy(f->wanted.services[0].scheduler, "mh");
	assert_plan(f, "set service tcp 10.0.0.1:80, scheduler sh -> mh\n");
	assert_int_equal(f->plan.operations[0].service->scheduler_flags,
			 SCHEDULER_FLAG_1);
	/* Away from sh and mh: late, lest sh lose it while one drains under it. */
	strcpy(f->wanted.services[0].scheduler, "rr");
	assert_plan(
		f,
		"set service tcp 10.0.0.1:80, scheduler sh -> rr, scheduler flags 1 -> 0\n");
}

/* The state took its own flag away: that is an edit like any other, if a late one. */
static void flag_taken_from_the_state_is_no_drain(void **state)
{
	struct fixture *f = *state;

	actual_of(f)->scheduler_flags = SCHEDULER_FLAG_1;
	assert_plan(f, "set service tcp 10.0.0.1:80, scheduler flags 1 -> 0\n");
	assert_int_equal(f->plan.operations[0].reason, REASON_STATE);
}

static void service_that_leaves_needs_no_flag(void **state)
{
	struct fixture *f = *state;

	actual_of(f)->destinations[0].active_connections = 1;
	table_clear(&f->wanted);
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 1 -> 0\n");
}

#define FALLBACK_TEST(name)                                                              \
	cmocka_unit_test_setup_teardown(name, set_up_service, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FALLBACK_TEST(flag_is_set_before_the_weight_is_0),
		FALLBACK_TEST(flag_stays_while_anything_drains),
		FALLBACK_TEST(flag_is_taken_away_after_the_last_one_went),
		FALLBACK_TEST(flag_is_taken_away_after_the_last_one_came_back),
		FALLBACK_TEST(flag_that_the_state_sets_is_its_own),
		FALLBACK_TEST(other_schedulers_need_no_flag),
		FALLBACK_TEST(flag_is_not_set_where_everything_goes_at_once),
		FALLBACK_TEST(new_scheduler_takes_the_flag_along),
		FALLBACK_TEST(flag_taken_from_the_state_is_no_drain),
		FALLBACK_TEST(service_that_leaves_needs_no_flag),
	};

	return cmocka_run_group_tests_name("plan fallback", tests, NULL, NULL);
}
