/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plan_case.h"

#include <linux/ip_vs.h>

static void new_service_comes_before_its_destinations(void **state)
{
	struct fixture *f = *state;
	struct service *service = build_service(&f->wanted, 1);

	build_destination(service, 2, 1);
	build_destination(service, 1, 3);
	assert_plan(
		f,
		"new service tcp 10.0.0.1:80, scheduler rr\n"
		"new destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, forward masquerade, weight 3\n"
		"new destination tcp 10.0.0.1:80 -> 10.1.0.2:8080, forward masquerade, weight 1\n");
}

/* Group after group; each is whole before the next one begins. */
static void many_services_come_in_groups(void **state)
{
	enum { SERVICES = 2 * PLAN_GROUP + 1 };
	struct fixture *f = *state;
	const struct plan *plan = &f->plan;
	size_t services = 0, destinations = 0;

	for (unsigned int n = 0; n < SERVICES; n++) {
		struct service *service = build_service(&f->wanted, n);

		build_destination(service, 1, 1);
		build_destination(service, 2, 1);
	}
	make(f);
	assert_int_equal(plan->operation_count, 3 * SERVICES);
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];

		if (operation->kind == OPERATION_NEW_SERVICE) {
			assert_ptr_equal(operation->service,
					 &f->wanted.services[services]);
			assert_int_equal(destinations,
					 2 * (services - services % PLAN_GROUP));
			services++;
		} else {
			assert_int_equal(operation->kind, OPERATION_NEW_DESTINATION);
			assert_ptr_equal(operation->service,
					 &f->wanted.services[destinations / 2]);
			assert_true(destinations / 2 < services);
			destinations++;
		}
	}
	assert_int_equal(services, SERVICES);
}

static void equal_tables_need_nothing(void **state)
{
	struct fixture *f = *state;

	for (unsigned int n = 1; n < 20; n++) {
		build_destination(build_service(&f->wanted, n), 1, 1);
		build_destination(build_service(&f->actual, 20 - n), 1, 1);
		own(f, n);
	}
	assert_plan(f, "");
	assert_int_equal(f->plan.foreign_services, 0);
}

static void names_and_connections_are_no_difference(void **state)
{
	struct fixture *f = *state;
	struct service *wanted = build_service(&f->wanted, 1);
	struct service *actual = build_service(&f->actual, 1);

	wanted->name = strdup("web");
	build_destination(wanted, 1, 1);
	build_destination(actual, 1, 1)->active_connections = 7;
	own(f, 1);
	assert_plan(f, "");
}

static void edits_are_made_in_place(void **state)
{
	struct fixture *f = *state;
	struct service *wanted = build_service(&f->wanted, 1);
	struct service *actual = build_service(&f->actual, 1);
	struct destination *tunnelled = build_destination(wanted, 1, 5);

	strcpy(wanted->scheduler, "sh");
	wanted->scheduler_flags = SCHEDULER_FLAG_2;
	wanted->persistence_timeout = 300;
	tunnelled->forward = FORWARD_TUNNEL;
	tunnelled->tunnel_type = TUNNEL_GUE;
	tunnelled->tunnel_port = 5555;
	tunnelled->upper_threshold = 9;
	build_destination(actual, 1, 1);
	own(f, 1);
	assert_plan(
		f,
		"set service tcp 10.0.0.1:80, scheduler rr -> sh, scheduler flags 0 -> 2, persistence 0 -> 300\n"
		"set destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, forward masquerade -> tunnel, weight 1 -> 5, upper threshold 0 -> 9, tunnel gue, tunnel port 5555, checksum none\n");
}

static void every_attribute_is_compared(void **state)
{
	struct fixture *f = *state;
	struct service *wanted = build_service(&f->wanted, 1), *actual;

	wanted->persistence_timeout = 60;
	build_destination(wanted, 1, 1)->forward = FORWARD_TUNNEL;
	actual = build_service(&f->actual, 1);
	actual->persistence_timeout = 60;
	build_destination(actual, 1, 1)->forward = FORWARD_TUNNEL;
	own(f, 1);
	make(f);
	assert_int_equal(f->plan.operation_count, 0);

#define DIFFERS(lvalue, value, kind_expected)                                            \
	do {                                                                             \
		__typeof__(lvalue) kept_ = (lvalue);                                     \
		(lvalue) = (value);                                                      \
		make(f);                                                                 \
		assert_int_equal(f->plan.operation_count, 1);                            \
		assert_int_equal(f->plan.operations[0].kind, (kind_expected));           \
		(lvalue) = kept_;                                                        \
	} while (0)

	DIFFERS(wanted->scheduler[0], 'w', OPERATION_SET_SERVICE);
	DIFFERS(wanted->scheduler_flags, SCHEDULER_FLAG_3, OPERATION_SET_SERVICE);
	DIFFERS(wanted->one_packet, true, OPERATION_SET_SERVICE);
	DIFFERS(wanted->persistence_timeout, 61, OPERATION_SET_SERVICE);
	DIFFERS(wanted->persistence_netmask, 255, OPERATION_SET_SERVICE);
	DIFFERS(wanted->engine[0], 's', OPERATION_SET_SERVICE);
	DIFFERS(wanted->destinations[0].forward, FORWARD_DIRECT,
		OPERATION_SET_DESTINATION);
	DIFFERS(wanted->destinations[0].weight, 0, OPERATION_SET_DESTINATION);
	DIFFERS(wanted->destinations[0].upper_threshold, 1, OPERATION_SET_DESTINATION);
	DIFFERS(wanted->destinations[0].lower_threshold, 1, OPERATION_SET_DESTINATION);
	DIFFERS(wanted->destinations[0].tunnel_type, TUNNEL_GRE,
		OPERATION_SET_DESTINATION);
	DIFFERS(wanted->destinations[0].tunnel_port, 1, OPERATION_SET_DESTINATION);
	DIFFERS(wanted->destinations[0].tunnel_checksum, 1, OPERATION_SET_DESTINATION);
#undef DIFFERS
}

static void changed_key_is_created_before_the_old_one_goes(void **state)
{
	struct fixture *f = *state;

	build_destination(build_service(&f->wanted, 9), 1, 1);
	build_destination(build_service(&f->actual, 1), 1, 1);
	own(f, 1);
	assert_plan(
		f,
		"new service tcp 10.0.0.9:80, scheduler rr\n"
		"new destination tcp 10.0.0.9:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n"
		"delete service tcp 10.0.0.1:80\n");
	assert_int_equal(f->plan.removed_services, 1);
	assert_int_equal(f->plan.removed_destinations, 1);
}

static void new_destination_comes_before_the_old_one_goes(void **state)
{
	struct fixture *f = *state;

	build_destination(build_service(&f->wanted, 1), 9, 1);
	build_destination(build_service(&f->actual, 1), 1, 1);
	own(f, 1);
	assert_plan(
		f,
		"new destination tcp 10.0.0.1:80 -> 10.1.0.9:8080, forward masquerade, weight 1\n"
		"delete destination tcp 10.0.0.1:80 -> 10.1.0.1:8080\n");
}

static void services_of_others_are_left_alone(void **state)
{
	struct fixture *f = *state;

	build_destination(build_service(&f->actual, 1), 1, 1);
	build_destination(build_service(&f->actual, 2), 1, 1);
	own(f, 2);
	assert_plan(f, "delete service tcp 10.0.0.2:80\n");
	assert_int_equal(f->plan.foreign_services, 1);
}

static void equal_service_of_others_is_adopted_without_a_write(void **state)
{
	struct fixture *f = *state;

	build_destination(build_service(&f->wanted, 1), 1, 1);
	build_destination(build_service(&f->actual, 1), 1, 1);
	assert_plan(f, "");
	assert_int_equal(f->plan.conflict_count, 0);
	assert_int_equal(f->plan.foreign_services, 0);
}

static void different_service_of_others_is_a_conflict(void **state)
{
	struct fixture *f = *state;

	build_destination(build_service(&f->wanted, 1), 1, 1);
	build_destination(build_service(&f->actual, 1), 1, 2);
	assert_plan(f, "");
	assert_int_equal(f->plan.conflict_count, 1);
	assert_ptr_equal(f->plan.conflicts[0].service, &f->wanted.services[0]);
	assert_ptr_equal(f->plan.conflicts[0].service_actual, &f->actual.services[0]);
}

static void every_new_service_comes_before_a_destination(void **state)
{
	struct fixture *f = *state;

	build_destination(build_service(&f->wanted, 1), 1, 1);
	build_destination(build_service(&f->wanted, 2), 1, 1);
	assert_plan(
		f,
		"new service tcp 10.0.0.1:80, scheduler rr\n"
		"new service tcp 10.0.0.2:80, scheduler rr\n"
		"new destination tcp 10.0.0.1:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n"
		"new destination tcp 10.0.0.2:80 -> 10.1.0.1:8080, forward masquerade, weight 1\n");
}

static void timeouts_are_set_and_put_back(void **state)
{
	struct fixture *f = *state;

	f->actual.globals.timeouts = (struct timeouts){ 900, 120, 300 };
	assert_plan(f, "");
	f->wanted.globals.timeouts.tcp = 1000;
	f->wanted.globals.timeouts.udp = 300;
	assert_plan(f, "set timeouts, tcp 900 -> 1000\n");
	/* The state names none any more: what was found before comes back. */
	f->wanted.globals.timeouts = (struct timeouts){ 0 };
	f->actual.globals.timeouts.tcp = 1000;
	f->ownership.timeouts_before.tcp = 900;
	assert_plan(f, "set timeouts, tcp 1000 -> 900\n");
}

static struct sync_daemon master_on(const char *interface, uint8_t id)
{
	struct sync_daemon daemon = { .role = SYNC_MASTER, .sync_id = id };

	snprintf(daemon.interface, sizeof(daemon.interface), "%s", interface);
	return daemon;
}

/* What the kernel reports of one that was started with its defaults. */
static struct sync_daemon running_master_on(const char *interface, uint8_t id)
{
	struct sync_daemon daemon = master_on(interface, id);

	daemon.port = 8848;
	daemon.ttl = 1;
	daemon.max_length = 1472;
	assert_int_equal(address_parse("224.0.0.81", &daemon.group), 0);
	return daemon;
}

static void sync_daemon_with_defaults_is_no_difference(void **state)
{
	struct fixture *f = *state;

	f->wanted.globals.daemons[0] = master_on("eth0", 1);
	f->actual.globals.daemons[0] = running_master_on("eth0", 1);
	assert_plan(f, "");
}

static void changed_sync_daemon_is_stopped_and_started_last(void **state)
{
	struct fixture *f = *state;

	build_service(&f->wanted, 1);
	f->wanted.globals.daemons[0] = master_on("eth0", 2);
	f->actual.globals.daemons[0] = running_master_on("eth0", 1);
	f->ownership.daemons[0].mark = OWNERSHIP_OWNED;
	assert_plan(f, "new service tcp 10.0.0.1:80, scheduler rr\n"
		       "stop sync daemon master on eth0, id 1\n"
		       "start sync daemon master on eth0, id 2\n");
}

static void sync_daemon_that_left_is_stopped_first(void **state)
{
	struct fixture *f = *state;

	build_service(&f->wanted, 1);
	f->actual.globals.daemons[0] = running_master_on("eth0", 1);
	f->ownership.daemons[0].mark = OWNERSHIP_OWNED;
	assert_plan(f, "stop sync daemon master on eth0, id 1\n"
		       "new service tcp 10.0.0.1:80, scheduler rr\n");
}

static void sync_daemon_of_others_is_left_alone(void **state)
{
	struct fixture *f = *state;

	f->actual.globals.daemons[0] = running_master_on("eth0", 1);
	assert_plan(f, "");
	f->wanted.globals.daemons[0] = master_on("eth1", 1);
	assert_plan(f, "");
	assert_int_equal(f->plan.conflict_count, 1);
	assert_non_null(f->plan.conflicts[0].daemon);
}

static void sysctls_are_set_and_put_back(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(globals_add_sysctl(&f->wanted.globals, "net.a", "1"), 0);
	assert_int_equal(globals_add_sysctl(&f->wanted.globals, "net.b", "4096 8192"), 0);
	assert_int_equal(globals_add_sysctl(&f->actual.globals, "net.a", "0"), 0);
	assert_int_equal(globals_add_sysctl(&f->actual.globals, "net.b", "4096\t8192"),
			 0);
	assert_int_equal(globals_add_sysctl(&f->actual.globals, "net.c", "5"), 0);
	assert_int_equal(globals_add_sysctl(&f->ownership.before, "net.c", "3"), 0);
	assert_plan(f, "set sysctl net.c: 5 -> 3\nset sysctl net.a: 0 -> 1\n");
}

/* The kernel turns one with the other: what is the same now will not be then. */
static void redirects_come_back_behind_forwarding(void **state)
{
	struct fixture *f = *state;
	struct globals *before = &f->ownership.before;

	assert_int_equal(globals_add_sysctl(before, GLOBALS_REDIRECTS_SYSCTL, "0"), 0);
	assert_int_equal(globals_add_sysctl(before, GLOBALS_FORWARDING_SYSCTL, "0"), 0);
	assert_int_equal(
		globals_add_sysctl(&f->actual.globals, GLOBALS_FORWARDING_SYSCTL, "1"),
		0);
	assert_int_equal(
		globals_add_sysctl(&f->actual.globals, GLOBALS_REDIRECTS_SYSCTL, "0"), 0);
	assert_plan(f, "set sysctl net.ipv4.ip_forward: 1 -> 0\n"
		       "set sysctl net.ipv4.conf.all.accept_redirects: 0 -> 0\n");
	/* Forwarding stays: nothing turns it. */
	assert_int_equal(
		globals_add_sysctl(&f->wanted.globals, GLOBALS_FORWARDING_SYSCTL, "1"),
		0);
	assert_plan(f, "");
}

static void add_sysctl(struct globals *globals, const char *name, const char *value)
{
	assert_int_equal(globals_add_sysctl(globals, name, value), 0);
}

/* Forwarding sets that of each link, so that a link's own comes behind, also where it is right now. */
static void sysctls_of_links_come_behind_global_ones(void **state)
{
	struct fixture *f = *state;
	struct globals *wanted = &f->wanted.globals, *actual = &f->actual.globals;

	add_sysctl(wanted, "net.ipv4.conf.default.rp_filter", "0");
	add_sysctl(wanted, "net.ipv4.conf.eth0.forwarding", "0");
	add_sysctl(wanted, "net.ipv4.conf.eth0.rp_filter", "1");
	add_sysctl(wanted, "net.ipv4.ip_forward", "1");
	add_sysctl(actual, "net.ipv4.conf.eth0.forwarding", "0");
	add_sysctl(actual, "net.ipv4.conf.eth0.rp_filter", "1");
	add_sysctl(actual, "net.ipv4.conf.default.rp_filter", "1");
	add_sysctl(actual, "net.ipv4.ip_forward", "0");
	assert_plan(f, "set sysctl net.ipv4.ip_forward: 0 -> 1\n"
		       "set sysctl net.ipv4.conf.default.rp_filter: 1 -> 0\n"
		       "set sysctl net.ipv4.conf.eth0.forwarding: 0 -> 0\n"
		       "set sysctl net.ipv4.conf.eth0.rp_filter: 1 -> 1\n");
}

static void sysctls_of_links_that_left_come_back_behind_too(void **state)
{
	struct fixture *f = *state;
	struct globals *before = &f->ownership.before, *actual = &f->actual.globals;

	add_sysctl(before, "net.ipv4.conf.eth0.forwarding", "1");
	add_sysctl(before, "net.ipv4.ip_forward", "0");
	add_sysctl(actual, "net.ipv4.conf.eth0.forwarding", "1");
	add_sysctl(actual, "net.ipv4.ip_forward", "1");
	assert_plan(f, "set sysctl net.ipv4.ip_forward: 1 -> 0\n"
		       "set sysctl net.ipv4.conf.eth0.forwarding: 1 -> 1\n");
}

static void sysctl_that_went_with_its_link_is_not_put_back(void **state)
{
	struct fixture *f = *state;

	add_sysctl(&f->ownership.before, "net.ipv4.conf.eth0.rp_filter", "1");
	assert_int_equal(globals_add_absent_sysctl(&f->actual.globals,
						   "net.ipv4.conf.eth0.rp_filter"),
			 0);
	assert_plan(f, "");
	/* One that is wanted fails, and says why. */
	add_sysctl(&f->wanted.globals, "net.ipv4.conf.eth0.rp_filter", "2");
	assert_plan(f, "set sysctl net.ipv4.conf.eth0.rp_filter: ? -> 2\n");
}

static void sysctl_is_emptied_and_filled(void **state)
{
	struct fixture *f = *state;

	add_sysctl(&f->wanted.globals, "net.a", "");
	add_sysctl(&f->wanted.globals, "net.b", "");
	add_sysctl(&f->wanted.globals, "net.c", "7");
	add_sysctl(&f->actual.globals, "net.a", "8080");
	add_sysctl(&f->actual.globals, "net.b", "");
	add_sysctl(&f->actual.globals, "net.c", "");
	assert_plan(f, "set sysctl net.a: 8080 -> \"\"\nset sysctl net.c: \"\" -> 7\n");
}

static void what_the_kernel_made_of_a_value_is_as_wanted(void **state)
{
	struct fixture *f = *state;

	add_sysctl(&f->wanted.globals, "net.a", "100000");
	add_sysctl(&f->actual.globals, "net.a", "100352");
	assert_int_equal(ownership_note_made(&f->ownership, "net.a", "100000", "100352"),
			 0);
	assert_plan(f, "");
	strcpy(f->actual.globals.sysctls[0].value, "65536");
	assert_plan(f, "set sysctl net.a: 65536 -> 100000\n");
	strcpy(f->actual.globals.sysctls[0].value, "12345");
	strcpy(f->wanted.globals.sysctls[0].value, "200000");
	assert_plan(f, "set sysctl net.a: 12345 -> 200000\n");
}

/* Its link went and came: the kernel sends to one that is no more. */
static void sync_daemon_that_lost_its_link_is_started_anew(void **state)
{
	struct fixture *f = *state;

	f->wanted.globals.daemons[0] = master_on("eth0", 1);
	f->actual.globals.daemons[0] = running_master_on("eth0", 1);
	f->ownership.daemons[0].mark = OWNERSHIP_OWNED;
	assert_plan(f, "");
	f->actual.globals.daemons[0].lost = true;
	assert_plan(f, "stop sync daemon master on eth0, id 1\n"
		       "start sync daemon master on eth0, id 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAN_TEST(new_service_comes_before_its_destinations),
		PLAN_TEST(many_services_come_in_groups),
		PLAN_TEST(equal_tables_need_nothing),
		PLAN_TEST(names_and_connections_are_no_difference),
		PLAN_TEST(edits_are_made_in_place),
		PLAN_TEST(every_attribute_is_compared),
		PLAN_TEST(changed_key_is_created_before_the_old_one_goes),
		PLAN_TEST(new_destination_comes_before_the_old_one_goes),
		PLAN_TEST(services_of_others_are_left_alone),
		PLAN_TEST(equal_service_of_others_is_adopted_without_a_write),
		PLAN_TEST(different_service_of_others_is_a_conflict),
		PLAN_TEST(every_new_service_comes_before_a_destination),
		PLAN_TEST(timeouts_are_set_and_put_back),
		PLAN_TEST(sync_daemon_with_defaults_is_no_difference),
		PLAN_TEST(changed_sync_daemon_is_stopped_and_started_last),
		PLAN_TEST(sync_daemon_that_left_is_stopped_first),
		PLAN_TEST(sync_daemon_of_others_is_left_alone),
		PLAN_TEST(sysctls_are_set_and_put_back),
		PLAN_TEST(redirects_come_back_behind_forwarding),
		PLAN_TEST(sysctls_of_links_come_behind_global_ones),
		PLAN_TEST(sysctls_of_links_that_left_come_back_behind_too),
		PLAN_TEST(sysctl_that_went_with_its_link_is_not_put_back),
		PLAN_TEST(sysctl_is_emptied_and_filled),
		PLAN_TEST(what_the_kernel_made_of_a_value_is_as_wanted),
		PLAN_TEST(sync_daemon_that_lost_its_link_is_started_anew),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
