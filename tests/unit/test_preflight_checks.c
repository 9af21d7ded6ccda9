/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/preflight_case.h"

#include <errno.h>

#include "preflight/autoload.h"
#include "preflight/base_chain.h"
#include "preflight/checks.h"

typedef void (*check_function)(const struct inspection *inspection, const char *check,
			       struct report *report);

static void expect_findings(check_function check, const char *root, struct needs *needs,
			    uint32_t conn_tab_bits, const char *lines)
{
	struct system system = system_of(root);
	struct inspection inspection = { .system = &system,
					 .needs = needs,
					 .conn_tab_bits = conn_tab_bits };
	struct report report = { 0 };

	check(&inspection, "Name", &report);
	expect_report(&report, lines);
}

static void test_user_namespace(UNUSED void **state)
{
	struct system system = system_of(ROOTFS "troubled");
	struct needs needs = { 0 };
	struct inspection inspection = { .system = &system, .needs = &needs };
	struct report report = { 0 };

	check_capabilities(&inspection, "Capabilities", &report);
	assert_int_equal(report.findings[0].level, LEVEL_ERROR);
	assert_string_equal(
		report.findings[0].text,
		"in a user namespace: IPVS asks for CAP_NET_ADMIN in the initial one and refuses everything else");
	report_clear(&report);
	system = system_of(ROOTFS "loaded");
	check_capabilities(&inspection, "Capabilities", &report);
	assert_true(report.findings[0].cannot_tell);
	assert_string_equal(
		report.findings[0].text,
		"/proc/self/uid_map is hidden: cannot tell whether this is the initial user namespace");
	report_clear(&report);
}

static void test_modules_disabled(UNUSED void **state)
{
	struct needs needs = { 0 };

	expect_findings(
		check_modules_disabled, ROOTFS "troubled", &needs, 0,
		"warning Name: kernel.modules_disabled is 1: a scheduler that is not loaded now cannot be used before the next boot\n");
	expect_findings(check_modules_disabled, ROOTFS "healthy", &needs, 0, "");
	expect_findings(check_modules_disabled, ROOTFS "loaded", &needs, 0,
			"note Name: this kernel has no loadable modules\n");
	expect_findings(
		check_modules_disabled, "/nonexistent", &needs, 0,
		"cannot tell Name: kernel.modules_disabled cannot be read: No such file or directory\n");
}

static void test_lockdown(UNUSED void **state)
{
	struct needs needs = { 0 };

	expect_findings(
		check_lockdown, ROOTFS "troubled", &needs, 0,
		"note Name: kernel lockdown (integrity): only signed modules can be loaded; all that is needed is there\n");
	assert_int_equal(needs_add_module(&needs, "ip_vs", "test"), 0);
	expect_findings(
		check_lockdown, ROOTFS "troubled", &needs, 0,
		"warning Name: kernel lockdown (integrity): only signed modules can be loaded, and 1 of those needed is not there\n");
	expect_findings(check_lockdown, ROOTFS "healthy", &needs, 0, "");
	expect_findings(
		check_lockdown, "/nonexistent", &needs, 0,
		"cannot tell Name: /sys/kernel/security/lockdown cannot be read: No such file or directory\n");
	expect_findings(check_lockdown, ROOTFS "without-lockdown", &needs, 0, "");
	/* Nothing is mounted there, as in a container. */
	expect_findings(
		check_lockdown, ROOTFS "without-securityfs", &needs, 0,
		"cannot tell Name: /sys/kernel/security/lockdown cannot be read: No such file or directory\n");
	needs_clear(&needs);
	expect_findings(check_lockdown, ROOTFS "without-securityfs", &needs, 0, "");
}

static void test_autoload(UNUSED void **state)
{
	struct system system;

	system_init(&system, ROOTFS "troubled");
	assert_true(autoload_is_off(&system));
	system_init(&system, ROOTFS "healthy");
	assert_false(autoload_is_off(&system));
	/* Without loadable modules. */
	system_init(&system, ROOTFS "loaded");
	assert_true(autoload_is_off(&system));
	system_init(&system, "/nonexistent");
	assert_false(autoload_is_off(&system));
}

static void test_connection_table(UNUSED void **state)
{
	struct needs needs = { 0 };

	expect_findings(check_connection_table, ROOTFS "healthy", &needs, 0,
			"note Name: 65536 buckets (conn_tab_bits=16)\n");
	expect_findings(check_connection_table, ROOTFS "healthy", &needs, 16,
			"note Name: 65536 buckets (conn_tab_bits=16)\n");
	expect_findings(
		check_connection_table, ROOTFS "troubled", &needs, 16,
		"warning Name: conn_tab_bits is 12, not 16: ip_vs was there before it could be given, or does not take that value; `options ip_vs conn_tab_bits=16` in modprobe.d sets it at the next load\n");
	expect_findings(
		check_connection_table, ROOTFS "loaded", &needs, 0,
		"cannot tell Name: the size of the connection table cannot be read: No such file or directory\n");
}

static void test_conntrack_table(UNUSED void **state)
{
	struct needs needs = { 0 };

	expect_findings(check_conntrack_table, ROOTFS "healthy", &needs, 0,
			"note Name: 12 of nf_conntrack_max=262144 entries in use\n");
	expect_findings(
		check_conntrack_table, ROOTFS "troubled", &needs, 0,
		"warning Name: 900 of nf_conntrack_max=1000 entries are in use: once it is full, new connections are dropped\n");
	expect_findings(
		check_conntrack_table, ROOTFS "loaded", &needs, 0,
		"cannot tell Name: the size of the conntrack table cannot be read: No such file or directory\n");
}

#define FORWARD4                                                                         \
	"warning Name: net.ipv4.ip_forward is 0, not 1: the replies of masqueraded IPv4 destinations are not forwarded\n"
#define REUSE                                                                            \
	"warning Name: net.ipv4.vs.conn_reuse_mode is 2, not 1: not the kernel's default: it changes where a connection goes whose client port is used again\n"

static void test_sysctls_without_a_state(UNUSED void **state)
{
	struct needs needs = { 0 };

	expect_findings(check_sysctls, ROOTFS "troubled", &needs, 0, FORWARD4 REUSE);
	expect_findings(check_sysctls, ROOTFS "healthy", &needs, 0, "");
	expect_findings(
		check_sysctls, ROOTFS "hidden-all", &needs, 0,
		"cannot tell Name: net.ipv4.ip_forward cannot be read: No such file or directory\n"
		"cannot tell Name: net.ipv4.vs.conn_reuse_mode cannot be read: No such file or directory\n");
}

static void test_sysctls_that_the_state_needs(UNUSED void **state)
{
	struct needs needs = { .state_read = true, .masquerade6 = true, .udp = true };

	expect_findings(
		check_sysctls, ROOTFS "troubled", &needs, 0,
		"warning Name: net.ipv6.conf.all.forwarding is 0, not 1: the replies of masqueraded IPv6 destinations are not forwarded\n" REUSE
		"warning Name: net.ipv4.vs.expire_nodest_conn is 0, not 1: a UDP client with a fixed port keeps being sent to a destination that was removed\n");
}

static void test_sysctls_that_the_agent_sets(UNUSED void **state)
{
	struct needs needs = { .state_read = true,
			       .masquerade4 = true,
			       .masquerade6 = true,
			       .udp = true,
			       .agent_sets_rules = true,
			       .agent_forwards4 = true };

	expect_findings(
		check_sysctls, ROOTFS "troubled", &needs, 0,
		"warning Name: net.ipv6.conf.all.forwarding is 0, not 1: the replies of masqueraded IPv6 destinations are not forwarded\n" REUSE);
}

static void test_sysctls_that_the_state_sets(UNUSED void **state)
{
	struct needs needs = { .state_read = true, .masquerade4 = true };

	assert_int_equal(needs_add_sysctl(&needs, "net.ipv4.vs.conn_reuse_mode"), 0);
	expect_findings(check_sysctls, ROOTFS "troubled", &needs, 0, FORWARD4);
	needs_clear(&needs);
}

static void test_reverse_path_filter(UNUSED void **state)
{
	struct needs needs = { 0 };

	expect_findings(
		check_reverse_path_filter, ROOTFS "troubled", &needs, 0,
		"warning Name: rp_filter is strict (1) on eth0: packets whose sender is routed over another link are dropped, as clients and real servers may be; 2 is loose\n");
	/* The larger of a link's value and that of "all" counts. */
	expect_findings(check_reverse_path_filter, ROOTFS "healthy", &needs, 0, "");
	expect_findings(
		check_reverse_path_filter, ROOTFS "loaded", &needs, 0,
		"cannot tell Name: rp_filter cannot be read: No such file or directory\n");
}

static void test_other_owners(UNUSED void **state)
{
	struct system system = system_of(ROOTFS "troubled");
	struct needs needs = { 0 };
	struct inspection inspection = { .system = &system, .needs = &needs };
	struct report report = { 0 };

	check_other_owners(&inspection, "Name", &report);
	assert_int_equal(report.count, 3);
	assert_non_null(
		strstr(report.findings[0].text,
		       "): in IPVS mode it deletes services that it does not know"));
	assert_memory_equal(report.findings[0].text, "kube-proxy runs (pid 7", 22);
	assert_string_equal(
		report.findings[1].text,
		"the link kube-ipvs0 is there: kube-proxy's IPVS mode runs or has left its addresses behind");
	assert_string_equal(
		report.findings[2].text,
		"2 virtual services are in the table already, and no ipvs-agent has put them there since the boot");
	report_clear(&report);
	/* The agent's own, by --link: its record has the hardware address. */
	expect_findings(check_other_owners, ROOTFS "own-link", &needs, 0, "");
	expect_findings(check_other_owners, ROOTFS "healthy", &needs, 0, "");
	expect_findings(
		check_other_owners, ROOTFS "loaded", &needs, 0,
		"cannot tell Name: /proc shows no process: other owners cannot be seen\n");
}

static void test_base_chains(UNUSED void **state)
{
	struct base_chains chains = { .count = 0 };

	assert_int_equal(
		base_chains_from_json(
			"{\"nftables\": [{\"metainfo\": {\"version\": \"1.0.6\"}},"
			"{\"chain\": {\"family\": \"inet\", \"table\": \"filter\", \"name\": \"input\","
			" \"type\": \"filter\", \"hook\": \"input\", \"prio\": -5, \"policy\": \"drop\"}},"
			"{\"chain\": {\"family\": \"inet\", \"table\": \"filter\", \"name\": \"jumped-to\"}},"
			"{\"chain\": {\"family\": \"bridge\", \"table\": \"b\", \"name\": \"i\","
			" \"hook\": \"input\", \"prio\": 0, \"policy\": \"drop\"}},"
			"{\"chain\": {\"family\": \"ip\", \"table\": \"nat\", \"name\": \"POSTROUTING\","
			" \"hook\": \"postrouting\", \"prio\": 100, \"policy\": \"accept\"}},"
			"{\"chain\": {\"family\": \"ip6\", \"table\": \"filter\", \"name\": \"FORWARD\","
			" \"hook\": \"forward\", \"prio\": 0, \"policy\": \"accept\"}}]}",
			&chains),
		0);
	assert_int_equal(chains.count, 2);
	assert_string_equal(chains.items[0].name, "inet filter input");
	assert_true(chains.items[0].drop);
	assert_false(chains.items[0].forward);
	assert_int_equal(chains.items[0].priority, -5);
	assert_string_equal(chains.items[1].name, "ip6 filter FORWARD");
	assert_false(chains.items[1].drop);
	assert_true(chains.items[1].forward);
}

static void test_json_that_is_not_nftables(UNUSED void **state)
{
	static const char *const bad[] = { "", "[]", "{}", "{\"nftables\": 1}", "{" };
	struct base_chains chains = { .count = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(base_chains_from_json(bad[i], &chains), -EINVAL);
	assert_int_equal(chains.count, 0);
}

static void test_known_names(UNUSED void **state)
{
	assert_true(checks_known("inputpolicy"));
	assert_true(checks_known("Module-ip_vs"));
	assert_true(checks_known("load-x"));
	assert_true(checks_known("StateFile"));
	assert_false(checks_known("Module-"));
	assert_false(checks_known("Nonsense"));
	assert_false(checks_known(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_modules_disabled),
		cmocka_unit_test(test_lockdown),
		cmocka_unit_test(test_autoload),
		cmocka_unit_test(test_connection_table),
		cmocka_unit_test(test_conntrack_table),
		cmocka_unit_test(test_sysctls_without_a_state),
		cmocka_unit_test(test_sysctls_that_the_state_needs),
		cmocka_unit_test(test_sysctls_that_the_state_sets),
		cmocka_unit_test(test_sysctls_that_the_agent_sets),
		cmocka_unit_test(test_reverse_path_filter),
		cmocka_unit_test(test_other_owners),
		cmocka_unit_test(test_base_chains),
		cmocka_unit_test(test_json_that_is_not_nftables),
		cmocka_unit_test(test_known_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
