/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ruleset_case.h"

/* Virtual addresses on which only services answer. */

static void test_bound_addresses_are_closed(void **state UNUSED)
{
	struct fixture f = { .settings = { .own = own, .own_count = 2 } };

	make(&f,
	     SERVICE("'bind': true") ", { " ADDRESS("10.0.0.2") " }, { " ADDRESS(
		     "10.0.0.3") ", 'bind': true }, { 'address': '10.0.0.3', 'port': 22,"
				 "'protocol': 'tcp', 'overLocal': true }, { " ADDRESS(
					 "10.0.0.9") ", 'bind': true }",
	     AF_INET);
	assert_described(&f, "1 address closed but for services");
	ASSERT_HAS(&f, "\tset virtual_addresses {\n"
		       "\t\ttype ipv4_addr\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.0.1\n"
		       "\t\t}\n");
	ASSERT_HAS(&f,
		   "hook input priority 101; policy accept;\n"
		   "\t\tct state new meta l4proto != 1 ip daddr @virtual_addresses goto "
		   "refuse\n");
	ASSERT_HAS(&f, "\tchain refuse {\n"
		       "\t\tmeta l4proto 6 reject with tcp reset\n"
		       "\t\treject\n");
	ASSERT_LACKS(&f, "hook output priority -150");
	clear(&f);
}

/* A destination on the node that is reached directly listens on the virtual address. */
static void test_direct_service_stays_open_on_a_closed_address(void **state UNUSED)
{
	struct fixture f = { 0 };

	make(&f,
	     "{ " ADDRESS(
		     "10.0.0.1") ", 'bind': true, 'destinations': [\n"
				 "{ 'address': '10.1.0.1', 'forward': 'direct' } ] }",
	     AF_INET);
	ASSERT_HAS(&f, "\t\tct state new ip daddr . meta l4proto . th dport @unchanged "
		       "accept\n");
	/* Every port of it: no key to let through. */
	make(&f,
	     "{ 'address': '10.0.0.1', 'port': 0, 'protocol': 'tcp', 'bind': true,\n"
	     "'persistence': { 'timeout': 60 }, 'destinations': [\n"
	     "{ 'address': '10.1.0.1', 'forward': 'direct' } ] }",
	     AF_INET);
	assert_null(f.ruleset.text);
	clear(&f);
}

/* So many bound services, from an address on. */
static void make_bound(struct fixture *f, unsigned int first, unsigned int count)
{
	char *text = calloc(1, (size_t)count * 100 + 100), *at = text;

	assert_non_null(text);
	at += sprintf(at, "{ 'version': 1, 'services': [ ");
	for (unsigned int i = first; i < first + count; i++)
		at += sprintf(at,
			      "%s{ 'address': '10.0.%u.%u', 'port': 80,"
			      " 'protocol': 'tcp', 'bind': true }\n",
			      i > first ? "," : "", i / 256, i % 256);
	sprintf(at, "] }");
	write_state("state.json", text);
	free(text);
	expect_state("state.json", &f->table);
	assert_int_equal(ruleset_make(&f->table, &f->settings, AF_INET, &f->ruleset), 0);
}

static void test_whole_blocks_of_addresses_are_one_element_each(void **state UNUSED)
{
	struct fixture f = { 0 };

	make_bound(&f, 255, 513);
	assert_described(&f, "513 addresses closed but for services");
	ASSERT_HAS(&f, "\tset virtual_addresses {\n"
		       "\t\ttype ipv4_addr\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.0.255\n"
		       "\t\t}\n");
	ASSERT_HAS(&f, "\tset virtual_networks {\n"
		       "\t\ttype ipv4_addr\n"
		       "\t\tflags interval\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.1.0/24,\n"
		       "\t\t\t10.0.2.0/24\n"
		       "\t\t}\n");
	ASSERT_HAS(&f, "ip daddr @virtual_addresses goto refuse\n");
	ASSERT_HAS(&f, "ip daddr @virtual_networks goto refuse\n");
	clear(&f);
}

/* One of the node's own among them, and one that is missing. */
static void test_block_with_a_gap_is_no_block(void **state UNUSED)
{
	struct fixture f = { .settings = { .own = own, .own_count = 2 } };

	make_bound(&f, 0, 511);
	assert_described(&f, "510 addresses closed but for services");
	ASSERT_LACKS(&f, "virtual_networks");
	ASSERT_LACKS(&f, "\t10.0.0.9,");
	ASSERT_HAS(&f, "\t10.0.0.8,");
	ASSERT_HAS(&f, "\t10.0.1.254\n");
	clear(&f);
}

/* --- whole service networks --- */

static const struct network networks[] = {
	{ .address = { .family = AF_INET6, .bytes = { 0xfd, 0x96 } }, .prefix = 112 },
	{ .address = { .family = AF_INET, .bytes = { 10, 0, 0 } }, .prefix = 24 },
	{ .address = { .family = AF_INET, .bytes = { 10, 7 } }, .prefix = 16 },
};

static struct fixture with_networks(void)
{
	return (struct fixture){ .settings = { .own = own,
					       .own_count = 2,
					       .service_networks = networks,
					       .service_network_count = 3 } };
}

/* One with a bound service in it, but not the node's own address and what is open for another reason. */
static void test_service_networks_are_closed_as_a_whole(void **state UNUSED)
{
	struct fixture f = with_networks();

	make(&f,
	     SERVICE("'bind': true") ", { " ADDRESS("10.0.0.3") ", 'overLocal': true, 'bind': true }, { " ADDRESS(
		     "198.51.100.1") ", 'bind': true }",
	     AF_INET);
	assert_described(
		&f,
		"1 address closed but for services, 1 network closed but for services");
	ASSERT_HAS(&f, "\tset virtual_addresses {\n"
		       "\t\ttype ipv4_addr\n"
		       "\t\telements = {\n"
		       "\t\t\t198.51.100.1\n"
		       "\t\t}\n");
	ASSERT_HAS(&f, "\tset virtual_networks {\n"
		       "\t\ttype ipv4_addr\n"
		       "\t\tflags interval\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.0.0/24\n"
		       "\t\t}\n");
	ASSERT_HAS(&f, "\tset left_open {\n"
		       "\t\ttype ipv4_addr\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.0.3,\n"
		       "\t\t\t10.0.0.9\n"
		       "\t\t}\n");
	ASSERT_HAS(&f, "hook input priority 101; policy accept;\n"
		       "\t\tip daddr @left_open accept\n");
	/* Of the other family there is none. */
	make(&f, SERVICE("'bind': true"), AF_INET6);
	assert_null(f.ruleset.text);
	clear(&f);
}

static void test_service_network_of_ipv6_is_closed(void **state UNUSED)
{
	struct fixture f = with_networks();

	make(&f, "{ " ADDRESS("fd96::1") ", 'bind': true }", AF_INET6);
	ASSERT_HAS(&f, "\t\t\tfd96:0:0:0:0:0:0:0/112\n");
	ASSERT_HAS(&f, "\t\tip6 daddr @virtual_networks dnat to ip6 daddr\n");
	ASSERT_LACKS(&f, "virtual_addresses");
	ASSERT_LACKS(&f, "left_open");
	clear(&f);
}

/* It is not local then. */
static void test_service_network_without_a_bound_service_is_none(void **state UNUSED)
{
	struct fixture f = with_networks();

	make(&f, SERVICE("'sourceNat': true"), AF_INET);
	assert_described(&f, "1 service masqueraded");
	ASSERT_LACKS(&f, "virtual_networks");
	clear(&f);
}

static void test_direct_service_stays_open_in_a_closed_network(void **state UNUSED)
{
	struct fixture f = with_networks();

	make(&f,
	     SERVICE("'bind': true") ", { " ADDRESS(
		     "10.0.0.2") ", 'bind': true, 'destinations': [\n"
				 "{ 'address': '10.1.0.1', 'forward': 'direct' } ] }",
	     AF_INET);
	ASSERT_HAS(&f, "\tset unchanged {\n"
		       "\t\ttype ipv4_addr . inet_proto . inet_service\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.0.2 . 6 . 80\n"
		       "\t\t}\n");
	clear(&f);
}

/* A load balancer asks for the node's endpoints at the address that it serves. Each port once. */
static void test_health_check_ports_stay_open(void **state UNUSED)
{
	struct fixture f = with_networks();

	make(&f,
	     "{ " ADDRESS(
		     "198.51.100.1") ", 'bind': true }, { 'address': '198.51.100.1', 'port': 443, 'protocol': 'tcp' }",
	     AF_INET);
	ASSERT_LACKS(&f, "health_checks");
	f.table.services[0].access->health_port = 32000;
	ruleset_clear(&f.ruleset);
	assert_int_equal(ruleset_make(&f.table, &f.settings, AF_INET, &f.ruleset), 0);
	ASSERT_HAS(&f, "\tset health_checks {\n"
		       "\t\ttype ipv4_addr . inet_proto . inet_service\n"
		       "\t\telements = {\n"
		       "\t\t\t198.51.100.1 . 6 . 32000\n"
		       "\t\t}\n");
	ASSERT_HAS(&f, "hook input priority 101; policy accept;\n"
		       "\t\tct state new ip daddr . meta l4proto . th dport "
		       "@health_checks accept\n");
	clear(&f);
}

/* --- other programs' destination NAT --- */

static void test_connections_to_services_keep_their_destination(void **state UNUSED)
{
	struct fixture f = { .settings = { .own = own, .own_count = 2 } };

	make(&f,
	     SERVICE("'bind': true") ", { " ADDRESS("10.0.0.2") ", 'sourceNat': true }, { " ADDRESS(
		     "10.0.0.9") ", 'bind': true }, { " ADDRESS("10.0.0.4") " }, { 'address': '10.0.0.5', 'port': 0, 'protocol': 'udp', 'bind': true, 'overLocal': true,"
									    "'persistence': { 'timeout': 60 } }",
	     AF_INET);
	ASSERT_HAS(
		&f,
		"\tchain prerouting_services {\n"
		"\t\ttype nat hook prerouting priority -101; policy accept;\n"
		"\t\tip daddr . meta l4proto . th dport @masqueraded dnat to ip daddr\n"
		"\t\tip daddr . meta l4proto . th dport @kept dnat to ip daddr\n"
		"\t\tip daddr . meta l4proto @kept_whole dnat to ip daddr\n"
		"\t\tip daddr @virtual_addresses dnat to ip daddr\n"
		"\t}\n");
	ASSERT_HAS(&f, "\tchain output_services {\n"
		       "\t\ttype nat hook output priority -101; policy accept;\n"
		       "\t\tip daddr . meta l4proto . th dport @masqueraded dnat to ip "
		       "daddr\n");
	/* Not one that has nothing beside IPVS's own, nor one that is in another set. */
	ASSERT_HAS(&f, "\tset kept {\n"
		       "\t\ttype ipv4_addr . inet_proto . inet_service\n"
		       "\t\telements = {\n"
		       "\t\t\t10.0.0.9 . 6 . 80\n"
		       "\t\t}\n");
	ASSERT_HAS(&f, "\t\t\t10.0.0.5 . 17\n");
	ASSERT_LACKS(&f, "10.0.0.4");
	clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_addresses_are_closed),
		cmocka_unit_test(test_direct_service_stays_open_on_a_closed_address),
		cmocka_unit_test(test_whole_blocks_of_addresses_are_one_element_each),
		cmocka_unit_test(test_block_with_a_gap_is_no_block),
		cmocka_unit_test(test_service_networks_are_closed_as_a_whole),
		cmocka_unit_test(test_service_network_of_ipv6_is_closed),
		cmocka_unit_test(test_service_network_without_a_bound_service_is_none),
		cmocka_unit_test(test_direct_service_stays_open_in_a_closed_network),
		cmocka_unit_test(test_health_check_ports_stay_open),
		cmocka_unit_test(test_connections_to_services_keep_their_destination),
	};

	return cmocka_run_group_tests_name("ruleset_closed", tests, enter_state_directory,
					   leave_state_directory);
}
