/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/service_ownership_case.h"

#include "agent/reconcile/skip_rules.h"

/* Drains, and a record that cannot be written. */

/* --- a record that cannot be written --- */

static void record_that_cannot_be_written_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct service_ownership_mark remembered;
	struct service *edited;

	build_service(f->wanted, 1);
	build_service(f->wanted, 2);
	build_service(f->actual, 2);
	strcpy(build_service(f->wanted, 3)->scheduler, "wrr");
	edited = build_service(f->actual, 3);
	mark(f, edited, OWNERSHIP_OWNED);
	ownership_recorded(f->ownership);
	f->wanted->globals.timeouts.tcp = 1000;
	f->actual->globals.timeouts.tcp = 900;
	f->wanted->globals.daemons[0].role = SYNC_MASTER;
	assert_int_equal(globals_add_sysctl(&f->wanted->globals, "net.a", "1"), 0);
	assert_int_equal(globals_add_sysctl(&f->actual->globals, "net.a", "0"), 0);
	make_plan(f);
	service_ownership_remember(&f->snapshot, &remembered);
	assert_true(before(f));
	assert_int_equal(f->ownership->service_count, 3);
	service_ownership_forget(&f->snapshot, &remembered);
	assert_int_equal(f->ownership->service_count, 1);
	assert_int_equal(mark_of(f, edited), OWNERSHIP_OWNED);
	assert_int_equal(f->ownership->timeouts_before.tcp, 0);
	assert_int_equal(f->ownership->daemons[0].mark, OWNERSHIP_NONE);
	assert_int_equal(f->ownership->before.sysctl_count, 0);
	/* Only the edit of what the record names is sent. */
	skip_creations(&f->snapshot, f->results);
	for (size_t i = 0; i < f->snapshot.plan.operation_count; i++)
		assert_int_equal(f->results[i] == 0,
				 f->snapshot.plan.operations[i].kind ==
					 OPERATION_SET_SERVICE);
	assert_false(after(f));
	assert_int_equal(f->ownership->service_count, 1);
}

/* --- drains --- */

static struct drain add_drain(struct fixture *f, struct service *service, unsigned int n)
{
	struct destination *destination = build_destination(service, n, 0);
	const struct drain drain = { .service = service->key,
				     .address = destination->address,
				     .port = destination->port,
				     .deadline_msec = UINT64_MAX };

	destination->active_connections = 1;
	assert_int_equal(ownership_set_drain(f->ownership, &drain), 0);
	return drain;
}

static void drains_are_those_of_the_plan(void **state)
{
	struct fixture *f = *state;
	struct service *service = build_service(f->actual, 1);

	mark(f, service, OWNERSHIP_OWNED);
	build_service(f->wanted, 1);
	build_destination(service, 1, 1);
	make_plan(f);
	assert_true(before(f));
	assert_int_equal(f->ownership->drain_count, 1);
	assert_int_equal(f->ownership->drains[0].deadline_msec, 0);
	/* Nothing new. */
	service->destinations[0].weight = 0;
	service->destinations[0].active_connections = 1;
	make_plan(f);
	assert_false(before(f));
	service->destinations[0].active_connections = 0;
	make_plan(f);
	assert_true(before(f));
	assert_int_equal(f->ownership->drain_count, 0);
}

/* A look at them would write to what is not ours. */
static void drains_of_what_was_not_taken_over_are_forgotten(void **state)
{
	struct fixture *f = *state;
	struct service_ownership_mark remembered;

	for (unsigned int n = 1; n <= 2; n++) {
		build_service(f->wanted, n);
		build_destination(build_service(f->actual, n), 1, 1);
	}
	mark(f, &f->actual->services[0], OWNERSHIP_OWNED);
	f->options.adopt = ADOPT_ALL;
	make_plan(f);
	service_ownership_remember(&f->snapshot, &remembered);
	assert_true(before(f));
	assert_int_equal(f->ownership->drain_count, 2);
	service_ownership_forget(&f->snapshot, &remembered);
	assert_int_equal(f->ownership->drain_count, 1);
	assert_true(ownership_has_drain(f->ownership, &f->actual->services[0].key));
}

static void part_leaves_the_drains_of_other_services_alone(void **state)
{
	struct fixture *f = *state;
	struct table others = { 0 };
	struct drain other;

	other = add_drain(f, build_service(&others, 2), 1);
	mark(f, others.services, OWNERSHIP_OWNED);
	add_drain(f, build_service(f->actual, 1), 1);
	mark(f, f->actual->services, OWNERSHIP_OWNED);
	f->snapshot.scope = &f->actual->services[0].key;
	f->snapshot.scope_count = 1;
	make_plan(f);
	assert_false(confirm(f));
	assert_false(before(f));
	assert_int_equal(f->ownership->drain_count, 2);
	f->actual->services[0].destinations[0].active_connections = 0;
	make_plan(f);
	assert_true(before(f));
	assert_int_equal(f->ownership->drain_count, 1);
	assert_int_equal(drain_compare(&f->ownership->drains[0], &other), 0);
	assert_true(after(f));
	assert_int_equal(f->ownership->service_count, 1);
	table_clear(&others);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOKKEEPING_TEST(record_that_cannot_be_written_is_forgotten),
		BOOKKEEPING_TEST(drains_are_those_of_the_plan),
		BOOKKEEPING_TEST(drains_of_what_was_not_taken_over_are_forgotten),
		BOOKKEEPING_TEST(part_leaves_the_drains_of_other_services_alone),
	};

	return cmocka_run_group_tests_name("bookkeeping drains", tests, NULL, NULL);
}
