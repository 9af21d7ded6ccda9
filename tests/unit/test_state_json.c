/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

/* Texts that are no JSON, or more than JSON allows: the place and the cause are named. */

struct bad_json {
	const char *name;
	const char *text;
	const char *problems;
};

static const struct bad_json broken[] = {
	{ "white space only", " \n\t\r\n ",
	  "state.json:1:1: the file is empty; a state without services says \"services\": []\n" },
	{ "an array", "\n  []", "state.json:2:3: '{' expected, found '['\n" },
	{ "a word", "null", "state.json:1:1: '{' expected, found 'n'\n" },
	{ "a brace alone", "{",
	  "state.json:1:2: a field's name in double quotes expected, found the end of the file\n" },
	{ "a name without quotes", "{ version: 1 }",
	  "state.json:1:3: a field's name in double quotes expected, found 'v'\n" },
	{ "no colon", "{ 'version' 1 }", "state.json:1:13: ':' expected, found '1'\n" },
	{ "no comma", "{ 'version': 1\n  'services': [] }",
	  "state.json:2:3: ',' or '}' expected, found '\"'\n" },
	{ "a comma too many", "{ 'version': 1, 'services': [], }",
	  "state.json:1:33: a field's name in double quotes expected, found '}'\n" },
	{ "no value", "{ 'version': }", "state.json:1:14: unexpected token near '}'\n" },
	{ "no end", "{ 'version': 1, 'services': []",
	  "state.json:1:31: ',' or '}' expected, found the end of the file\n" },
	{ "text after the end", "{ 'version': 1, 'services': [] }\n {}",
	  "state.json:2:2: the end of the file expected, found '{'\n" },
	{ "a comment", "{ 'version': 1, // one\n'services': [] }",
	  "state.json:1:17: a field's name in double quotes expected, found '/'\n" },
	{ "a field twice", "{ 'version': 1,\n'services': [],\n'services': [] }",
	  "state.json:3: services: stands twice, first in line 2\n" },
	{ "a field twice, escaped",
	  "{ 'version': 1,\n'\\u0076ersion': 1, 'services': [] }",
	  "state.json:2: version: stands twice, first in line 1\n" },
	{ "a service's field twice",
	  "{ 'version': 1, 'services': [\n  { 'port': 1, 'port': 1 } ] }",
	  "state.json:2:21: duplicate object key near '\"port\"'\n" },
	{ "a destination's field twice",
	  "{ 'version': 1, 'services': [ { 'destinations': [ {\n'weight': 1,\n'weight': 1 } ] } ] }",
	  "state.json:3:8: duplicate object key near '\"weight\"'\n" },
	{ "a timeout twice", "{ 'timeouts': { 'tcp': 1,\n'tcp': 2 } }",
	  "state.json:2:5: duplicate object key near '\"tcp\"'\n" },
	{ "a bracket that nothing opened",
	  "{ 'version': 1, 'services': [ { 'fwmark': 1 } } }",
	  "state.json:1:47: ',' or ']' expected, found '}'\n" },
	{ "an element missing", "{ 'version': 1, 'services': [\n{ 'fwmark': 1 },\n] }",
	  "state.json:3:1: unexpected token near ']'\n" },
	{ "a service without an end", "{ 'version': 1, 'services': [\n{ 'fwmark': 1,\n",
	  "state.json:3:1: string or '}' expected near end of file\n" },
	{ "a column after others of two bytes",
	  "{ 'version': 1, 'services': [ { 'name': '\xc3\xa4\xc3\xb6', x } ] }",
	  "state.json:1:47: string or '}' expected near 'x'\n" },
	{ "beyond 64 bits",
	  "{ 'version': 1, 'services': [\n{ 'fwmark': 99999999999999999999 } ] }",
	  "state.json:2:32: too big integer near '99999999999999999999'\n" },
	{ "below 64 bits", "{ 'version': -99999999999999999999 }",
	  "state.json:1:34: too big negative integer\n" },
	{ "beyond a double", "{ 'version': 1e999 }",
	  "state.json:1:18: real number overflow near '1e999'\n" },
	{ "a leading zero", "{ 'version': 01 }",
	  "state.json:1:14: invalid token near '0'\n" },
	{ "NaN", "{ 'version': NaN }", "state.json:1:16: invalid token near 'NaN'\n" },
	{ "a number and more", "{ 'version': 1x }",
	  "state.json:1:15: ',' or '}' expected, found 'x'\n" },
	{ "invalid UTF-8", "{ 'version': 1, 'services': [ { 'name': '\xff' } ] }",
	  "state.json:1:41: unable to decode byte 0xff near '\"'\n" },
	{ "overlong UTF-8", "{ 'version': 1, 'services': [ { 'name': '\xc0\x80' } ] }",
	  "state.json:1:41: unable to decode byte 0xc0 near '\"'\n" },
	{ "invalid UTF-8 outside of strings", "{ \xff }",
	  "state.json:1:3: a field's name in double quotes expected, found byte 0xff\n" },
	{ "invalid UTF-8 in a name", "{ '\xfe': 1 }",
	  "state.json:1:3: unable to decode byte 0xfe near '\"'\n" },
	{ "an escaped NUL", "{ 'version': 1, 'services': [ { 'name': '\\u0000' } ] }",
	  "state.json:1:48: \\u0000 cannot stand in a text\n" },
	{ "half a surrogate", "{ 'version': 1, 'services': [ { 'name': '\\ud800' } ] }",
	  "state.json:1:48: invalid Unicode '\\uD800' near '\"\\ud800\"'\n" },
	{ "a line's end in a string",
	  "{ 'version': 1, 'services': [ { 'name': 'a\nb' } ] }",
	  "state.json:1:42: unexpected newline near '\"a'\n" },
	{ "a byte order mark", "\xef\xbb\xbf{ 'version': 1, 'services': [] }",
	  "state.json:1:1: a byte order mark, which JSON does not have\n" },
	{ "UTF-16", "\xff\xfe{", "state.json:1:1: '{' expected, found byte 0xff\n" },
};

static void test_broken(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		expect_invalid(broken[i].name, broken[i].text, broken[i].problems);
}

static void test_empty(void **state UNUSED)
{
	write_bytes("state.json", "", 0);
	expect_problems(
		"empty", "state.json", STATE_INVALID,
		"state.json:1:1: the file is empty; a state without services says \"services\": []\n");
}

static void test_nul_bytes(void **state UNUSED)
{
	static const char between[] = "{\"version\":1,\n\"services\":[\0]}";
	static const char top[] = "{\0}";
	static const char in_string[] =
		"{\"version\":1,\"services\":[{\"name\":\"a\0b\"}]}";
	static const char in_service[] = "{\"version\":1,\"services\":[{\0}]}";
	static const char behind[] = "{\"version\":1,\"services\":[]}\n\0";

	write_bytes("state.json", between, sizeof(between) - 1);
	expect_problems("between", "state.json", STATE_INVALID,
			"state.json:2:13: a NUL byte\n");
	write_bytes("state.json", top, sizeof(top) - 1);
	expect_problems(
		"top", "state.json", STATE_INVALID,
		"state.json:1:2: a field's name in double quotes expected, found byte 0x00\n");
	write_bytes("state.json", in_string, sizeof(in_string) - 1);
	expect_problems("in a string", "state.json", STATE_INVALID,
			"state.json:1:35: control character 0x0 near '\"a'\n");
	write_bytes("state.json", in_service, sizeof(in_service) - 1);
	expect_problems("in a service", "state.json", STATE_INVALID,
			"state.json:1:27: a NUL byte\n");
	write_bytes("state.json", behind, sizeof(behind) - 1);
	expect_problems(
		"behind", "state.json", STATE_INVALID,
		"state.json:2:1: the end of the file expected, found byte 0x00\n");
}

/* A file of a prefix and then count times one character. */
static void write_many(const char *prefix, char c, size_t count)
{
	FILE *file = fopen("state.json", "w");
	char block[4096];

	assert_non_null(file);
	fputs(prefix, file);
	memset(block, c, sizeof(block));
	for (size_t left = count; left > 0;) {
		size_t n = MIN_OF(left, sizeof(block));

		assert_int_equal(fwrite(block, 1, n, file), n);
		left -= n;
	}
	assert_int_equal(fclose(file), 0);
}

static void test_ten_million_brackets(void **state UNUSED)
{
	enum { MANY = 10 * 1000 * 1000 };

	write_many("", '[', MANY);
	expect_problems("top", "state.json", STATE_INVALID,
			"state.json:1:1: '{' expected, found '['\n");
	write_many("", '{', MANY);
	expect_problems(
		"braces", "state.json", STATE_INVALID,
		"state.json:1:2: a field's name in double quotes expected, found '{'\n");
	write_many("{\"version\":1,\n\"services\":[", '[', MANY);
	expect_problems("in services", "state.json", STATE_INVALID,
			"state.json:2:2061: maximum parsing depth reached near '['\n");
	write_many("{\"version\":", '[', MANY);
	expect_problems("in version", "state.json", STATE_INVALID,
			"state.json:1:2060: maximum parsing depth reached near '['\n");
}

static void test_deep_nesting_within_the_bound(void **state UNUSED)
{
	enum { DEPTH = 1500 };
	char text[2 * DEPTH + 100];
	size_t used = sprintf(text, "{\"version\":1,\"services\":[");

	memset(text + used, '[', DEPTH);
	memset(text + used + DEPTH, ']', DEPTH);
	strcpy(text + used + 2 * DEPTH, "]}");
	expect_invalid("deep", text,
		       "state.json:1: services[0]: is an array, not an object\n");
}

static void test_long_strings(void **state UNUSED)
{
	enum { MEGABYTE = 1024 * 1024 };
	struct state_problems problems = { 0 };
	struct table table = { 0 };

	write_many("{\"version\":1,\"services\":[\n{\"fwmark\":1,\"name\":\"", 'x',
		   MEGABYTE);
	assert_int_equal(truncate("state.json", MEGABYTE), 0);
	assert_int_equal(state_read("state.json", &table, &problems), STATE_INVALID);
	assert_int_equal(problems.count, 1);
	/* The message must not repeat the megabyte. */
	assert_true(strlen(problems.lines[0]) < 300);
	assert_non_null(strstr(problems.lines[0], "premature end of input"));
	state_problems_clear(&problems);

	write_many("{\"version\":1,\"services\":[\n{\"fwmark\":1,\"name\":\"", 'x',
		   MEGABYTE);
	FILE *file = fopen("state.json", "a");
	assert_non_null(file);
	fputs("\"}]}", file);
	assert_int_equal(fclose(file), 0);
	expect_problems("name", "state.json", STATE_INVALID,
			"state.json:2: services[0].name: is longer than 255 bytes\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_ten_million_brackets),
		cmocka_unit_test(test_deep_nesting_within_the_bound),
		cmocka_unit_test(test_long_strings),
	};

	return cmocka_run_group_tests_name("state JSON", tests, enter_state_directory,
					   leave_state_directory);
}
