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
	ASSERT_LACKS(&f, "hook output");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound_addresses_are_closed),
		cmocka_unit_test(test_direct_service_stays_open_on_a_closed_address),
		cmocka_unit_test(test_whole_blocks_of_addresses_are_one_element_each),
		cmocka_unit_test(test_block_with_a_gap_is_no_block),
	};

	return cmocka_run_group_tests_name("ruleset_closed", tests, enter_state_directory,
					   leave_state_directory);
}
