/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plan_case.h"

/* Whose a service is, and what follows from it. */

static void intend(struct fixture *f, const struct service *service)
{
	assert_int_equal(ownership_mark(&f->ownership, &service->key, OWNERSHIP_INTENDED,
					fingerprint_service(service)),
			 0);
}

static void intended_key_is_ours_only_with_its_attributes(void **state)
{
	struct fixture *f = *state;
	struct service *wanted = build_service(&f->wanted, 1);
	struct service *actual = build_service(&f->actual, 1);

	build_destination(wanted, 1, 1);
	intend(f, actual);
	assert_plan(
		f,
		"new destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n");
	strcpy(actual->scheduler, "wrr");
	assert_plan(f, "");
	assert_int_equal(f->plan.conflict_count, 1);
}

/* The state may have moved on since: what was intended is edited, or goes. */
static void intended_key_with_its_attributes_is_like_an_owned_one(void **state)
{
	struct fixture *f = *state;

	intend(f, build_service(&f->actual, 1));
	assert_plan(f, "delete service tcp 10.0.0.1:80\n");
	strcpy(build_service(&f->wanted, 1)->scheduler, "wrr");
	assert_plan(f, "set service tcp 10.0.0.1:80, scheduler rr -> wrr\n");
}

static void intended_key_with_other_attributes_is_never_deleted(void **state)
{
	struct fixture *f = *state;
	struct service *actual = build_service(&f->actual, 1);

	intend(f, actual);
	actual->persistence_timeout = 60;
	assert_plan(f, "");
	assert_int_equal(f->plan.foreign_services, 1);
}

static void equal_service_of_others_is_a_conflict_where_none_is_adopted(void **state)
{
	struct fixture *f = *state;

	build_service(&f->wanted, 1);
	build_service(&f->actual, 1);
	f->policy.adopt = ADOPT_NONE;
	assert_plan(f, "");
	assert_int_equal(f->plan.conflict_count, 1);
	assert_true(f->plan.conflicts[0].equal);
	own(f, 1);
	assert_plan(f, "");
	assert_int_equal(f->plan.conflict_count, 0);
}

static void service_of_others_is_edited_where_all_are_adopted(void **state)
{
	struct fixture *f = *state;
	struct service *actual;

	build_destination(build_service(&f->wanted, 1), 1, 1);
	actual = build_service(&f->actual, 1);
	strcpy(actual->scheduler, "wlc");
	for (unsigned int n = 1; n < 30; n++)
		build_destination(actual, n, 1);
	build_service(&f->actual, 2);
	f->policy.adopt = ADOPT_ALL;
	make(f);
	assert_int_equal(f->plan.conflict_count, 0);
	assert_int_equal(f->plan.operations[0].kind, OPERATION_SET_SERVICE);
	assert_int_equal(f->plan.operation_count, 29);
	/* A key that the state does not name stays others', and what was taken over was not ours. */
	assert_int_equal(f->plan.foreign_services, 1);
	assert_false(plan_removes_most(&f->plan));
}

static void sync_daemon_of_others_is_taken_over_where_all_are_adopted(void **state)
{
	struct fixture *f = *state;

	snprintf(f->wanted.globals.daemons[0].interface, IF_NAMESIZE, "eth0");
	f->wanted.globals.daemons[0].role = SYNC_MASTER;
	f->actual.globals.daemons[0] = f->wanted.globals.daemons[0];
	f->actual.globals.daemons[0].sync_id = 9;
	f->policy.adopt = ADOPT_ALL;
	assert_plan(f, "stop sync daemon master on eth0, id 9\n"
		       "start sync daemon master on eth0, id 0\n");
	f->policy.adopt = ADOPT_NONE;
	assert_plan(f, "");
	assert_int_equal(f->plan.conflict_count, 1);
}

/* Whether a plan that takes away so many of ours is one that removes most. */
static bool removes_most(struct fixture *f, unsigned int kept, unsigned int removed,
			 unsigned int destinations)
{
	bool most;

	for (unsigned int n = 0; n < kept + removed; n++) {
		struct service *actual = build_service(&f->actual, n);
		struct service *wanted = n < kept ? build_service(&f->wanted, n) : NULL;

		own(f, n);
		for (unsigned int d = 0; d < destinations; d++) {
			build_destination(actual, d, 1);
			if (wanted)
				build_destination(wanted, d, 1);
		}
	}
	make(f);
	most = plan_removes_most(&f->plan);
	table_clear(&f->actual);
	table_clear(&f->wanted);
	ownership_clear(&f->ownership);
	return most;
}

static void removing_most_is_noticed(void **state)
{
	struct fixture *f = *state;

	assert_true(removes_most(f, 10, 11, 0));
	assert_false(removes_most(f, 11, 11, 0));
	assert_false(removes_most(f, 0, 10, 0));
	assert_false(removes_most(f, 0, 10, 2));
	assert_true(removes_most(f, 0, 7, 3));
	assert_true(removes_most(f, 18, 812, 1));
	assert_false(removes_most(f, 30, 0, 30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAN_TEST(intended_key_is_ours_only_with_its_attributes),
		PLAN_TEST(intended_key_with_its_attributes_is_like_an_owned_one),
		PLAN_TEST(intended_key_with_other_attributes_is_never_deleted),
		PLAN_TEST(equal_service_of_others_is_a_conflict_where_none_is_adopted),
		PLAN_TEST(service_of_others_is_edited_where_all_are_adopted),
		PLAN_TEST(sync_daemon_of_others_is_taken_over_where_all_are_adopted),
		PLAN_TEST(removing_most_is_noticed),
	};

	return cmocka_run_group_tests_name("plan ownership", tests, NULL, NULL);
}
