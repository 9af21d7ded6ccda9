/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

#include "agent/model/fingerprint.h"

/* How clients reach a service: the fields that say it, and what is made of them. */

#define SERVICE_WITH(text)                                                                             \
	"{ 'version': 1, 'services': [ { 'address': '10.0.0.1', 'port': 80, 'protocol': 'udp',\n" text \
	" } ] }"

static const struct {
	const char *name;
	const char *text;
	const char *problems;
} bad[] = {
	{ "bind as text", SERVICE_WITH("'bind': 'yes'"),
	  "state.json:2: services[0].bind: is a string, not a boolean\n" },
	{ "overLocal as number", SERVICE_WITH("'overLocal': 1"),
	  "state.json:2: services[0].overLocal: is a number, not a boolean\n" },
	{ "sourceNat as number", SERVICE_WITH("'sourceNat': 1"),
	  "state.json:2: services[0].sourceNat: is neither a boolean nor one of \"hairpin\", \"outside\", \"all\"\n" },
	{ "sourceNat by another word", SERVICE_WITH("'sourceNat': 'some'"),
	  "state.json:2: services[0].sourceNat: 'some' is not one of hairpin, outside, all\n" },
	{ "sourceNat of single packets",
	  SERVICE_WITH("'sourceNat': true, 'onePacket': true"),
	  "state.json:2: services[0].sourceNat: does not go with onePacket, whose packets are never masqueraded\n" },
	{ "sourceNat and a destination that answers by itself",
	  SERVICE_WITH(
		  "'sourceNat': 'hairpin', 'destinations': [ { 'address': '10.0.0.2',\n"
		  "'forward': 'direct' } ]"),
	  "state.json:3: services[0].destinations[0].forward: 'direct' does not go with the service's sourceNat, only 'masquerade' does\n" },
	{ "ranges as text", SERVICE_WITH("'sourceRanges': '10.0.0.0/8'"),
	  "state.json:2: services[0].sourceRanges: is a string, not an array\n" },
	{ "no range", SERVICE_WITH("'sourceRanges': []"),
	  "state.json:2: services[0].sourceRanges: is empty, which would let nobody in; without it everybody is\n" },
	{ "wrong ranges",
	  SERVICE_WITH(
		  "'sourceRanges': [ 8,\n'10.0.0.0/33',\n'fd00::/8', '10.0.0.0/',\n'a' ]"),
	  "state.json:2: services[0].sourceRanges[0]: is a number, not a string\n"
	  "state.json:3: services[0].sourceRanges[1]: '10.0.0.0/33' is not a network such as 10.0.0.0/8 or fd00::/64\n"
	  "state.json:4: services[0].sourceRanges[2]: 'fd00::/8' is not of the service's address family\n"
	  "state.json:4: services[0].sourceRanges[3]: '10.0.0.0/' is not a network such as 10.0.0.0/8 or fd00::/64\n"
	  "state.json:5: services[0].sourceRanges[4]: 'a' is not a network such as 10.0.0.0/8 or fd00::/64\n" },
	{ "fromInside as text", SERVICE_WITH("'fromInside': '10.0.0.3'"),
	  "state.json:2: services[0].fromInside: is a string, not an object\n" },
	{ "fromInside without its fields", SERVICE_WITH("'fromInside': {}"),
	  "state.json:2: services[0].fromInside.address: missing\n"
	  "state.json:2: services[0].fromInside.port: missing\n" },
	{ "fromInside of the other family",
	  SERVICE_WITH("'fromInside': { 'address': 'fd00::1', 'port': 0 }"),
	  "state.json:2: services[0].fromInside.address: is not of the service's address family\n"
	  "state.json:2: services[0].fromInside.port: 0 is not in 1..65535\n" },
	{ "a service known by its mark",
	  "{ 'version': 1, 'services': [ { 'fwmark': 7,\n'bind': true,\n'sourceNat': false } ] }",
	  "state.json:2: services[0].bind: does not go with fwmark: it is for a service with an address\n"
	  "state.json:3: services[0].sourceNat: does not go with fwmark: it is for a service with an address\n" },
};

static void wrong_values_are_refused(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_invalid(bad[i].name, bad[i].text, bad[i].problems);
}

static void read_one(const char *fields, struct table *table)
{
	char text[1000];

	snprintf(text, sizeof(text), SERVICE_WITH("%s"), fields);
	write_state("state.json", text);
	expect_state("state.json", table);
	assert_int_equal(table->service_count, 1);
}

static void fields_are_kept_beside_the_service(void **state UNUSED)
{
	struct table table = { 0 };
	const struct service_access *access;
	char text[NETWORK_TEXT];

	read_one(
		"'bind': true, 'overLocal': true, 'sourceNat': 'outside', 'sourceRanges': [ "
		"'192.168.0.0/16', '10.1.2.3' ], 'fromInside': { 'address': '10.0.0.9', 'port': "
		"81 }",
		&table);
	access = table.services[0].access;
	assert_non_null(access);
	assert_true(access->bind && access->over_local);
	assert_int_equal(access->source_nat, SOURCE_NAT_OUTSIDE);
	assert_int_equal(access->source_count, 2);
	assert_string_equal(network_format(&access->sources[0], text), "10.1.2.3/32");
	assert_string_equal(network_format(&access->sources[1], text), "192.168.0.0/16");
	assert_int_equal(access->inside.port, 81);
	table_clear(&table);
}

/* What says nothing is as good as absent, in the fingerprint too. */
static void defaults_are_nothing(void **state UNUSED)
{
	struct table table = { 0 }, other = { 0 };

	read_one("'bind': false, 'sourceNat': false, 'overLocal': false", &table);
	read_one("'onePacket': false", &other);
	assert_null(table.services[0].access);
	assert_int_equal(fingerprint_table(&table), fingerprint_table(&other));
	table_clear(&table);
	table_clear(&other);
}

static const char *const different[] = {
	"'onePacket': false",
	"'bind': true",
	"'overLocal': true",
	"'sourceNat': true",
	"'sourceNat': 'outside'",
	"'sourceNat': 'hairpin'",
	"'sourceRanges': [ '10.0.0.0/8' ]",
	"'sourceRanges': [ '10.0.0.0/9' ]",
	"'sourceRanges': [ '10.0.0.0/8', '11.0.0.0/8' ]",
	"'fromInside': { 'address': '10.0.0.9', 'port': 81 }",
	"'fromInside': { 'address': '10.0.0.9', 'port': 82 }",
	"'fromInside': { 'address': '10.0.0.8', 'port': 81 }",
};

static void each_field_makes_a_difference(void **state UNUSED)
{
	struct table tables[ARRAY_SIZE(different)] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(different); i++)
		read_one(different[i], &tables[i]);
	for (size_t i = 0; i < ARRAY_SIZE(different); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(different); k++) {
			assert_int_equal(
				service_access_equal(tables[i].services[0].access,
						     tables[k].services[0].access),
				i == k);
			assert_int_equal(fingerprint_table(&tables[i]) ==
						 fingerprint_table(&tables[k]),
					 i == k);
			/* IPVS's own table is the same with all of them. */
			assert_true(service_equal(&tables[i].services[0],
						  &tables[k].services[0]));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(different); i++)
		table_clear(&tables[i]);
}

static void what_is_written_is_read_again(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(different); i++) {
		struct table table = { 0 }, again = { 0 };
		FILE *file = fopen("written.json", "w");

		read_one(different[i], &table);
		assert_non_null(file);
		assert_int_equal(state_write(file, &table, NULL), STATE_WRITTEN);
		assert_int_equal(fclose(file), 0);
		expect_state("written.json", &again);
		assert_true(service_access_equal(table.services[0].access,
						 again.services[0].access));
		table_clear(&table);
		table_clear(&again);
	}
}

static const struct {
	const char *text;
	const char *network; /* NULL: it is none */
	const char *inside;
	const char *outside;
} networks[] = {
	{ "10.96.0.0/12", "10.96.0.0/12", "10.111.255.255", "10.112.0.0" },
	{ "10.97.1.2/12", "10.96.0.0/12", "10.96.0.1", "fd00::1" },
	{ "0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", "::" },
	{ "10.0.0.1", "10.0.0.1/32", "10.0.0.1", "10.0.0.2" },
	{ "fd00::1:2:3/65", "fd00::/65", "fd00::7fff:ffff:ffff:ffff",
	  "fd00::8000:0:0:0" },
	{ "::/0", "::/0", "fd00::1", "10.0.0.1" },
	{ "10.0.0.0/33", NULL, NULL, NULL },
	{ "10.0.0.0/-1", NULL, NULL, NULL },
	{ "10.0.0.0/8 ", NULL, NULL, NULL },
	{ "10.0.0/8", NULL, NULL, NULL },
	{ "fd00::/129", NULL, NULL, NULL },
	{ "", NULL, NULL, NULL },
	{ "/8", NULL, NULL, NULL },
	{ "1111111111111111111111111111111111111111111111111111/8", NULL, NULL, NULL },
};

static void networks_are_parsed(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		struct network network;
		struct address address;
		char text[NETWORK_TEXT];

		if (!networks[i].network) {
			assert_int_equal(network_parse(networks[i].text, &network),
					 -EINVAL);
			continue;
		}
		assert_int_equal(network_parse(networks[i].text, &network), 0);
		assert_string_equal(network_format(&network, text), networks[i].network);
		assert_int_equal(address_parse(networks[i].inside, &address), 0);
		assert_true(network_contains(&network, &address));
		assert_int_equal(address_parse(networks[i].outside, &address), 0);
		assert_false(network_contains(&network, &address));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(fields_are_kept_beside_the_service),
		cmocka_unit_test(defaults_are_nothing),
		cmocka_unit_test(each_field_makes_a_difference),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(networks_are_parsed),
	};

	return cmocka_run_group_tests(tests, enter_state_directory,
				      leave_state_directory);
}
