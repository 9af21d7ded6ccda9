/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

#include "agent/state/draft.h"
#include "agent/state/sequential.h"
#include "agent/state/slices.h"
#include "agent/table/fingerprint.h"
#include "common/workers.h"

/* Read in slices or in several threads, a state is what it is when it is read in one go. */

enum { SERVICES = 1500, SLICES = 4 };

/* A text that grows. */
struct text {
	char *bytes;
	size_t length;
	FILE *file;
};

static void begin_text(struct text *text)
{
	text->file = open_memstream(&text->bytes, &text->length);
	assert_non_null(text->file);
}

static void end_text(struct text *text)
{
	assert_int_equal(fclose(text->file), 0);
}

static void put_service(FILE *out, unsigned int i)
{
	fprintf(out,
		"  { \"name\": \"service-%u\", \"address\": \"10.1.%u.%u\", \"port\": 80,"
		" \"protocol\": \"tcp\", \"destinations\": [\n"
		"      { \"address\": \"10.2.%u.%u\", \"weight\": %u },\n"
		"      { \"address\": \"10.3.%u.%u\" } ] }",
		i, i / 256, i % 256, i / 256, i % 256, i % 100, i % 256, i / 256);
}

/* The service at odd instead of what stands there. */
static struct text large_state(size_t at, const char *odd)
{
	struct text text;

	begin_text(&text);
	fputs("{ \"version\": 1,\n\"timeouts\": { \"tcp\": 900 },\n\"services\": [\n",
	      text.file);
	for (size_t i = 0; i < SERVICES; i++) {
		fputs(i > 0 ? ",\n" : "", text.file);
		if (odd && i == at)
			fputs(odd, text.file);
		else
			put_service(text.file, i);
	}
	fputs(" ],\n\"sysctls\": { \"net.ipv4.vs.conntrack\": 1 } }\n", text.file);
	end_text(&text);
	return text;
}

static uint64_t read_sequentially(const char *path, int outcome, char **problems)
{
	struct state_problems found = { 0 };
	struct table table = { 0 };
	uint64_t fingerprint;

	assert_int_equal(sequential_read(path, NULL, &table, NULL, NULL, &found), outcome);
	fingerprint = fingerprint_table(&table);
	*problems = problem_text(&found);
	table_clear(&table);
	state_problems_clear(&found);
	return fingerprint;
}

/* state_read() gives the same table or the same problems. */
static void expect_same(const char *path, int outcome)
{
	struct state_problems found = { 0 };
	struct table table = { 0 };
	char *expected, *problems;
	uint64_t fingerprint = read_sequentially(path, outcome, &expected);

	assert_int_equal(state_read(path, &table, &found), outcome);
	problems = problem_text(&found);
	assert_string_equal(problems, expected);
	assert_int_equal(fingerprint_table(&table), fingerprint);
	if (outcome != STATE_OK)
		assert_null(table.services);
	free(problems);
	free(expected);
	table_clear(&table);
	state_problems_clear(&found);
}

/* Whether the text is sound when it is read in as many slices as it can have. */
static bool is_sound_in_slices(const struct text *text)
{
	struct source source = { .data = text->bytes, .length = text->length };
	struct draft *draft = calloc(1, sizeof(*draft));
	int r;

	assert_non_null(draft);
	draft->file.path = strdup("state.json");
	assert_non_null(draft->file.path);
	r = draft_parse(draft, &source, SLICES, 16);
	assert_true(r == 0 || r == -ECANCELED);
	drafts_free(draft, 1);
	return r == 0;
}

/* Writes the text and reads it both ways; frees it. */
static void expect_text(struct text text, int outcome)
{
	write_bytes("state.json", text.bytes, text.length);
	expect_same("state.json", outcome);
	assert_int_equal(is_sound_in_slices(&text), outcome == STATE_OK);
	free(text.bytes);
}

static void expect_quoted(const char *quoted, int outcome)
{
	struct text text;

	begin_text(&text);
	for (const char *p = quoted; *p; p++)
		fputc(*p == '\'' ? '"' : *p, text.file);
	end_text(&text);
	expect_text(text, outcome);
}

static void test_large(void **state UNUSED)
{
	struct table table = { 0 };
	struct text text = large_state(0, NULL);

	assert_true(text.length > 2 * (size_t)DRAFT_SLICE_BYTES);
	expect_text(text, STATE_OK);
	expect_state("state.json", &table);
	assert_int_equal(table.service_count, SERVICES);
	assert_int_equal(table.service_room, SERVICES);
	assert_int_equal(table_destination_count(&table), 2 * SERVICES);
	assert_int_equal(table.globals.timeouts.tcp, 900);
	assert_int_equal(table.globals.sysctl_count, 1);
	for (size_t i = 0; i < SERVICES; i++) {
		struct service *s = &table.services[i];

		assert_int_equal(s->destination_room, s->destination_count);
		assert_int_equal(s->fingerprint, fingerprint_service_whole(s));
	}
	table_clear(&table);
}

/* What can be wrong with one service, or around it. */
static const char *const wrong[] = {
	"{ \"fwmark\": 0 }",
	"{ \"fwmark\": 1, \"unknown\": 1 }",
	"{ \"fwmark\": 1, \"fwmark\": 1 }",
	"{ \"fwmark\": 1, \"name\": \"\xff\" }",
	"{ \"fwmark\": 1, \"name\": \"no end }",
	"{ \"fwmark\": 1, \"name\": \"a\nb\" }",
	"{ \"fwmark\": 1, \"destinations\": [ { \"address\": \"name\" } ] }",
	"{ \"fwmark\": 1,\n\"destinations\": [\n{ \"address\": \"10.0.0.1\" },\n{ \"address\": \"10.0.0.1\" } ] }",
	"{ \"fwmark\": 1, \"port\": 80 }",
	"{ \"address\": \"10.1.0.1\", \"port\": 80, \"protocol\": \"tcp\" }",
	"{ \"fwmark\": 1 }, { \"fwmark\": 1 }",
	"{ \"fwmark\": 1 }, ",
	"{ \"fwmark\": 1 } { \"fwmark\": 2 }",
	"{ \"fwmark\": 1 ",
	"{ \"fwmark\": 1 } }",
	"{ \"fwmark\": 1 } ]",
	"{ \"fwmark\": 1 } ], \"services\": [ { \"fwmark\": 2 }",
	"{ \"fwmark\": 1 } ], \"unknown\": [ { \"fwmark\": 2 }",
	"[ { \"fwmark\": 1 } ]",
	"\"a string, with { [ and \\\" in it\"",
	"17",
	"",
	"]",
	"\\",
	"\"",
	"null",
};

static void test_problems_in_each_slice(void **state UNUSED)
{
	static const size_t places[] = { 5, SERVICES / 3, SERVICES - 5 };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(places); k++)
			expect_text(large_state(places[k], wrong[i]), STATE_INVALID);
	}
}

/* More than are kept, in every slice: they are the first ones, and all are counted. */
static void test_many_problems(void **state UNUSED)
{
	struct text text;
	struct state_problems found = { 0 };
	struct table table = { 0 };

	begin_text(&text);
	fputs("{ \"version\": 1,\n\"services\": [ {}", text.file);
	for (size_t i = 1; i < SERVICES; i++) {
		fputs(",\n", text.file);
		if (i % 10 == 0)
			fputs("{}", text.file);
		else
			put_service(text.file, i);
	}
	fputs(" ] }", text.file);
	end_text(&text);
	expect_text(text, STATE_INVALID);
	assert_int_equal(state_read("state.json", &table, &found), STATE_INVALID);
	assert_int_equal(found.count, SERVICES / 10);
	state_problems_clear(&found);
}

static void test_duplicates_across_slices(void **state UNUSED)
{
	struct text text = large_state(
		SERVICES - 1,
		"{ \"address\": \"10.1.0.0\", \"port\": 80, \"protocol\": \"tcp\" }");

	expect_text(text, STATE_INVALID);
	expect_problems(
		"both are named", "state.json", STATE_INVALID,
		"state.json:4501: services[1499]: tcp 10.1.0.0:80 stands twice, first at state.json:4 (services[0])\n");
}

static void test_mixed_families_beside_a_daemon(void **state UNUSED)
{
	static const char *const mixed =
		"{ \"fwmark\": 1, \"destinations\": [ { \"address\": \"fd00::1\", \"forward\": \"tunnel\" } ] },"
		"{ \"fwmark\": 2 }";
	struct text text = large_state(SERVICES / 2, mixed);
	static const char more[] =
		", \"syncDaemons\": [ { \"role\": \"master\", \"interface\": \"a\" } ] }";

	expect_text(text, STATE_OK);
	text = large_state(SERVICES / 2, mixed);
	text.bytes = realloc(text.bytes, text.length + sizeof(more));
	assert_non_null(text.bytes);
	text.length -= strlen(" }\n");
	memcpy(text.bytes + text.length, more, sizeof(more));
	text.length += sizeof(more) - 1;
	write_bytes("state.json", text.bytes, text.length);
	expect_same("state.json", STATE_INVALID);
	free(text.bytes);
}

/* Names that would mislead whoever does not see strings as such. */
static void test_strings(void **state UNUSED)
{
	static const char *const names[] = {
		"}",	     "]",	 "[{",
		"},",	     "\\\"",	 "\\\\",
		"\\\\\\\"",  "\\\"},{",	 "], \\\"services\\\": [",
		"\\u007d,{", "\xc3\xa4,"
	};
	struct text text;

	begin_text(&text);
	fputs("{ \"services\": [", text.file);
	for (size_t i = 1; i <= SERVICES; i++)
		fprintf(text.file, "%s\r\n{ \"name\": \"%s\", \"fwmark\": %zu }",
			i > 1 ? "," : "", names[i % ARRAY_SIZE(names)], i);
	/* Services first. */
	fputs("\r\n],\r\n\"version\": 1 }\r\n", text.file);
	end_text(&text);
	expect_text(text, STATE_OK);
}

static void test_one_line(void **state UNUSED)
{
	struct text text;

	begin_text(&text);
	fputs("{\"version\":1,\"services\":[", text.file);
	for (size_t i = 1; i <= SERVICES; i++)
		fprintf(text.file, "%s{\"fwmark\":%zu,\"name\":\"\xc3\xa4\"}",
			i > 1 ? "," : "", i);
	fputs("]}", text.file);
	end_text(&text);
	write_bytes("state.json", text.bytes, text.length);
	expect_same("state.json", STATE_OK);
	/* The column after all that. */
	text.bytes[text.length - 1] = ')';
	expect_text(text, STATE_INVALID);
}

static void test_small_arrays(void **state UNUSED)
{
	expect_quoted("{ 'version': 1, 'services': [] }", STATE_OK);
	expect_quoted("{ 'version': 1, 'services': [                         ] }",
		      STATE_OK);
	expect_quoted(
		"{ 'version': 1, 'services': [ { 'fwmark': 1 }, { 'fwmark': 2 } ] }",
		STATE_OK);
	expect_quoted("{ 'version': 1, 'services': [ { 'fwmark': 2 }, { 'fwmark': 1 },"
		      " { 'fwmark': 4 }, { 'fwmark': 3 }, { 'fwmark': 5 } ] }",
		      STATE_OK);
	expect_quoted(
		"{ 'version': 1, 'services': [ { 'fwmark': 1 }, { 'fwmark': 2 }, ] }",
		STATE_INVALID);
	expect_quoted("{ 'version': 1, 'services': [ { 'fwmark': 1 }, { 'fwmark': 2 },",
		      STATE_INVALID);
	expect_quoted("{ 'version': 1, 'services': [ { 'fwmark': 1 }, { 'fwmark': 2 }",
		      STATE_INVALID);
	expect_quoted(
		"{ 'version': 1, 'services': [ 1111111, 2222222, 33333333, 444444 ] }",
		STATE_INVALID);
	expect_quoted("{ 'services': [ { 'fwmark': 1 }, { 'fwmark': 2 } ] }",
		      STATE_INVALID);
}

/* Only the array of that name at the top is cut. */
static void test_other_services(void **state UNUSED)
{
	expect_quoted(
		"{ 'sysctls': { 'services': [ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 ] },"
		"  'version': 1, 'services': [ { 'fwmark': 1 } ] }",
		STATE_INVALID);
	expect_quoted(
		"{ 'version': 1, 'services': [ { 'fwmark': 1, 'services': [ 1, 2, 3,"
		" { 'services': [ 4, 5, 6, 7, 8 ] } ] } ] }",
		STATE_INVALID);
	expect_quoted("{ 'version': 1, 'services': { 'services': [ 1, 2, 3, 4, 5 ] } }",
		      STATE_INVALID);
	expect_quoted("{ 'version': 1, 'services': [ { 'fwmark': 1 }, { 'fwmark': 2 } ],"
		      "  'services': [ { 'fwmark': 3 }, { 'fwmark': 4 } ] }",
		      STATE_INVALID);
}

static void test_truncated(void **state UNUSED)
{
	struct text text = large_state(0, NULL);

	/* Without its last newline it is still sound. */
	for (text.length -= 2; text.length > 1000; text.length -= 1000) {
		write_bytes("state.json", text.bytes, text.length);
		expect_same("state.json", STATE_INVALID);
		assert_false(is_sound_in_slices(&text));
	}
	free(text.bytes);
}

/* As deep as jansson goes, on the small stack of a thread. */
static void test_deep_nesting(void **state UNUSED)
{
	enum { DEPTH = 5000 };
	char deep[DEPTH + 1];

	memset(deep, '[', DEPTH);
	deep[DEPTH] = '\0';
	expect_text(large_state(SERVICES / 3, deep), STATE_INVALID);
	expect_text(large_state(SERVICES - 5, deep), STATE_INVALID);
	memset(deep, '[', 2000);
	memset(deep + 2000, ']', 2000);
	deep[4000] = '\0';
	expect_text(large_state(SERVICES - 5, deep), STATE_INVALID);
}

/* --- several files --- */

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

/* --- workers --- */

enum { ITEMS = 1000 };

static void count_item(void *context, size_t item)
{
	unsigned char *done = context;

	done[item]++;
}

static void test_each_item_is_done_once(void **state UNUSED)
{
	for (size_t threads = 0; threads <= 2 * WORKERS_MAX; threads++) {
		unsigned char done[ITEMS] = { 0 };

		workers_run(threads, ITEMS, count_item, done);
		for (size_t i = 0; i < ITEMS; i++)
			assert_int_equal(done[i], 1);
		workers_run(threads, 0, count_item, done);
	}
	assert_true(workers_available() >= 1 && workers_available() <= WORKERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_problems_in_each_slice),
		cmocka_unit_test(test_many_problems),
		cmocka_unit_test(test_duplicates_across_slices),
		cmocka_unit_test(test_mixed_families_beside_a_daemon),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_small_arrays),
		cmocka_unit_test(test_other_services),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_problems_of_several_files),
		cmocka_unit_test(test_conflicts_of_files),
		cmocka_unit_test(test_sysctls_of_files),
		cmocka_unit_test(test_each_item_is_done_once),
	};

	return cmocka_run_group_tests_name("state in parallel", tests,
					   enter_state_directory, leave_state_directory);
}
