/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/temporary.h"

#include "tests/unit/table_builder.h"

#include <glob.h>

#include "agent/state/state.h"
#include "agent/model/fingerprint.h"

/* A persistent service with one tunnelled destination: every attribute counts. */
static struct table full_table(void)
{
	struct table table = { 0 };
	struct service *service = build_service(&table, 1);
	struct destination *destination;

	service->persistence_timeout = 300;
	strcpy(service->engine, "sip");
	destination = build_destination(service, 1, 1);
	destination->forward = FORWARD_TUNNEL;
	destination->tunnel_type = TUNNEL_GUE;
	destination->tunnel_port = 5555;
	return table;
}

/* A change to the service or its destination changes the fingerprint. */
#define ASSERT_COUNTS(fingerprint, change)                                               \
	do {                                                                             \
		struct table changed_ = full_table();                                    \
		struct service *service = &changed_.services[0];                         \
		struct destination *destination UNUSED = service->destinations;          \
		uint64_t before_ = fingerprint(service);                                 \
                                                                                         \
		change;                                                                  \
		assert_int_not_equal(fingerprint(service), before_);                     \
		table_clear(&changed_);                                                  \
	} while (0)

static void each_attribute_of_a_service_counts(void **state)
{
	(void)state;
	ASSERT_COUNTS(fingerprint_service, strcpy(service->scheduler, "wrr"));
	ASSERT_COUNTS(fingerprint_service, service->scheduler_flags = 2);
	ASSERT_COUNTS(fingerprint_service, service->one_packet = true);
	ASSERT_COUNTS(fingerprint_service, service->persistence_timeout = 0);
	ASSERT_COUNTS(fingerprint_service, service->persistence_timeout++);
	ASSERT_COUNTS(fingerprint_service, service->persistence_netmask = 24);
	ASSERT_COUNTS(fingerprint_service, strcpy(service->engine, ""));
}

static void each_attribute_of_a_destination_counts(void **state)
{
	(void)state;
	ASSERT_COUNTS(fingerprint_service_whole, service->one_packet = true);
	ASSERT_COUNTS(fingerprint_service_whole, destination->port++);
	ASSERT_COUNTS(fingerprint_service_whole, destination->address.bytes[3]++);
	ASSERT_COUNTS(fingerprint_service_whole, destination->weight = 0);
	ASSERT_COUNTS(fingerprint_service_whole, destination->forward = FORWARD_DIRECT);
	ASSERT_COUNTS(fingerprint_service_whole, destination->upper_threshold++);
	ASSERT_COUNTS(fingerprint_service_whole, destination->lower_threshold++);
	ASSERT_COUNTS(fingerprint_service_whole, destination->tunnel_type = TUNNEL_GRE);
	ASSERT_COUNTS(fingerprint_service_whole, destination->tunnel_port++);
	ASSERT_COUNTS(fingerprint_service_whole,
		      destination->tunnel_checksum = TUNNEL_CHECKSUM_FULL);
	ASSERT_COUNTS(fingerprint_service_whole, build_destination(service, 2, 1));
	ASSERT_COUNTS(fingerprint_service_whole, service->destination_count = 0);
}

static void what_the_kernel_does_not_compare_does_not_count(void **state)
{
	struct table a = full_table(), b = full_table();
	struct service *service = &b.services[0];

	(void)state;
	service->name = strdup("web");
	service->key.port = 81;
	service->destinations[0].active_connections = 5;
	service->destinations[0].inactive_connections = 5;
	assert_int_equal(fingerprint_service(a.services), fingerprint_service(service));
	assert_int_equal(fingerprint_service_whole(a.services),
			 fingerprint_service_whole(service));
	build_destination(service, 2, 1);
	assert_int_equal(fingerprint_service(a.services), fingerprint_service(service));
	a.services[0].persistence_timeout = service->persistence_timeout = 0;
	service->persistence_netmask = 0;
	strcpy(service->engine, "");
	assert_int_equal(fingerprint_service(a.services), fingerprint_service(service));
	table_clear(&a);
	table_clear(&b);
}

static void defaults_of_a_sync_daemon_may_be_spelled_out(void **state)
{
	struct sync_daemon absent = { .role = SYNC_MASTER, .interface = "eth0" };
	struct sync_daemon spelled = absent;

	(void)state;
	assert_int_equal(address_parse("224.0.0.81", &spelled.group), 0);
	spelled.port = SYNC_PORT_DEFAULT;
	spelled.ttl = SYNC_TTL_DEFAULT;
	spelled.max_length = 1472;
	assert_int_equal(fingerprint_sync_daemon(&absent),
			 fingerprint_sync_daemon(&spelled));
}

static void each_attribute_of_a_sync_daemon_counts(void **state)
{
	const struct sync_daemon daemon = { .role = SYNC_MASTER, .interface = "eth0" };
	struct sync_daemon others[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = daemon;
	others[0].role = SYNC_BACKUP;
	others[1].interface[3] = '1';
	assert_int_equal(address_parse("ff02::51", &others[2].group), 0);
	others[3].port = 1;
	others[4].ttl = 2;
	others[5].sync_id = 1;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_not_equal(fingerprint_sync_daemon(&daemon),
				     fingerprint_sync_daemon(&others[i]));
}

/* --- whole tables --- */

static void keys_names_and_globals_count_in_a_table(void **state)
{
	struct table table = full_table();
	uint64_t seen[8];
	size_t count = 0;

	(void)state;
	seen[count++] = fingerprint_table(&table);
	table.services[0].key.port++;
	seen[count++] = fingerprint_table(&table);
	table.services[0].name = strdup("web");
	seen[count++] = fingerprint_table(&table);
	table.globals.timeouts.tcp_fin = 60;
	seen[count++] = fingerprint_table(&table);
	table.globals.daemons[1].role = SYNC_BACKUP;
	seen[count++] = fingerprint_table(&table);
	table.globals.daemons[1].max_length = 9000;
	seen[count++] = fingerprint_table(&table);
	assert_int_equal(globals_add_sysctl(&table.globals, "net.a", "1"), 0);
	seen[count++] = fingerprint_table(&table);
	table.globals.sysctls[0].value[0] = '2';
	seen[count++] = fingerprint_table(&table);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(seen[i], seen[k]);
	}
	table_clear(&table);
}

static void implied_sysctl_does_not_count(void **state)
{
	struct table table = full_table();
	uint64_t before = fingerprint_table(&table);

	(void)state;
	assert_int_equal(globals_add_sysctl(&table.globals, "net.a", "1"), 0);
	assert_int_not_equal(fingerprint_table(&table), before);
	table.globals.sysctls[0].implied = true;
	assert_int_equal(fingerprint_table(&table), before);
	table_clear(&table);
}

static void nothing_has_the_fingerprint_0(void **state)
{
	const struct table table = { 0 };
	const struct service service = { 0 };
	const struct sync_daemon daemon = { 0 };

	(void)state;
	assert_int_not_equal(fingerprint_table(&table), 0);
	assert_int_not_equal(fingerprint_service(&service), 0);
	assert_int_not_equal(fingerprint_service_whole(&service), 0);
	assert_int_not_equal(fingerprint_sync_daemon(&daemon), 0);
}

static void read_state_file(const char *path, struct table *table)
{
	struct state_problems problems = { 0 };

	assert_int_equal(state_read(path, table, &problems), STATE_OK);
	state_problems_clear(&problems);
}

/* Writes the table and reads it back: it must be known again. */
static void assert_survives(const struct table *table, const char *path)
{
	FILE *out = fopen(path, "w");
	struct table back = { 0 };

	assert_non_null(out);
	assert_int_equal(state_write(out, table, NULL), STATE_WRITTEN);
	assert_int_equal(fclose(out), 0);
	read_state_file(path, &back);
	assert_int_equal(fingerprint_table(&back), fingerprint_table(table));
	table_clear(&back);
}

static void table_written_as_a_state_and_read_back_is_the_same(void **state)
{
	struct table table = full_table();

	/* As a state may have it: tunnelled to the service's port. */
	strcpy(table.services[0].engine, "");
	table.services[0].destinations[0].port = 80;
	assert_survives(&table, in_directory(*state, "state.json"));
	table_clear(&table);
}

/* What a native state has no word for: where a cluster's addresses come from. */
static void forget_origins(struct table *table)
{
	for (size_t i = 0; i < table->service_count; i++) {
		struct service_access *access = table->services[i].access;

		if (access)
			access->cluster_ip = access->node_port = false;
	}
}

static void every_example_written_and_read_back_is_the_same(void **state)
{
	glob_t examples;

	assert_int_equal(glob("examples/*.json", 0, NULL, &examples), 0);
	assert_true(examples.gl_pathc >= 8);
	for (size_t i = 0; i < examples.gl_pathc; i++) {
		struct table table = { 0 };

		read_state_file(examples.gl_pathv[i], &table);
		forget_origins(&table);
		assert_survives(&table, in_directory(*state, "state.json"));
		table_clear(&table);
	}
	globfree(&examples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_attribute_of_a_service_counts),
		cmocka_unit_test(each_attribute_of_a_destination_counts),
		cmocka_unit_test(what_the_kernel_does_not_compare_does_not_count),
		cmocka_unit_test(defaults_of_a_sync_daemon_may_be_spelled_out),
		cmocka_unit_test(each_attribute_of_a_sync_daemon_counts),
		cmocka_unit_test(keys_names_and_globals_count_in_a_table),
		cmocka_unit_test(implied_sysctl_does_not_count),
		cmocka_unit_test(nothing_has_the_fingerprint_0),
		cmocka_unit_test_setup_teardown(
			table_written_as_a_state_and_read_back_is_the_same,
			temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(
			every_example_written_and_read_back_is_the_same, temporary_make,
			temporary_remove),
	};

	return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
