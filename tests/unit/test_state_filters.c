/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

/* What of source NAT and filters goes with what, with the whole message. */

#define SERVICE(port, protocol, text)                                                    \
	"{ 'version': 1, 'services': [\n{ 'address': '10.0.0.1', 'port': " port          \
	", 'protocol': '" protocol "', 'persistence': { 'timeout': 60 },\n" text         \
	" } ] }"

static void test_every_port(void **state UNUSED)
{
	static const char message[] =
		"does not go with port 0 (every port): name the port\n";
	char expected[256];

	snprintf(expected, sizeof(expected), "state.json:3: services[0].sourceNat: %s",
		 message);
	expect_invalid("source NAT", SERVICE("0", "tcp", "'sourceNat': 'hairpin'"),
		       expected);
	snprintf(expected, sizeof(expected), "state.json:3: services[0].sourceRanges: %s",
		 message);
	expect_invalid("ranges", SERVICE("0", "tcp", "'sourceRanges': [ '10.0.0.0/8' ]"),
		       expected);
	snprintf(expected, sizeof(expected), "state.json:3: services[0].fromInside: %s",
		 message);
	expect_invalid(
		"inside",
		SERVICE("0", "tcp", "'fromInside': { 'address': '10.0.0.2', 'port': 1 }"),
		expected);
}

static void test_one_packet(void **state UNUSED)
{
	expect_invalid(
		"one packet",
		SERVICE("53", "udp", "'sourceNat': true, 'onePacket': true"),
		"state.json:3: services[0].sourceNat: does not go with onePacket, whose packets are never masqueraded\n");
}

static void test_bind_goes_with_every_port(void **state UNUSED)
{
	struct table table = { 0 };

	write_state("state.json", SERVICE("0", "tcp", "'bind': true"));
	expect_state("state.json", &table);
	assert_true(table.services[0].access->bind);
	table_clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_port),
		cmocka_unit_test(test_one_packet),
		cmocka_unit_test(test_bind_goes_with_every_port),
	};

	return cmocka_run_group_tests_name("state filters", tests, enter_state_directory,
					   leave_state_directory);
}
