/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"
#include "tests/unit/table_builder.h"

/* A table as text, and the text as a table again. */

static void write_table(const struct table *table, int outcome, const char *left_out)
{
	FILE *file = fopen("written.json", "w");
	char *text = NULL;
	size_t size = 0;
	FILE *told = open_memstream(&text, &size);

	assert_non_null(file);
	assert_non_null(told);
	assert_int_equal(state_write(file, table, told), outcome);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(fclose(told), 0);
	assert_string_equal(text, left_out);
	free(text);
}

static char *read_text(const char *path)
{
	static char text[16384];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void assert_tables_equal(const struct table *a, const struct table *b)
{
	assert_int_equal(a->service_count, b->service_count);
	for (size_t i = 0; i < a->service_count; i++) {
		const struct service *x = &a->services[i], *y = &b->services[i];

		assert_int_equal(service_key_compare(&x->key, &y->key), 0);
		assert_true(service_equal(x, y));
		assert_string_equal(x->name ? x->name : "", y->name ? y->name : "");
		assert_int_equal(x->destination_count, y->destination_count);
		for (size_t j = 0; j < x->destination_count; j++) {
			const struct destination *c = &x->destinations[j];
			const struct destination *d = &y->destinations[j];

			assert_int_equal(destination_key_compare(c, d), 0);
			assert_true(destination_equal(c, d));
		}
	}
	assert_memory_equal(&a->globals.timeouts, &b->globals.timeouts,
			    sizeof(a->globals.timeouts));
	assert_int_equal(a->globals.sysctl_count, b->globals.sysctl_count);
	for (size_t i = 0; i < a->globals.sysctl_count; i++) {
		assert_string_equal(a->globals.sysctls[i].name,
				    b->globals.sysctls[i].name);
		assert_string_equal(a->globals.sysctls[i].value,
				    b->globals.sysctls[i].value);
	}
}

static const char every_field[] =
	"{\n"
	"  'version': 1,\n"
	"  'services': [\n"
	"    {\n"
	"      'name': 'a \\\"name\\\"',\n"
	"      'address': '10.0.0.1', 'port': 0, 'protocol': 'tcp',\n"
	"      'scheduler': 'sh', 'schedulerFlags': ['sh-fallback', 'sh-port', 'flag-3'],\n"
	"      'persistence': { 'timeout': 300, 'netmask': '255.255.255.0' },\n"
	"      'destinations': []\n"
	"    },\n"
	"    {\n"
	"      'address': '10.0.0.2', 'port': 80, 'protocol': 'tcp',\n"
	"      'destinations': [\n"
	"        { 'address': '10.1.0.1' },\n"
	"        { 'address': '10.1.0.1', 'port': 81, 'weight': 0, 'upperThreshold': 20, 'lowerThreshold': 10 },\n"
	"        { 'address': '10.1.0.2', 'forward': 'direct' },\n"
	"        { 'address': '10.1.0.3', 'forward': 'tunnel' },\n"
	"        { 'address': '10.1.0.4', 'forward': 'tunnel', 'tunnel': { 'type': 'gue', 'port': 6080, 'checksum': 'remote' } },\n"
	"        { 'address': 'fd00::5', 'forward': 'tunnel', 'tunnel': { 'type': 'gre' } }\n"
	"      ]\n"
	"    },\n"
	"    {\n"
	"      'address': '10.0.0.3', 'port': 5060, 'protocol': 'udp',\n"
	"      'onePacket': true,\n"
	"      'persistence': { 'timeout': 60, 'engine': 'sip' },\n"
	"      'destinations': []\n"
	"    },\n"
	"    {\n"
	"      'address': 'fd00::1', 'port': 53, 'protocol': 'sctp',\n"
	"      'scheduler': 'mh', 'schedulerFlags': ['mh-port'],\n"
	"      'persistence': { 'timeout': 1, 'netmask': 64 },\n"
	"      'destinations': []\n"
	"    },\n"
	"    {\n"
	"      'fwmark': 7,\n"
	"      'scheduler': 'rr', 'schedulerFlags': ['flag-1', 'flag-2'],\n"
	"      'destinations': [\n"
	"        { 'address': '10.1.0.1', 'port': 8080 }\n"
	"      ]\n"
	"    },\n"
	"    {\n"
	"      'fwmark': 7, 'family': 'ipv6',\n"
	"      'scheduler': 'wrr',\n"
	"      'destinations': []\n"
	"    },\n"
	"    {\n"
	"      'fwmark': 8,\n"
	"      'persistence': { 'timeout': 5, 'netmask': '0.0.0.0' },\n"
	"      'destinations': [\n"
	"        { 'address': '10.1.0.1', 'port': 80, 'forward': 'direct' },\n"
	"        { 'address': '10.1.0.1', 'port': 81, 'forward': 'tunnel' },\n"
	"        { 'address': '10.1.0.2', 'port': 82 }\n"
	"      ]\n"
	"    },\n"
	"    {\n"
	"      'fwmark': 9,\n"
	"      'persistence': { 'timeout': 5, 'netmask': '255.0.255.1' },\n"
	"      'destinations': []\n"
	"    }\n"
	"  ],\n"
	"  'timeouts': { 'tcp': 900, 'tcpFin': 120, 'udp': 300 },\n"
	"  'sysctls': {\n"
	"    'net.ipv4.vs.conntrack': '1'\n"
	"  }\n"
	"}\n";

static void test_every_field(void **state UNUSED)
{
	struct table table = { 0 }, again = { 0 };

	write_state("every.json", every_field);
	expect_state("every.json", &table);
	write_table(&table, STATE_WRITTEN, "");
	expect_state("written.json", &again);
	assert_tables_equal(&table, &again);
	/* The form is stable: what was written by it comes out the same. */
	assert_int_equal(system("cmp every.json written.json"), 0);
	table_clear(&table);
	table_clear(&again);
}

static void test_daemons(void **state UNUSED)
{
	static const char text[] =
		"{\n"
		"  'version': 1,\n"
		"  'services': [],\n"
		"  'syncDaemons': [\n"
		"    { 'role': 'master', 'interface': 'eth0', 'syncId': 5, 'group': '224.0.0.82', 'port': 8849, 'ttl': 2, 'maxLength': 1000 },\n"
		"    { 'role': 'backup', 'interface': 'eth1', 'group': 'ff02::1' }\n"
		"  ]\n"
		"}\n";
	struct table table = { 0 };

	write_state("daemons.json", text);
	expect_state("daemons.json", &table);
	write_table(&table, STATE_WRITTEN, "");
	assert_int_equal(system("cmp daemons.json written.json"), 0);
	table_clear(&table);
}

/* A kernel tells a daemon's defaults as values of their own. */
static void test_a_daemons_defaults_are_left_out(void **state UNUSED)
{
	struct table table = { 0 };
	struct sync_daemon *d = &table.globals.daemons[sync_slot(SYNC_MASTER)];

	*d = (struct sync_daemon){ .role = SYNC_MASTER,
				   .interface = "eth0",
				   .port = 8848,
				   .ttl = 1,
				   .max_length = 1472 };
	assert_int_equal(address_parse("224.0.0.81", &d->group), 0);
	write_table(&table, STATE_WRITTEN, "");
	assert_string_equal(read_text("written.json"),
			    "{\n"
			    "  \"version\": 1,\n"
			    "  \"services\": [],\n"
			    "  \"syncDaemons\": [\n"
			    "    { \"role\": \"master\", \"interface\": \"eth0\" }\n"
			    "  ]\n"
			    "}\n");
	table_clear(&table);
}

static void test_empty(void **state UNUSED)
{
	struct table table = { 0 };

	write_table(&table, STATE_WRITTEN, "");
	assert_string_equal(read_text("written.json"),
			    "{\n  \"version\": 1,\n  \"services\": []\n}\n");
	expect_state("written.json", &table);
	table_clear(&table);
}

/* What others can put into a kernel's table, and a state file cannot say. */
static void test_what_cannot_be_said(void **state UNUSED)
{
	struct table table = { 0 }, again = { 0 };
	struct service *s;
	struct destination *d;

	s = build_service(&table, 1);
	strcpy(s->scheduler, "none");
	s = build_service(&table, 2);
	s->key.port = 0;
	s = build_service(&table, 3);
	s->persistence_timeout = 10;
	strcpy(s->engine, "sip");
	s = build_service(&table, 4);
	s->key.protocol = IPPROTO_ICMP;
	s = build_service(&table, 5);
	s->one_packet = true;
	build_destination(s, 1, 1)->forward = FORWARD_LOCAL;
	build_destination(s, 2, 70000);
	build_destination(s, 3, 1)->forward = FORWARD_BYPASS;
	build_destination(s, 4, 1)->forward = FORWARD_DIRECT;
	d = build_destination(s, 5, 1);
	d->forward = FORWARD_TUNNEL;
	d->port = 80;
	d->tunnel_port = 1;
	d->tunnel_checksum = TUNNEL_CHECKSUM_FULL;
	assert_int_equal(globals_add_sysctl(&table.globals, "kernel.panic", "1"), 0);
	table.globals.daemons[1] =
		(struct sync_daemon){ .role = SYNC_BACKUP, .interface = "eth\xff" };
	write_table(
		&table, STATE_WRITTEN_IN_PART,
		"tcp 10.0.0.1:80: scheduler: 'none' forwards nothing\n"
		"tcp 10.0.0.2:0: port: 0 (every port) needs persistence\n"
		"tcp 10.0.0.3:80: persistence.engine: 'sip' is for udp only: the kernel drops all tcp traffic with it\n"
		"unknown 10.0.0.4:80: protocol: none of tcp, udp, sctp\n"
		"tcp 10.0.0.5:80: onePacket: left out: the kernel heeds it on udp only\n"
		"tcp 10.0.0.5:80 -> 10.1.0.2:8080: weight: 70000 is not in 0..65535\n"
		"tcp 10.0.0.5:80 -> 10.1.0.3:8080: forward: 'bypass' is not for a state file\n"
		"tcp 10.0.0.5:80 -> 10.1.0.4:8080: port: 8080 is not the service's 80, and forward 'direct' leaves the port as it is\n"
		"sync daemon backup: interface: is not UTF-8\n"
		"kernel.panic: not for a state file\n");
	table_clear(&table);
	expect_state("written.json", &again);
	assert_int_equal(again.service_count, 1);
	s = &again.services[0];
	assert_false(s->one_packet);
	assert_int_equal(s->destination_count, 2);
	assert_int_equal(s->destinations[0].forward, FORWARD_MASQUERADE);
	assert_int_equal(s->destinations[1].forward, FORWARD_TUNNEL);
	assert_int_equal(s->destinations[1].tunnel_port, 0);
	assert_int_equal(again.globals.sysctl_count, 0);
	table_clear(&again);
}

/* A table that nothing says it to is written all the same. */
static void test_without_a_stream_for_what_is_left_out(void **state UNUSED)
{
	struct table table = { 0 };
	FILE *file = fopen("written.json", "w");

	strcpy(build_service(&table, 1)->scheduler, "none");
	assert_non_null(file);
	assert_int_equal(state_write(file, &table, NULL), STATE_WRITTEN_IN_PART);
	fclose(file);
	table_clear(&table);
}

static void test_a_full_disk(void **state UNUSED)
{
	struct table table = { 0 };
	FILE *file = fopen("/dev/full", "w");

	assert_non_null(file);
	assert_int_equal(state_write(file, &table, NULL), -ENOSPC);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_daemons),
		cmocka_unit_test(test_a_daemons_defaults_are_left_out),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_what_cannot_be_said),
		cmocka_unit_test(test_without_a_stream_for_what_is_left_out),
		cmocka_unit_test(test_a_full_disk),
	};

	return cmocka_run_group_tests_name("state writing", tests, enter_state_directory,
					   leave_state_directory);
}
