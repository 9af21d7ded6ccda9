/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/parallel_case.h"

/* Files that are read in several threads make the state that they make one after the other. */

static void write_part(size_t number, size_t services, const char *more)
{
	struct text text;
	char path[40];

	begin_text(&text);
	fprintf(text.file, "{ \"version\": 1,\n%s \"services\": [\n", more);
	for (size_t i = 0; i < services; i++) {
		fputs(i > 0 ? ",\n" : "", text.file);
		put_service(text.file, number * services + i);
	}
	fputs(" ] }", text.file);
	end_text(&text);
	snprintf(path, sizeof(path), "parts/%02zu.json", number);
	write_bytes(path, text.bytes, text.length);
	free(text.bytes);
}

static void write_parts(void)
{
	for (size_t i = 0; i < 20; i++)
		write_part(i, SERVICES / 20, "");
}

static void test_directory(void **state UNUSED)
{
	struct table table = { 0 };

	assert_int_equal(mkdir("parts", 0755), 0);
	write_parts();
	expect_same("parts", STATE_OK);
	expect_state("parts", &table);
	assert_int_equal(table.service_count, SERVICES);
	table_clear(&table);
	/* One that is large as well, and comes first, but whose services come last. */
	write_state("parts/large.json", "{ 'version': 1, 'services': [] }");
	struct text text = large_state(0, NULL);
	for (char *p = text.bytes; (p = strstr(p, "\"10.1."));)
		p[4] = '9';
	write_bytes("parts/000.json", text.bytes, text.length);
	free(text.bytes);
	expect_same("parts", STATE_OK);
	assert_int_equal(unlink("parts/000.json"), 0);
	assert_int_equal(unlink("parts/large.json"), 0);
}

static void test_problems_of_several_files(void **state UNUSED)
{
	write_part(3, SERVICES / 20, "\"unknown\": 1,");
	write_part(15, SERVICES / 20, "\"timeouts\": { \"tcp\": 0 },");
	write_part(7, SERVICES / 20, "\"timeouts\": [],");
	expect_same("parts", STATE_INVALID);
	expect_problems("several", "parts", STATE_INVALID,
			"parts/03.json:2: unknown: unknown field\n"
			"parts/07.json:2: timeouts: is an array, not an object\n"
			"parts/15.json:2: timeouts.tcp: 0 is not in 1..2147483\n");
	write_parts();
}

static void test_conflicts_of_files(void **state UNUSED)
{
	static const char *const same[] = {
		"\"timeouts\": { \"tcp\": 1 },",
		"\"timeouts\": { \"tcpFin\": 1 },",
		"\"timeouts\": { \"udp\": 1 },",
		"\"sysctls\": { \"net.a\": 1 },",
		"\"syncDaemons\": [ { \"role\": \"master\", \"interface\": \"a\" } ],",
		"\"syncDaemons\": [ { \"role\": \"backup\", \"interface\": \"a\" } ],",
	};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		write_part(2, SERVICES / 20, same[i]);
		expect_same("parts", STATE_OK);
		write_part(4, SERVICES / 20, same[i]);
		expect_same("parts", STATE_INVALID);
		write_parts();
	}
	write_part(2, SERVICES / 20, same[4]);
	write_state(
		"parts/mixed.json",
		"{ 'version': 1, 'services': [ { 'fwmark': 1, 'destinations': [ { 'address': 'fd00::1', 'forward': 'tunnel' } ] } ] }");
	expect_same("parts", STATE_INVALID);
	write_parts();
	expect_same("parts", STATE_OK);
	write_state(
		"parts/mixed.json",
		"{ 'version': 1, 'services': [ { 'address': '10.1.1.0', 'port': 80, 'protocol': 'tcp' } ] }");
	expect_problems(
		"a service twice", "parts", STATE_INVALID,
		"parts/mixed.json:1: services[0]: tcp 10.1.1.0:80 stands twice, first at parts/03.json:96 (services[31])\n");
	expect_same("parts", STATE_INVALID);
	assert_int_equal(unlink("parts/mixed.json"), 0);
}

static void put_sysctls(const char *path, size_t first, size_t count)
{
	struct text text;

	begin_text(&text);
	fputs("{ \"version\": 1, \"services\": [], \"sysctls\": {", text.file);
	for (size_t i = first; i < first + count; i++)
		fprintf(text.file, "%s\n\"net.a%zu\": 1", i > first ? "," : "", i);
	fputs(" } }", text.file);
	end_text(&text);
	write_bytes(path, text.bytes, text.length);
	free(text.bytes);
}

static void test_sysctls_of_files(void **state UNUSED)
{
	assert_int_equal(mkdir("many", 0755), 0);
	put_sysctls("many/a.json", 0, 600);
	put_sysctls("many/b.json", 600, 400);
	expect_same("many", STATE_OK);
	put_sysctls("many/b.json", 600, 401);
	expect_same("many", STATE_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_problems_of_several_files),
		cmocka_unit_test(test_conflicts_of_files),
		cmocka_unit_test(test_sysctls_of_files),
	};

	return cmocka_run_group_tests_name("files in parallel", tests,
					   enter_state_directory, leave_state_directory);
}
