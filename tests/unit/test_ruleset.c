/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ruleset_case.h"

/*
 * What nftables is asked for, as text; that the kernel takes it and does it is shown in a guest
 * (tests/vm/boots/nat).
 */

static void test_nothing_is_needed(void **state UNUSED)
{
	struct fixture f = { 0 };

	make(&f, "", AF_INET);
	assert_null(f.ruleset.text);
	make(&f, "{ " ADDRESS("10.0.0.1") " }", AF_INET);
	assert_null(f.ruleset.text);
	/* Of the other family, and what everybody may use. */
	make(&f, SERVICE("'sourceNat': true"), AF_INET6);
	assert_null(f.ruleset.text);
	make(&f, SERVICE("'sourceRanges': [ '0.0.0.0/0', '10.0.0.0/8' ]"), AF_INET);
	assert_null(f.ruleset.text);
	make(&f, SERVICE("'overLocal': true"), AF_INET);
	assert_null(f.ruleset.text);
	clear(&f);
}

static void test_masquerade_all(void **state UNUSED)
{
	struct fixture f = { 0 };

	make(&f, SERVICE("'sourceNat': true"), AF_INET);
	assert_described(&f, "1 service masqueraded");
	ASSERT_HAS(&f, "table ip ipvs-node {");
	ASSERT_HAS(&f, "\tset masqueraded {\n"
		       "\t\ttype ipv4_addr . inet_proto . inet_service\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.0.1 . 6 . 80\n"
		       "\t\t}\n"
		       "\t}\n");
	ASSERT_HAS(&f, "hook prerouting priority -90; policy accept;\n"
		       "\t\tct state new ip daddr . meta l4proto . th dport @masqueraded "
		       "ct mark set ct mark | 0x00004000\n");
	ASSERT_HAS(&f, "hook output priority -150; policy accept;\n"
		       "\t\tct state new ip daddr . meta l4proto . th dport @masqueraded "
		       "ct mark set ct mark | 0x00004000\n");
	ASSERT_HAS(&f,
		   "type nat hook postrouting priority 100; policy accept;\n"
		   "\t\tct mark & 0x00004000 == 0x00004000 masquerade fully-random\n");
	ASSERT_LACKS(&f, "meta mark");
	ASSERT_LACKS(&f, "hairpin");
	ASSERT_LACKS(&f, "hook input");
	clear(&f);
}

static void test_masquerade_of_ipv6(void **state UNUSED)
{
	struct fixture f = { 0 };

	make(&f, SERVICE6("'sourceNat': 'hairpin'"), AF_INET6);
	ASSERT_HAS(&f, "table ip6 ipvs-node {");
	ASSERT_HAS(&f, "type ipv6_addr . inet_proto . inet_service . ipv6_addr\n");
	ASSERT_HAS(&f, "fd01:0:0:0:0:0:0:1 . 6 . 8080 . fd01:0:0:0:0:0:0:1\n");
	ASSERT_HAS(&f, "ip6 daddr . meta l4proto . th dport . ip6 saddr @hairpin "
		       "masquerade fully-random\n");
	ASSERT_HAS(&f, "ct state new ip6 saddr . ip6 daddr @self ct mark set");
	ASSERT_LACKS(&f, "hook prerouting priority -90");
	clear(&f);
}

static void test_outside(void **state UNUSED)
{
	struct fixture f = { .settings = { .cluster = cluster, .cluster_count = 3 } };

	make(&f, SERVICE("'sourceNat': 'outside'"), AF_INET);
	/* The second lies in the first, the third is of the other family. */
	ASSERT_HAS(&f, "\tset cluster {\n"
		       "\t\ttype ipv4_addr\n"
		       "\t\tflags interval\n"
		       "\t\telements = {\n"
		       "\t\t\t10.244.0.0/16\n"
		       "\t\t}\n");
	ASSERT_HAS(&f,
		   "\t\tct state new ip saddr != @cluster ip daddr . meta l4proto . th "
		   "dport @outside ct mark set ct mark | 0x00004000\n");
	ASSERT_HAS(&f, "@hairpin");
	f.settings.masquerade_all = true;
	make(&f, SERVICE("'sourceNat': 'outside'"), AF_INET);
	ASSERT_HAS(&f, "@masqueraded");
	ASSERT_LACKS(&f, "@outside");
	clear(&f);
}

static void test_outside_is_hairpin_without_a_cluster(void **state UNUSED)
{
	struct fixture f = { .settings = { .cluster = cluster, .cluster_count = 2 } };

	make(&f, SERVICE6("'sourceNat': 'outside'"), AF_INET6);
	ASSERT_HAS(&f, "@hairpin");
	ASSERT_LACKS(&f, "@outside");
	ASSERT_LACKS(&f, "cluster");
	clear(&f);
}

static void test_masquerade_bit(void **state UNUSED)
{
	struct fixture f = { .settings = { .masquerade_bit = 31 } };

	make(&f, SERVICE("'sourceNat': true"), AF_INET);
	ASSERT_HAS(&f, "ct mark & 0x80000000 == 0x80000000 masquerade");
	ASSERT_HAS(&f, "ct mark set ct mark | 0x80000000\n");
	clear(&f);
}

static void test_what_cannot_be_masqueraded_is_left_out(void **state UNUSED)
{
	struct fixture f = { 0 };

	make(&f, SERVICE("'sourceNat': true"), AF_INET);
	/* As Kubernetes objects may make it; the native form refuses it. */
	f.table.services[0].one_packet = true;
	ruleset_clear(&f.ruleset);
	assert_int_equal(ruleset_make(&f.table, &f.settings, AF_INET, &f.ruleset), 0);
	assert_null(f.ruleset.text);
	clear(&f);
}

static void test_hairpin_destination_stands_once(void **state UNUSED)
{
	struct fixture f = { 0 };
	const char *first;

	make(&f,
	     SERVICE("'sourceNat': 'hairpin'") ", { " ADDRESS("10.0.0.2") ", " TO(
		     "10.1.0.1") ", 'sourceNat': 'hairpin' }",
	     AF_INET);
	first = strstr(f.ruleset.text, "10.1.0.1 . 6 . 8080 . 10.1.0.1");
	assert_non_null(first);
	assert_null(strstr(first + 1, "10.1.0.1 . 6 . 8080 . 10.1.0.1"));
	clear(&f);
}

/* By way of its own node's table, not of this one's. */
static void test_destination_elsewhere_is_no_client(void **state UNUSED)
{
	struct fixture f = { 0 };

	make(&f,
	     "{ " ADDRESS(
		     "10.0.0.1") ", 'sourceNat': 'hairpin', 'destinations': [\n"
				 "{ 'address': '10.1.0.1' }, { 'address': '10.1.0.2' } ] }",
	     AF_INET);
	ASSERT_HAS(&f, "10.1.0.2 . 6 . 80 . 10.1.0.2");
	f.table.services[0].destinations[1].elsewhere = true;
	ruleset_clear(&f.ruleset);
	assert_int_equal(ruleset_make(&f.table, &f.settings, AF_INET, &f.ruleset), 0);
	ASSERT_HAS(&f, "10.1.0.1 . 6 . 80 . 10.1.0.1");
	ASSERT_LACKS(&f, "10.1.0.2");
	clear(&f);
}

#define RANGES(address, ranges) "{ " ADDRESS(address) ", 'sourceRanges': [ " ranges " ] }"

static void test_equal_lists_of_sources_have_one_chain(void **state UNUSED)
{
	struct fixture f = { 0 };

	make(&f,
	     RANGES("10.0.0.1", "'192.0.2.0/24', '192.0.2.128/25', '10.0.0.0/8'") ", " RANGES(
		     "10.0.0.2",
		     "'10.0.0.0/8', '192.0.2.0/24', '192.0.2.128/25'") ", " RANGES("10.0.0.3",
										   "'10.0.0.0/8'"),
	     AF_INET);
	assert_described(&f, "3 services with source ranges");
	ASSERT_HAS(&f, "type ipv4_addr . inet_proto . inet_service : verdict\n");
	ASSERT_HAS(&f, "10.0.0.1 . 6 . 80 : jump sources_1,\n"
		       "\t\t\t10.0.0.2 . 6 . 80 : jump sources_1,\n"
		       "\t\t\t10.0.0.3 . 6 . 80 : jump sources_0\n");
	ASSERT_HAS(&f, "\tchain sources_1 {\n"
		       "\t\tip saddr {\n"
		       "\t\t\t10.0.0.0/8,\n"
		       "\t\t\t192.0.2.0/24\n"
		       "\t\t} return\n"
		       "\t\tdrop\n"
		       "\t}\n");
	ASSERT_LACKS(&f, "sources_2");
	ASSERT_HAS(
		&f,
		"hook prerouting priority -150; policy accept;\n"
		"\t\tct state new ip daddr . meta l4proto . th dport vmap @restricted\n");
	ASSERT_HAS(
		&f,
		"hook output priority -150; policy accept;\n"
		"\t\tct state new ip daddr . meta l4proto . th dport vmap @restricted\n");
	ASSERT_LACKS(&f, "hook postrouting");
	clear(&f);
}

static void test_node_may_use_its_virtual_address_as_source(void **state UNUSED)
{
	struct fixture f = { .settings = { .own = own, .own_count = 2 } };

	make(&f,
	     RANGES("10.0.0.1", "'192.0.2.0/24'") ", " RANGES("10.0.0.2",
							      "'198.51.100.0/24'"),
	     AF_INET);
	ASSERT_HAS(&f, "\t\t} return\n\t\tip saddr . ip daddr @own return\n\t\tdrop\n");
	ASSERT_HAS(&f, "10.0.0.1 . 10.0.0.1\n");
	ASSERT_LACKS(&f, "10.0.0.2 . 10.0.0.2");
	clear(&f);
}

static void test_inside(void **state UNUSED)
{
	static const char service[] =
		SERVICE("'fromInside': { 'address': '10.96.0.1', 'port': 443 }");
	struct fixture f = { .settings = { .cluster = cluster, .cluster_count = 1 } };

	make(&f, service, AF_INET);
	assert_described(&f, "1 service redirected from inside");
	ASSERT_HAS(&f, "type ipv4_addr . inet_proto . inet_service : ipv4_addr . "
		       "inet_service\n");
	ASSERT_HAS(&f, "10.0.0.1 . 6 . 80 : 10.96.0.1 . 443\n");
	ASSERT_HAS(
		&f,
		"type nat hook prerouting priority -101; policy accept;\n"
		"\t\tip saddr @cluster dnat ip addr . port to ip daddr . meta l4proto . th dport map "
		"@inside\n");
	ASSERT_HAS(
		&f,
		"type nat hook output priority -101; policy accept;\n"
		"\t\tdnat ip addr . port to ip daddr . meta l4proto . th dport map @inside\n");
	/* The node's source is the virtual address where that is local. */
	ASSERT_HAS(&f, "@redirected ct mark set ct mark | 0x00004000 accept\n");
	ASSERT_HAS(&f, "masquerade fully-random");
	f.settings.cluster_count = 0;
	make(&f, service, AF_INET);
	ASSERT_LACKS(&f, "@cluster");
	ASSERT_HAS(&f, "type nat hook output");
	clear(&f);
}

static void test_services_without_destinations(void **state UNUSED)
{
	static const char services[] = "{ " ADDRESS("10.0.0.1") " }, { " ADDRESS(
		"10.0.0.2") ", " TO("10.1.0.1") " }";
	struct fixture f = { 0 };

	f.settings.no_endpoints = NO_ENDPOINTS_REJECT;
	make(&f, services, AF_INET);
	assert_described(&f, "1 service without destinations answered for");
	ASSERT_HAS(&f,
		   "hook input priority 95; policy accept;\n"
		   "\t\tct state new ip daddr . meta l4proto . th dport @unserved goto "
		   "refuse\n");
	ASSERT_HAS(&f,
		   "hook output priority -150; policy accept;\n"
		   "\t\tct state new ip daddr . meta l4proto . th dport @unserved goto "
		   "refuse\n");
	ASSERT_LACKS(&f, "10.0.0.2");
	f.settings.no_endpoints = NO_ENDPOINTS_DROP;
	make(&f, services, AF_INET);
	ASSERT_HAS(&f, "th dport @unserved drop\n");
	clear(&f);
}

static void test_marker_and_fingerprint_follow_the_text(void **state UNUSED)
{
	struct fixture f = { 0 };
	char marker[64];
	uint64_t first;

	make(&f, SERVICE("'sourceNat': true"), AF_INET);
	first = f.ruleset.fingerprint;
	snprintf(marker, sizeof(marker), "\tchain id_%016llx {\n\t}\n}\n",
		 (unsigned long long)first);
	ASSERT_HAS(&f, marker);
	assert_int_equal(f.ruleset.length, strlen(f.ruleset.text));
	make(&f, SERVICE("'sourceNat': 'all', 'name': 'web'"), AF_INET);
	assert_true(f.ruleset.fingerprint == first);
	make(&f, SERVICE("'sourceNat': 'hairpin'"), AF_INET);
	assert_false(f.ruleset.fingerprint == first);
	clear(&f);
}

static void test_everything_is_described(void **state UNUSED)
{
	struct fixture f = { .settings = { .cluster = cluster, .cluster_count = 3 } };

	f.settings.no_endpoints = NO_ENDPOINTS_REJECT;
	make(&f,
	     "{ " ADDRESS(
		     "10.0.0.1") ", 'sourceNat': true, 'bind': true,\n"
				 "'sourceRanges': [ '10.0.0.0/8' ],\n"
				 "'fromInside': { 'address': '10.96.0.1', 'port': 1 } },\n"
				 "{ " ADDRESS(
					 "10.0.0.2") ", 'sourceNat': 'outside', 'bind': true }",
	     AF_INET);
	assert_described(
		&f,
		"2 services masqueraded, 1 service with source ranges, 1 service redirected from inside, 2 addresses closed but for services, 2 services without destinations answered for");
	clear(&f);
}

static void test_idle(void **state UNUSED)
{
	struct fixture f = { 0 };

	assert_int_equal(ruleset_make_idle(AF_INET6, &f.ruleset), 0);
	assert_described(&f, "connections that drain");
	ASSERT_HAS(&f, "table ip6 ipvs-node {\n"
		       "\tchain postrouting {\n"
		       "\t\ttype nat hook postrouting priority 100; policy accept;\n"
		       "\t\tct state established accept\n"
		       "\t}\n"
		       "\tchain id_");
	clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_needed),
		cmocka_unit_test(test_masquerade_all),
		cmocka_unit_test(test_masquerade_of_ipv6),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_outside_is_hairpin_without_a_cluster),
		cmocka_unit_test(test_masquerade_bit),
		cmocka_unit_test(test_what_cannot_be_masqueraded_is_left_out),
		cmocka_unit_test(test_hairpin_destination_stands_once),
		cmocka_unit_test(test_destination_elsewhere_is_no_client),
		cmocka_unit_test(test_equal_lists_of_sources_have_one_chain),
		cmocka_unit_test(test_node_may_use_its_virtual_address_as_source),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_services_without_destinations),
		cmocka_unit_test(test_marker_and_fingerprint_follow_the_text),
		cmocka_unit_test(test_everything_is_described),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests_name("ruleset", tests, enter_state_directory,
					   leave_state_directory);
}
