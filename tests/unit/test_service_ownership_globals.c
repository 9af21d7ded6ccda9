/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include <errno.h>
#include <string.h>

#include "agent/plan/planner.h"
#include "agent/reconcile/service_ownership.h"

/* Timeouts, sysctls and sync daemons: what was found before is kept, and given back. */

enum { RESULTS = 16 };

struct fixture {
	struct options options;
	struct session session;
	struct snapshot snapshot;
	struct globals *wanted, *actual;
	struct ownership *ownership;
	int results[RESULTS];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->session.options = &f->options;
	f->snapshot.session = &f->session;
	f->wanted = &f->snapshot.wanted.globals;
	f->actual = &f->snapshot.actual.globals;
	f->ownership = &f->session.ownership;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	snapshot_clear(&f->snapshot);
	session_clear(&f->session);
	free(f);
	return 0;
}

static void plan(struct fixture *f)
{
	const struct plan_policy policy = { .adopt = f->options.adopt };
	struct snapshot *snapshot = &f->snapshot;

	memset(f->results, 0, sizeof(f->results));
	plan_clear(&snapshot->plan);
	assert_int_equal(plan_make(&snapshot->wanted, &snapshot->actual, f->ownership,
				   &policy, &snapshot->plan),
			 0);
	assert_true(snapshot->plan.operation_count < RESULTS);
}

static bool confirm_and_before(struct fixture *f)
{
	bool changed = false;

	service_ownership_confirm(&f->snapshot, &changed);
	assert_int_equal(service_ownership_before(&f->snapshot, f->results, &changed), 0);
	return changed;
}

static bool after(struct fixture *f)
{
	bool changed = false;

	assert_int_equal(service_ownership_after(&f->snapshot, f->results, &changed), 0);
	return changed;
}

static void timeout_found_is_kept_once(void **state)
{
	struct fixture *f = *state;

	f->actual->timeouts = (struct timeouts){ 900, 120, 300 };
	f->wanted->timeouts.tcp = 1000;
	plan(f);
	assert_true(confirm_and_before(f));
	assert_int_equal(f->ownership->timeouts_before.tcp, 900);
	assert_int_equal(f->ownership->timeouts_before.udp, 0);
	assert_false(after(f));
	f->actual->timeouts.tcp = 1000;
	plan(f);
	assert_false(confirm_and_before(f));
	assert_int_equal(f->ownership->timeouts_before.tcp, 900);
}

static void timeout_that_is_back_is_ours_no_more(void **state)
{
	struct fixture *f = *state;

	f->ownership->timeouts_before = (struct timeouts){ .tcp = 900, .udp = 300 };
	f->actual->timeouts = (struct timeouts){ 1000, 120, 300 };
	plan(f);
	assert_false(confirm_and_before(f));
	f->results[0] = -EPERM;
	assert_true(after(f)); /* udp was found back already */
	assert_int_equal(f->ownership->timeouts_before.tcp, 900);
	assert_int_equal(f->ownership->timeouts_before.udp, 0);
	plan(f);
	assert_true(after(f));
	assert_int_equal(f->ownership->timeouts_before.tcp, 0);
}

static void sysctl_found_is_kept_and_released_when_it_is_back(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(globals_add_sysctl(f->wanted, "net.a", "1"), 0);
	assert_int_equal(globals_add_sysctl(f->actual, "net.a", "0"), 0);
	plan(f);
	assert_true(confirm_and_before(f));
	assert_string_equal(globals_find_sysctl(&f->ownership->before, "net.a"), "0");
	assert_false(after(f));
	globals_clear(f->wanted);
	assert_int_equal(globals_set_sysctl(f->actual, "net.a", "1"), 0);
	plan(f);
	assert_int_equal(f->snapshot.plan.operation_count, 1);
	assert_false(confirm_and_before(f));
	f->results[0] = -EACCES;
	assert_false(after(f));
	plan(f);
	assert_false(confirm_and_before(f));
	assert_true(after(f));
	assert_int_equal(f->ownership->before.sysctl_count, 0);
}

/* What is found anew is noted beside the one that the plan puts back. */
static void one_sysctl_goes_back_while_others_come(void **state)
{
	struct fixture *f = *state;
	const struct operation *back;

	assert_int_equal(globals_add_sysctl(&f->ownership->before, "net.z", "old"), 0);
	assert_int_equal(globals_add_sysctl(f->actual, "net.z", "set"), 0);
	for (char name[] = "net.a"; name[4] < 'j'; name[4]++) {
		assert_int_equal(globals_add_sysctl(f->wanted, name, "1"), 0);
		assert_int_equal(globals_add_sysctl(f->actual, name, "0"), 0);
	}
	plan(f);
	assert_true(confirm_and_before(f));
	back = &f->snapshot.plan.operations[0];
	assert_string_equal(back->sysctl->name, "net.z");
	assert_string_equal(back->sysctl->value, "old");
	f->results[0] = -EACCES;
	assert_false(after(f));
	assert_string_equal(globals_find_sysctl(&f->ownership->before, "net.z"), "old");
	plan(f);
	assert_false(confirm_and_before(f));
	assert_true(after(f));
	assert_null(globals_find_sysctl(&f->ownership->before, "net.z"));
	assert_int_equal(f->ownership->before.sysctl_count, 9);
}

static struct sync_daemon master(uint8_t id)
{
	return (struct sync_daemon){ .role = SYNC_MASTER,
				     .interface = "eth0",
				     .sync_id = id,
				     .max_length = 1472 };
}

/* As the kernel tells of it. */
static struct sync_daemon running(uint8_t id)
{
	struct sync_daemon daemon = master(id);

	daemon.port = SYNC_PORT_DEFAULT;
	daemon.ttl = SYNC_TTL_DEFAULT;
	return daemon;
}

static void started_daemon_is_intended_then_owned(void **state)
{
	struct fixture *f = *state;
	const struct owned_daemon *owned = &f->ownership->daemons[0];

	f->wanted->daemons[0] = master(1);
	plan(f);
	assert_true(confirm_and_before(f));
	assert_int_equal(owned->mark, OWNERSHIP_INTENDED);
	f->results[0] = -ENODEV;
	assert_true(after(f));
	assert_int_equal(owned->mark, OWNERSHIP_NONE);
	plan(f);
	assert_true(confirm_and_before(f));
	f->results[0] = -EINPROGRESS;
	assert_false(after(f));
	assert_int_equal(owned->mark, OWNERSHIP_INTENDED);
	/* It is found running: the answer alone was lost. */
	f->actual->daemons[0] = running(1);
	plan(f);
	assert_true(confirm_and_before(f));
	assert_int_equal(owned->mark, OWNERSHIP_OWNED);
}

static void intended_daemon_of_others_is_struck_out(void **state)
{
	struct fixture *f = *state;

	f->wanted->daemons[0] = master(1);
	plan(f);
	assert_true(confirm_and_before(f));
	f->actual->daemons[0] = running(2);
	plan(f);
	assert_true(confirm_and_before(f));
	assert_int_equal(f->ownership->daemons[0].mark, OWNERSHIP_NONE);
}

static void equal_daemon_is_adopted_unless_none_is(void **state)
{
	struct fixture *f = *state;

	f->wanted->daemons[0] = master(1);
	f->actual->daemons[0] = running(1);
	f->options.adopt = ADOPT_NONE;
	plan(f);
	assert_false(confirm_and_before(f));
	f->options.adopt = ADOPT_EQUAL;
	plan(f);
	assert_true(confirm_and_before(f));
	assert_int_equal(f->ownership->daemons[0].mark, OWNERSHIP_OWNED);
}

static void stopped_daemon_is_ours_no_more(void **state)
{
	struct fixture *f = *state;

	f->ownership->daemons[0].mark = OWNERSHIP_OWNED;
	f->actual->daemons[0] = running(1);
	plan(f);
	assert_int_equal(f->snapshot.plan.operation_count, 1);
	assert_false(confirm_and_before(f));
	assert_true(after(f));
	assert_int_equal(f->ownership->daemons[0].mark, OWNERSHIP_NONE);
}

#define GLOBALS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GLOBALS_TEST(timeout_found_is_kept_once),
		GLOBALS_TEST(timeout_that_is_back_is_ours_no_more),
		GLOBALS_TEST(sysctl_found_is_kept_and_released_when_it_is_back),
		GLOBALS_TEST(one_sysctl_goes_back_while_others_come),
		GLOBALS_TEST(started_daemon_is_intended_then_owned),
		GLOBALS_TEST(intended_daemon_of_others_is_struck_out),
		GLOBALS_TEST(equal_daemon_is_adopted_unless_none_is),
		GLOBALS_TEST(stopped_daemon_is_ours_no_more),
	};

	return cmocka_run_group_tests_name("bookkeeping globals", tests, NULL, NULL);
}
