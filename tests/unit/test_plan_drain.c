/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/drain_case.h"

/* What leaves drains: weight 0, wait, delete. */

static void leaving_destination_gets_weight_0_and_a_deadline(void **state)
{
	struct fixture *f = *state;
	struct service *service = ours(f, 1, true);

	busy(service, 1, 5, 0)->inactive_connections = 2;
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 5 -> 0\n");
	ASSERT_REASONS(f, REASON_DRAIN);
	ASSERT_DEADLINES(f, NOW + TIMEOUT);
	assert_int_equal(service_key_compare(&f->plan.drains[0].service, &service->key),
			 0);
	assert_int_equal(f->plan.drains[0].port, 8080);
	assert_int_equal(f->plan.drains_begun, 1);
	f->policy.drain_timeout_msec = 0;
	make(f);
	ASSERT_DEADLINES(f, 0);
}

/* One that had no connection when the table was read may have got one since. */
static void destination_without_connections_is_not_deleted_before_weight_0(void **state)
{
	struct fixture *f = *state;

	busy(ours(f, 1, true), 1, 1, 0);
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 1 -> 0\n");
	assert_int_equal(f->plan.drains_begun, 1);
}

static void everything_but_the_weight_stays(void **state)
{
	struct fixture *f = *state;
	struct destination *destination = busy(ours(f, 1, true), 1, 5, 1);
	const struct destination *quiet;

	destination->forward = FORWARD_TUNNEL;
	destination->tunnel_type = TUNNEL_GUE;
	destination->tunnel_port = 5555;
	destination->upper_threshold = 7;
	make(f);
	quiet = f->plan.operations[0].destination;
	assert_int_equal(quiet->weight, 0);
	assert_ptr_equal(f->plan.operations[0].destination_before, destination);
	destination->weight = 0;
	assert_true(destination_equal(quiet, destination));
	assert_int_equal(destination_key_compare(quiet, destination), 0);
}

static void destination_with_weight_0_and_connections_waits_without_a_write(void **state)
{
	struct fixture *f = *state;

	busy(ours(f, 1, true), 1, 0, 1);
	assert_plan(f, "");
	ASSERT_DEADLINES(f, NOW + TIMEOUT);
	assert_int_equal(f->plan.drains_begun, 0);
}

static void known_drain_keeps_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct service *service = ours(f, 1, true);

	draining(f, service, 1, 1, NOW + 1);
	draining(f, service, 2, 1, 0);
	assert_plan(f, "");
	ASSERT_DEADLINES(f, NOW + 1, 0);
	assert_true(plan_has_drain(&f->plan, &f->ownership.drains[0]));
	f->ownership.drains[0].deadline_msec++;
	assert_false(plan_has_drain(&f->plan, &f->ownership.drains[0]));
}

/* Somebody gave it its weight back: to 0 again, but the time runs on. */
static void drain_that_was_undone_begins_again_with_its_deadline(void **state)
{
	struct fixture *f = *state;

	draining(f, ours(f, 1, true), 1, 1, NOW + 1)->weight = 3;
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 3 -> 0\n");
	ASSERT_DEADLINES(f, NOW + 1);
}

static void quiet_destination_is_deleted(void **state)
{
	struct fixture *f = *state;
	struct service *service = ours(f, 1, true);

	draining(f, service, 1, 0, NOW + 1);
	draining(f, service, 2, 0, NOW + 1)->inactive_connections = 1;
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.1:8080\n");
	ASSERT_REASONS(f, REASON_DRAINED);
	ASSERT_DEADLINES(f, NOW + 1);
}

static void destination_is_deleted_when_its_time_is_over(void **state)
{
	struct fixture *f = *state;

	draining(f, ours(f, 1, true), 1, 3, NOW);
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.1:8080\n");
	ASSERT_REASONS(f, REASON_EXPIRED);
	assert_int_equal(f->plan.drain_count, 0);
	f->ownership.drains[0].deadline_msec = NOW + 1;
	assert_plan(f, "");
	f->ownership.drains[0].deadline_msec = 0;
	assert_plan(f, "");
}

static void udp_and_sctp_go_at_once_unless_they_are_to_drain(void **state)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_SCTP };
	struct fixture *f = *state;

	for (unsigned int n = 0; n < ARRAY_SIZE(protocols); n++) {
		struct service *service = build_service(&f->actual, n);

		service->key.protocol = protocols[n];
		busy(service, 1, 1, 1);
		build_service(&f->wanted, n)->key.protocol = protocols[n];
		assert_int_equal(
			ownership_mark(&f->ownership, &service->key, OWNERSHIP_OWNED, 0),
			0);
	}
	assert_plan(f, "delete destination udp 10.0.0.0:80 -> 10.1.0.1:8080\n"
		       "delete destination sctp 10.0.0.1:80 -> 10.1.0.1:8080\n");
	ASSERT_REASONS(f, REASON_STATE, REASON_STATE);
	f->policy.drain_udp = true;
	assert_plan(f,
		    "set destination udp 10.0.0.0:80 -> 10.1.0.1:8080, weight 1 -> 0\n"
		    "set destination sctp 10.0.0.1:80 -> 10.1.0.1:8080, weight 1 -> 0\n");
}

static void fwmark_service_drains(void **state)
{
	struct fixture *f = *state;
	struct service *service = table_add_service(&f->actual);

	service->key = (struct service_key){ .address.family = AF_INET, .fwmark = 7 };
	strcpy(service->scheduler, "rr");
	busy(service, 1, 1, 1);
	assert_int_equal(ownership_mark(&f->ownership, &service->key, OWNERSHIP_OWNED, 0),
			 0);
	assert_plan(f, "set destination fwmark 7 -> 10.1.0.1:8080, weight 1 -> 0\n");
}

static void nothing_waits_where_drains_are_switched_off(void **state)
{
	struct fixture *f = *state;
	struct service *service = ours(f, 1, true);

	f->policy.no_drain = true;
	busy(service, 1, 1, 1);
	draining(f, service, 2, 1, NOW + 1);
	busy(ours(f, 2, false), 1, 1, 1);
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.1:8080\n"
		       "delete destination tcp 10.0.0.1:80 -> 10.1.0.2:8080\n"
		       "delete service tcp 10.0.0.2:80\n");
	assert_int_equal(f->plan.drain_count, 0);
}

static void destination_back_in_the_state_gets_its_weight_back(void **state)
{
	struct fixture *f = *state;

	draining(f, ours(f, 1, true), 1, 3, NOW);
	build_destination(&f->wanted.services[0], 1, 5);
	assert_plan(f,
		    "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 0 -> 5\n");
	ASSERT_REASONS(f, REASON_STATE);
	assert_int_equal(f->plan.drain_count, 0);
}

static void new_destinations_come_before_drains(void **state)
{
	struct fixture *f = *state;

	busy(ours(f, 1, true), 1, 1, 1);
	build_destination(&f->wanted.services[0], 9, 1);
	build_destination(build_service(&f->wanted, 2), 9, 1);
	assert_plan(
		f,
		"new service tcp 10.0.0.2:80, scheduler rr\n"
		"new destination tcp 10.0.0.1:80 -> 10.1.0.9:8080, forward masquerade, weight 1\n"
		"new destination tcp 10.0.0.2:80 -> 10.1.0.9:8080, forward masquerade, weight 1\n"
		"set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 1 -> 0\n");
}

static void part_of_the_table_leaves_globals_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(globals_add_sysctl(&f->ownership.before, "net.a", "1"), 0);
	f->ownership.timeouts_before.tcp = 900;
	f->wanted.globals.daemons[0].role = SYNC_MASTER;
	draining(f, ours(f, 1, true), 1, 0, 0);
	f->policy.services_only = true;
	assert_plan(f, "delete destination tcp 10.0.0.1:80 -> 10.1.0.1:8080\n");
	f->policy.services_only = false;
	make(f);
	assert_int_equal(f->plan.operation_count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRAIN_TEST(leaving_destination_gets_weight_0_and_a_deadline),
		DRAIN_TEST(
			destination_without_connections_is_not_deleted_before_weight_0),
		DRAIN_TEST(everything_but_the_weight_stays),
		DRAIN_TEST(
			destination_with_weight_0_and_connections_waits_without_a_write),
		DRAIN_TEST(known_drain_keeps_its_deadline),
		DRAIN_TEST(drain_that_was_undone_begins_again_with_its_deadline),
		DRAIN_TEST(quiet_destination_is_deleted),
		DRAIN_TEST(destination_is_deleted_when_its_time_is_over),
		DRAIN_TEST(udp_and_sctp_go_at_once_unless_they_are_to_drain),
		DRAIN_TEST(fwmark_service_drains),
		DRAIN_TEST(nothing_waits_where_drains_are_switched_off),
		DRAIN_TEST(destination_back_in_the_state_gets_its_weight_back),
		DRAIN_TEST(new_destinations_come_before_drains),
		DRAIN_TEST(part_of_the_table_leaves_globals_alone),
	};

	return cmocka_run_group_tests_name("plan drain", tests, NULL, NULL);
}
