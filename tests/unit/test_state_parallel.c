/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/parallel_case.h"

/* Read in slices, a state is what it is when it is read in one go. */

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
	};

	return cmocka_run_group_tests_name("state in slices", tests,
					   enter_state_directory, leave_state_directory);
}
