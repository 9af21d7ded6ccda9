/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plan_case.h"

#include "agent/reconcile/last_applied.h"

/* Which operations put back what somebody else changed. */

struct past {
	struct fixture *f;
	struct last_applied last_applied;
	bool never_ours;
};

/* Two services, as wanted and in the kernel, and what the reconcile before left. */
static int set_up_past(void **state)
{
	struct past *past = calloc(1, sizeof(*past));
	bool failed[2] = { false, false };

	if (!past || set_up((void **)&past->f) < 0)
		return -1;
	for (unsigned int n = 1; n <= 2; n++) {
		build_destination(build_service(&past->f->wanted, n), 1, 1);
		build_destination(build_service(&past->f->actual, n), 1, 1);
		own(past->f, n);
	}
	assert_int_equal(last_applied_replace(&past->last_applied, &past->f->wanted,
					      failed, false),
			 0);
	*state = past;
	return 0;
}

static int tear_down_past(void **state)
{
	struct past *past = *state;
	void *f = past->f;

	last_applied_clear(&past->last_applied);
	tear_down(&f);
	free(past);
	return 0;
}

/* The operations of the plan, drift marked with "drift: ". */
static void assert_drift(struct past *past, const char *expected)
{
	struct fixture *f = past->f;
	cleanup_ownership struct ownership named = { 0 };
	char text[4096] = "", line[512];
	size_t used = 0;

	/* Whatever plan comes of the fixture's own, all that is wanted was ours at some time. */
	for (size_t i = 0; i < f->wanted.service_count && !past->never_ours; i++)
		assert_int_equal(ownership_mark(&named, &f->wanted.services[i].key,
						OWNERSHIP_OWNED, 0),
				 0);

	make(f);
	last_applied_mark_drift(&past->last_applied, &f->wanted, &named, &f->plan);
	for (size_t i = 0; i < f->plan.operation_count; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%s\n",
			f->plan.operations[i].drift ? "drift: " : "",
			operation_format(&f->plan.operations[i], line, sizeof(line)));
	assert_string_equal(text, expected);
}

static void replace(struct past *past, const bool *failed, bool globals_failed)
{
	assert_int_equal(last_applied_replace(&past->last_applied, &past->f->wanted,
					      failed, globals_failed),
			 0);
}

static void change_by_somebody_else_is_drift(void **state)
{
	struct past *past = *state;

	past->f->actual.services[0].destinations[0].weight = 5;
	strcpy(past->f->actual.services[1].scheduler, "wlc");
	assert_drift(
		past,
		"drift: set service tcp 10.0.0.2:80, scheduler wlc -> rr\n"
		"drift: set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 5 -> 1\n");
}

static void service_and_destination_that_somebody_deleted_are_drift(void **state)
{
	struct past *past = *state;
	struct table *actual = &past->f->actual;

	actual->services[0].destination_count = 0;
	service_clear(&actual->services[--actual->service_count]);
	assert_drift(
		past,
		"drift: new service tcp 10.0.0.2:80, scheduler rr\n"
		"drift: new destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n"
		"drift: new destination tcp 10.0.0.2:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n");
}

/* After a restart the last applied table may know of a service that never came to be. */
static void service_that_was_never_ours_is_no_drift(void **state)
{
	struct past *past = *state;
	struct table *actual = &past->f->actual;

	service_clear(&actual->services[--actual->service_count]);
	past->never_ours = true;
	assert_drift(
		past,
		"new service tcp 10.0.0.2:80, scheduler rr\n"
		"new destination tcp 10.0.0.2:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n");
}

static void destination_that_somebody_added_is_drift(void **state)
{
	struct past *past = *state;

	build_destination(&past->f->actual.services[0], 9, 1);
	assert_drift(past,
		     "drift: delete destination tcp 10.0.0.1:80 -> 10.1.0.9:8080\n");
}

static void change_of_the_state_is_no_drift(void **state)
{
	struct past *past = *state;

	past->f->wanted.services[0].destinations[0].weight = 7;
	strcpy(past->f->wanted.services[1].scheduler, "wrr");
	build_service(&past->f->wanted, 3);
	assert_drift(past,
		     "set service tcp 10.0.0.2:80, scheduler rr -> wrr\n"
		     "new service tcp 10.0.0.3:80, scheduler rr\n"
		     "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 1 -> 7\n");
}

static void name_alone_changes_nothing(void **state)
{
	struct past *past = *state;

	past->f->wanted.services[0].name = strdup("web");
	past->f->actual.services[0].destinations[0].weight = 5;
	assert_drift(
		past,
		"drift: set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 5 -> 1\n");
}

static void service_that_left_the_state_is_no_drift(void **state)
{
	struct past *past = *state;
	struct table *wanted = &past->f->wanted;

	service_clear(&wanted->services[--wanted->service_count]);
	assert_drift(past, "delete service tcp 10.0.0.2:80\n");
}

/* What was never brought about cannot have been changed. */
static void what_failed_before_is_no_drift(void **state)
{
	const bool failed[2] = { false, true };
	struct past *past = *state;

	past->f->actual.services[0].destinations[0].weight = 5;
	past->f->actual.services[1].destinations[0].weight = 5;
	replace(past, failed, false);
	assert_drift(
		past,
		"drift: set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 5 -> 1\n"
		"set destination tcp 10.0.0.2:80 -> 10.1.0.1:8080, weight 5 -> 1\n");
}

static void nothing_is_drift_without_a_past(void **state)
{
	struct past *past = *state;

	past->f->actual.services[0].destinations[0].weight = 5;
	last_applied_clear(&past->last_applied);
	assert_drift(past,
		     "set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, weight 5 -> 1\n");
}

/* Only what somebody else caused: a drain goes its way although the state is as before. */
static void drain_that_goes_on_is_no_drift(void **state)
{
	struct past *past = *state;
	struct fixture *f = past->f;
	struct service *service = &f->actual.services[0];
	struct drain drain = { .service = service->key, .port = 8080 };

	f->policy.no_drain = false;
	for (unsigned int n = 7; n <= 9; n++) {
		struct destination *destination = build_destination(service, n, 0);

		destination->active_connections = n - 7;
		drain.address = destination->address;
		drain.deadline_msec = n == 9 ? 0 : 1;
		assert_int_equal(ownership_set_drain(&f->ownership, &drain), 0);
	}
	f->policy.now_msec = 1;
	service->destinations[3].weight = 2;
	strcpy(service->scheduler, "sh");
	strcpy(f->wanted.services[0].scheduler, "sh");
	replace(past, (const bool[2]){ false, false }, false);
	assert_drift(
		past,
		"set service tcp 10.0.0.1:80, scheduler flags 0 -> 1\n"
		"delete destination tcp 10.0.0.1:80 -> 10.1.0.7:8080\n"
		"delete destination tcp 10.0.0.1:80 -> 10.1.0.8:8080\n"
		"drift: set destination tcp 10.0.0.1:80 -> 10.1.0.9:8080, weight 2 -> 0\n");
}

static void set_globals(struct globals *globals)
{
	globals->timeouts.tcp = 1000;
	globals->daemons[0].role = SYNC_MASTER;
	strcpy(globals->daemons[0].interface, "eth0");
	assert_int_equal(globals_add_sysctl(globals, "net.a", "1"), 0);
}

/* A part that was reconciled: what is outside of it is known as before. */
static void part_changes_what_is_in_its_scope_alone(void **state)
{
	struct past *past = *state;
	struct fixture *f = past->f;
	cleanup_table struct table part = { 0 };
	struct service *kept = build_service(&part, 2), *fresh = build_service(&part, 7);
	const struct service_key scope[] = { f->wanted.services[0].key, kept->key,
					     fresh->key };
	const bool failed[] = { false, true };

	/* 1 left, 2 is another now, 7 failed. */
	strcpy(kept->scheduler, "wrr");
	assert_int_equal(
		last_applied_update(&past->last_applied, &part, failed, scope, 3), 0);
	assert_int_equal(past->last_applied.service_count, 1);
	assert_int_equal(
		service_key_compare(&past->last_applied.services[0].key, &kept->key), 0);
	assert_true(past->last_applied.services[0].fingerprint ==
		    fingerprint_service_whole(kept));
	assert_int_equal(last_applied_update(&past->last_applied, &part,
					     (bool[]){ true, false }, &scope[2], 1),
			 0);
	assert_int_equal(past->last_applied.service_count, 2);
	assert_int_equal(last_applied_update(&past->last_applied, &(struct table){ 0 },
					     NULL, scope, 3),
			 0);
	assert_int_equal(past->last_applied.service_count, 0);
}

static void globals_put_back_are_drift(void **state)
{
	static const char operations[] = "%sset sysctl net.a: ? -> 1\n"
					 "%sset timeouts, tcp 900 -> 1000\n"
					 "%sstart sync daemon master on eth0, id 0\n";
	const bool failed[2] = { false, false };
	struct past *past = *state;
	char drift[256], none[256];

	snprintf(drift, sizeof(drift), operations, "drift: ", "drift: ", "drift: ");
	snprintf(none, sizeof(none), operations, "", "", "");
	set_globals(&past->f->wanted.globals);
	past->f->actual.globals.timeouts.tcp = 900;
	assert_drift(past, none);
	replace(past, failed, true);
	assert_drift(past, none);
	replace(past, failed, false);
	assert_drift(past, drift);
	past->last_applied.globals.timeouts.tcp = 1;
	past->last_applied.globals.sysctls[0].value[0] = '2';
	past->last_applied.globals.daemons[0].sync_id = 2;
	assert_drift(past, none);
}

#define HISTORY_TEST(name)                                                               \
	cmocka_unit_test_setup_teardown(name, set_up_past, tear_down_past)

/* --- what a part has to look at --- */

static void assert_changes(struct past *past, const char *expected)
{
	cleanup_free struct service_key *keys = NULL;
	char text[1024] = "", key[SERVICE_KEY_TEXT];
	size_t count = 0, used = 0;

	assert_int_equal(last_applied_find_changes(&past->last_applied, &past->f->wanted,
						   &past->f->ownership, &keys, &count),
			 0);
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n",
					 service_key_format(&keys[i], key));
	assert_string_equal(text, expected);
}

static void what_is_as_it_was_is_no_change(void **state)
{
	assert_changes(*state, "");
}

static void what_came_went_or_is_another_is_a_change(void **state)
{
	struct past *past = *state;
	struct table *wanted = &past->f->wanted;

	wanted->services[0].destinations[0].weight = 7;
	service_clear(&wanted->services[--wanted->service_count]);
	build_service(wanted, 5);
	assert_changes(past, "tcp 10.0.0.1:80\ntcp 10.0.0.2:80\ntcp 10.0.0.5:80\n");
}

/* It failed in part: the last applied table does not know it, and the kernel may have it. */
static void what_is_ours_and_in_neither_is_a_change(void **state)
{
	struct past *past = *state;

	own(past->f, 9);
	assert_changes(past, "tcp 10.0.0.9:80\n");
}

static void what_drains_is_looked_after_elsewhere(void **state)
{
	struct past *past = *state;
	struct ownership *ownership = &past->f->ownership;
	struct drain drain = { .port = 8080 };

	own(past->f, 9);
	drain.service = ownership->services[ownership->service_count - 1].key;
	assert_int_equal(address_parse("10.1.0.1", &drain.address), 0);
	assert_int_equal(ownership_set_drain(ownership, &drain), 0);
	assert_changes(past, "");
}

static bool has_globals(const struct past *past)
{
	return last_applied_has_globals(&past->last_applied, &past->f->wanted.globals,
					&past->f->ownership);
}

static void failed_globals_are_not_known_to_be_none(void **state)
{
	struct past *past = *state;
	bool failed[2] = { false, false };

	assert_true(has_globals(past));
	replace(past, failed, true);
	assert_false(has_globals(past));
	replace(past, failed, false);
	assert_true(has_globals(past));
}

static void globals_that_are_ours_and_not_wanted_are_a_change(void **state)
{
	struct past *past = *state;
	struct ownership *ownership = &past->f->ownership;

	ownership->timeouts_before.udp = 300;
	assert_false(has_globals(past));
	ownership->timeouts_before.udp = 0;
	ownership->daemons[0].mark = OWNERSHIP_INTENDED;
	assert_false(has_globals(past));
	ownership->daemons[0].mark = OWNERSHIP_NONE;
	assert_true(has_globals(past));
	assert_int_equal(
		globals_add_sysctl(&ownership->before, "net.ipv4.vs.conntrack", "0"), 0);
	assert_false(has_globals(past));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(change_by_somebody_else_is_drift),
		HISTORY_TEST(service_and_destination_that_somebody_deleted_are_drift),
		HISTORY_TEST(service_that_was_never_ours_is_no_drift),
		HISTORY_TEST(destination_that_somebody_added_is_drift),
		HISTORY_TEST(change_of_the_state_is_no_drift),
		HISTORY_TEST(name_alone_changes_nothing),
		HISTORY_TEST(service_that_left_the_state_is_no_drift),
		HISTORY_TEST(what_failed_before_is_no_drift),
		HISTORY_TEST(nothing_is_drift_without_a_past),
		HISTORY_TEST(drain_that_goes_on_is_no_drift),
		HISTORY_TEST(part_changes_what_is_in_its_scope_alone),
		HISTORY_TEST(globals_put_back_are_drift),
		HISTORY_TEST(what_is_as_it_was_is_no_change),
		HISTORY_TEST(what_came_went_or_is_another_is_a_change),
		HISTORY_TEST(what_is_ours_and_in_neither_is_a_change),
		HISTORY_TEST(what_drains_is_looked_after_elsewhere),
		HISTORY_TEST(failed_globals_are_not_known_to_be_none),
		HISTORY_TEST(globals_that_are_ours_and_not_wanted_are_a_change),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
