/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

/* Each field of a valid state, and what its absence means. */

static struct service *first(const char *services, struct table *table)
{
	char text[4096];

	snprintf(text, sizeof(text), "{ 'version': 1, 'services': [ %s ] }", services);
	write_state("valid.json", text);
	expect_state("valid.json", table);
	assert_int_equal(table->service_count, 1);
	return &table->services[0];
}

static void test_no_services(void **state UNUSED)
{
	struct table table = { 0 };

	write_state("none.json", "\n\t{ 'services' :\r\n[ ] , 'version' : 1 }\n\n");
	expect_state("none.json", &table);
	assert_int_equal(table.service_count, 0);
	assert_int_equal(table.globals.daemons[0].role, SYNC_NONE);
	assert_int_equal(table.globals.timeouts.tcp, 0);
	table_clear(&table);
}

static void test_defaults(void **state UNUSED)
{
	struct table table = { 0 };
	struct service *s =
		first("{ 'address': '10.0.0.1', 'port': 80, 'protocol': 'tcp',"
		      "  'destinations': [ { 'address': '10.0.0.2' } ] }",
		      &table);
	struct destination *d = &s->destinations[0];
	char key[SERVICE_KEY_TEXT], other[DESTINATION_KEY_TEXT];

	assert_string_equal(service_key_format(&s->key, key), "tcp 10.0.0.1:80");
	assert_null(s->name);
	assert_string_equal(s->scheduler, "rr");
	assert_string_equal(s->engine, "");
	assert_int_equal(s->scheduler_flags, 0);
	assert_int_equal(s->persistence_timeout, 0);
	assert_int_equal(s->persistence_netmask, 0xffffffff);
	assert_false(s->one_packet);
	assert_int_equal(s->destination_count, 1);
	assert_string_equal(destination_key_format(d, other), "10.0.0.2:80");
	assert_int_equal(d->weight, 1);
	assert_int_equal(d->forward, FORWARD_MASQUERADE);
	assert_int_equal(d->upper_threshold, 0);
	assert_int_equal(d->lower_threshold, 0);
	assert_int_equal(d->tunnel_type, TUNNEL_IPIP);
	assert_int_equal(d->tunnel_port, 0);
	table_clear(&table);
}

static void test_spelled_out_defaults_are_equal(void **state UNUSED)
{
	struct table a = { 0 }, b = { 0 };
	struct service *x = first(
		"{ 'fwmark': 7, 'destinations': [ { 'address': '10.0.0.2' } ] }", &a);
	struct service *y = first(
		"{ 'name': '', 'fwmark': 7, 'family': 'ipv4', 'scheduler': 'rr',"
		"  'schedulerFlags': [], 'onePacket': false, 'destinations': [ {"
		"  'address': '10.0.0.2', 'port': 0, 'weight': 1, 'forward': 'masquerade',"
		"  'upperThreshold': 0, 'lowerThreshold': 0 } ] }",
		&b);

	assert_int_equal(service_key_compare(&x->key, &y->key), 0);
	assert_true(service_equal(x, y));
	assert_int_equal(destination_key_compare(x->destinations, y->destinations), 0);
	assert_true(destination_equal(x->destinations, y->destinations));
	table_clear(&a);
	table_clear(&b);
}

static void test_service_fields(void **state UNUSED)
{
	struct table table = { 0 };
	struct service *s = first(
		"{ 'name': 'k\\u00e4se', 'address': 'fd00::1', 'port': 0, 'protocol': 'udp', 'scheduler': 'mh',"
		"  'schedulerFlags': [ 'mh-port', 'flag-1', 'flag-3' ], 'onePacket': true,"
		"  'persistence': { 'timeout': 4294967, 'netmask': 64, 'engine': 'sip' } }",
		&table);
	char key[SERVICE_KEY_TEXT];

	assert_string_equal(service_key_format(&s->key, key), "udp [fd00::1]:0");
	assert_string_equal(s->name, "k\xc3\xa4se");
	assert_string_equal(s->scheduler, "mh");
	assert_int_equal(s->scheduler_flags,
			 SCHEDULER_FLAG_1 | SCHEDULER_FLAG_2 | SCHEDULER_FLAG_3);
	assert_true(s->one_packet);
	assert_int_equal(s->persistence_timeout, 4294967);
	assert_int_equal(s->persistence_netmask, 64);
	assert_string_equal(s->engine, "sip");
	assert_int_equal(s->destination_count, 0);
	table_clear(&table);

	s = first(
		"{ 'address': '10.0.0.1', 'port': 65535, 'protocol': 'sctp', 'scheduler': 'abcdefghijklmno',"
		"  'persistence': { 'timeout': 1, 'netmask': '255.255.240.0' } }",
		&table);
	assert_int_equal(s->key.protocol, IPPROTO_SCTP);
	assert_int_equal(s->key.port, 65535);
	assert_string_equal(s->scheduler, "abcdefghijklmno");
	assert_int_equal(s->persistence_netmask, htonl(0xfffff000));
	table_clear(&table);
}

static void test_fwmark(void **state UNUSED)
{
	struct table table = { 0 };
	/* A mark may stand for UDP, so what is for UDP alone is allowed. */
	struct service *s = first(
		"{ 'fwmark': 4294967295, 'family': 'ipv6', 'scheduler': 'sh', 'schedulerFlags': [ 'sh-fallback', 'sh-port' ],"
		"  'onePacket': true, 'persistence': { 'timeout': 60, 'engine': 'sip' } }",
		&table);

	assert_int_equal(s->key.fwmark, 0xffffffff);
	assert_int_equal(s->key.address.family, AF_INET6);
	assert_int_equal(s->key.protocol, 0);
	assert_int_equal(s->scheduler_flags, SCHEDULER_FLAG_1 | SCHEDULER_FLAG_2);
	assert_int_equal(s->persistence_netmask, 128);
	table_clear(&table);

	/* Without persistence the kernel does write a destination's port. */
	s = first(
		"{ 'fwmark': 1, 'destinations': [ { 'address': '10.0.0.2', 'port': 8080 } ] }",
		&table);
	assert_int_equal(s->key.address.family, AF_INET);
	assert_int_equal(s->destinations[0].port, 8080);
	table_clear(&table);
}

static void test_destination_fields(void **state UNUSED)
{
	struct table table = { 0 };
	struct service *s = first(
		"{ 'address': '10.0.0.1', 'port': 80, 'protocol': 'tcp', 'destinations': ["
		"  { 'address': '10.0.0.9', 'port': 8080, 'weight': 65535, 'upperThreshold': 4294967295, 'lowerThreshold': 4294967295 },"
		"  { 'address': '10.0.0.3', 'port': 80, 'weight': 0, 'forward': 'direct' },"
		"  { 'address': '10.0.0.4', 'forward': 'tunnel' },"
		"  { 'address': '10.0.0.5', 'forward': 'tunnel', 'tunnel': { 'type': 'gue', 'port': 6080, 'checksum': 'remote' } },"
		"  { 'address': 'fd00::6', 'forward': 'tunnel', 'tunnel': { 'type': 'gre', 'checksum': 'full' } },"
		"  { 'address': '10.0.0.2', 'port': 81 }, { 'address': '10.0.0.2' } ] }",
		&table);
	const struct destination *d = s->destinations;

	/* Sorted by address, IPv4 first. */
	assert_int_equal(s->destination_count, 7);
	assert_int_equal(d[0].port, 80);
	assert_int_equal(d[1].port, 81);
	assert_int_equal(d[2].forward, FORWARD_DIRECT);
	assert_int_equal(d[2].weight, 0);
	assert_int_equal(d[3].forward, FORWARD_TUNNEL);
	assert_int_equal(d[3].tunnel_type, TUNNEL_IPIP);
	assert_int_equal(d[4].tunnel_type, TUNNEL_GUE);
	assert_int_equal(d[4].tunnel_port, 6080);
	assert_int_equal(d[4].tunnel_checksum, TUNNEL_CHECKSUM_REMOTE);
	assert_int_equal(d[5].weight, 65535);
	assert_int_equal(d[5].upper_threshold, 0xffffffff);
	assert_int_equal(d[5].lower_threshold, 0xffffffff);
	assert_int_equal(d[6].address.family, AF_INET6);
	assert_int_equal(d[6].tunnel_type, TUNNEL_GRE);
	assert_int_equal(d[6].tunnel_checksum, TUNNEL_CHECKSUM_FULL);
	table_clear(&table);
}

static void test_globals(void **state UNUSED)
{
	struct table table = { 0 };
	const struct globals *g = &table.globals;

	write_state(
		"globals.json",
		"{ 'sysctls': { 'net.ipv4.vs.conn_reuse_mode': 0, 'net.ipv4.conf.eth0/1.rp_filter': -1,"
		"  'net.ipv4.ip_local_port_range': '1024 65535' },"
		"  'timeouts': { 'tcp': 900, 'tcpFin': 1, 'udp': 2147483 }, 'version': 1, 'services': [],"
		"  'syncDaemons': [ { 'role': 'backup', 'interface': 'eth0.5', 'syncId': 255, 'group': 'ff02::1',"
		"  'port': 65535, 'ttl': 255, 'maxLength': 1024 }, { 'role': 'master', 'interface': 'abcdefghijklmno' } ] }");
	expect_state("globals.json", &table);
	assert_int_equal(g->timeouts.tcp, 900);
	assert_int_equal(g->timeouts.tcp_fin, 1);
	assert_int_equal(g->timeouts.udp, 2147483);
	assert_int_equal(g->sysctl_count, 3);
	assert_string_equal(globals_find_sysctl(g, "net.ipv4.vs.conn_reuse_mode"), "0");
	assert_string_equal(globals_find_sysctl(g, "net.ipv4.conf.eth0/1.rp_filter"),
			    "-1");
	assert_string_equal(globals_find_sysctl(g, "net.ipv4.ip_local_port_range"),
			    "1024 65535");
	assert_int_equal(g->daemons[0].role, SYNC_MASTER);
	assert_string_equal(g->daemons[0].interface, "abcdefghijklmno");
	assert_int_equal(g->daemons[0].group.family, 0);
	assert_int_equal(g->daemons[0].port, 0);
	assert_int_equal(g->daemons[0].ttl, 0);
	assert_int_equal(g->daemons[0].max_length, 0);
	assert_int_equal(g->daemons[1].role, SYNC_BACKUP);
	assert_string_equal(g->daemons[1].interface, "eth0.5");
	assert_int_equal(g->daemons[1].sync_id, 255);
	assert_int_equal(g->daemons[1].group.family, AF_INET6);
	assert_int_equal(g->daemons[1].port, 65535);
	assert_int_equal(g->daemons[1].ttl, 255);
	assert_int_equal(g->daemons[1].max_length, 1024);
	table_clear(&table);
}

static void test_mixed_families_without_a_daemon(void **state UNUSED)
{
	struct table table = { 0 };

	first("{ 'fwmark': 1, 'destinations': [ { 'address': '10.0.0.1' },"
	      "  { 'address': 'fd00::1', 'forward': 'tunnel' } ] }",
	      &table);
	table_clear(&table);
}

static void test_services_are_sorted(void **state UNUSED)
{
	struct table table = { 0 };
	char key[SERVICE_KEY_TEXT];

	write_state(
		"order.json",
		"{ 'version': 1, 'services': ["
		"  { 'fwmark': 2 }, { 'address': '10.0.0.2', 'port': 80, 'protocol': 'tcp' },"
		"  { 'address': '10.0.0.1', 'port': 80, 'protocol': 'udp' },"
		"  { 'address': '10.0.0.1', 'port': 80, 'protocol': 'tcp' } ] }");
	expect_state("order.json", &table);
	assert_int_equal(table.service_count, 4);
	assert_string_equal(service_key_format(&table.services[0].key, key),
			    "tcp 10.0.0.1:80");
	assert_string_equal(service_key_format(&table.services[3].key, key), "fwmark 2");
	table_clear(&table);
}

/* More than the step in which a source's memory is given back, on one line and on many. */
static void test_large_state(void **state UNUSED)
{
	enum { SERVICES = 5000 };
	struct state_problems problems = { 0 };
	struct table table = { 0 };

	for (int lines = 0; lines < 2; lines++) {
		FILE *file = fopen("large.json", "w");

		assert_non_null(file);
		fputs("{\"version\":1,\"services\":[", file);
		for (int i = 0; i < SERVICES; i++)
			fprintf(file,
				"%s%s{\"name\":\"service-%d\",\"fwmark\":%d,\"destinations\":["
				"{\"address\":\"10.0.%d.%d\",\"port\":8080,\"weight\":%d},"
				"{\"address\":\"10.1.%d.%d\",\"port\":8080,\"weight\":100}]}",
				i ? "," : "", lines ? "\n" : "", i, i + 1, i / 256,
				i % 256, i % 100, i / 256, i % 256);
		fputs("]}", file);
		assert_int_equal(fclose(file), 0);
		expect_state("large.json", &table);
		assert_int_equal(table.service_count, SERVICES);
		assert_int_equal(table_destination_count(&table), 2 * SERVICES);
		assert_string_equal(table.services[SERVICES - 1].name, "service-4999");
		assert_int_equal(table.services[SERVICES - 1].destinations[0].weight, 99);
		table_clear(&table);
		/* The last line still has its number, and its column. */
		assert_int_equal(truncate("large.json", 700000), 0);
		assert_int_equal(state_read("large.json", &table, &problems),
				 STATE_INVALID);
		assert_int_equal(problems.count, 1);
		if (lines)
			assert_non_null(strstr(problems.lines[0], "large.json:4"));
		else
			assert_non_null(
				strstr(problems.lines[0], "large.json:1:700000: "));
		state_problems_clear(&problems);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_services),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_spelled_out_defaults_are_equal),
		cmocka_unit_test(test_service_fields),
		cmocka_unit_test(test_fwmark),
		cmocka_unit_test(test_destination_fields),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_mixed_families_without_a_daemon),
		cmocka_unit_test(test_services_are_sorted),
		cmocka_unit_test(test_large_state),
	};

	return cmocka_run_group_tests_name("state", tests, enter_state_directory,
					   leave_state_directory);
}
