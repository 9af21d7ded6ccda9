/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is JSON and what is not: each situation that the public parsing suites know, by whether it
 * must be taken, must be refused, or is free, and then what this reader does.
 */
#include "tests/unit/json_case.h"

struct text_case {
	const char *text;
	size_t length;
};

static const struct text_case taken[] = {
	/* Arrays */
	{ TEXT("[]") },
	{ TEXT("[[]   ]") },
	{ TEXT("[\"\"]") },
	{ TEXT("[[[[]]]]") },
	{ TEXT("[false]") },
	{ TEXT("[null, 1, \"1\", {}]") },
	{ TEXT("[null]") },
	{ TEXT("[1\n]") },
	{ TEXT(" [1]") },
	{ TEXT("[1,null,null,null,2]") },
	{ TEXT("[2] ") },
	{ TEXT("[\"a\"]\n") },
	/* Numbers */
	{ TEXT("[123e65]") },
	{ TEXT("[0e+1]") },
	{ TEXT("[0e1]") },
	{ TEXT("[ 4]") },
	{ TEXT("[-0.000000000000000000000000000000000000000000000000000000000000000001]") },
	{ TEXT("[20e1]") },
	{ TEXT("[-0]") },
	{ TEXT("[-0.0]") },
	{ TEXT("[-123]") },
	{ TEXT("[-1]") },
	{ TEXT("[1E22]") },
	{ TEXT("[1E-2]") },
	{ TEXT("[1E+2]") },
	{ TEXT("[123e45]") },
	{ TEXT("[123.456e78]") },
	{ TEXT("[1e-2]") },
	{ TEXT("[1e+2]") },
	{ TEXT("[0]") },
	{ TEXT("[10]") },
	{ TEXT("[123.456789]") },
	{ TEXT("[9223372036854775807, -9223372036854775808]") },
	/* Objects */
	{ TEXT("{}") },
	{ TEXT("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}") },
	{ TEXT("{\"asd\":\"sdf\"}") },
	{ TEXT("{\"\":0}") },
	{ TEXT("{\"foo\\u0001bar\": 42}") },
	{ TEXT("{ \"min\": -1.0e+28, \"max\": 1.0e+28 }") },
	{ TEXT("{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"x\"}") },
	{ TEXT("{\"a\":[]}") },
	{ TEXT("{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\" }") },
	{ TEXT("{\n\"a\": \"b\"\n}") },
	{ TEXT("{\"a\": {\"a\": 1}, \"b\": {\"a\": 2}}") },
	{ TEXT("{\"ab\": 1, \"a\": 2, \"\\u0061b \": 3}") },
	/* Strings */
	{ TEXT("[\"\\u0060\\u012a\\u12AB\"]") },
	{ TEXT("[\"\\uD801\\udc37\"]") },
	{ TEXT("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]") },
	{ TEXT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]") },
	{ TEXT("[\"\\\\u0000\"]") },
	{ TEXT("[\"\\\"\"]") },
	{ TEXT("[\"a/*b*/c/*d//e\"]") },
	{ TEXT("[\"\\\\a\"]") },
	{ TEXT("[\"\\\\n\"]") },
	{ TEXT("[\"\\u0012\"]") },
	{ TEXT("[\"\\uFFFF\"]") },
	{ TEXT("[\"asd\"]") },
	{ TEXT("[ \"asd\"]") },
	{ TEXT("[\"\\uDBFF\\uDFFF\"]") },
	{ TEXT("[\"new\\u00A0line\"]") },
	{ TEXT("[\"\xf4\x8f\xbf\xbf\"]") },
	{ TEXT("[\"\xef\xbf\xbf\"]") },
	{ TEXT("[\"\xf0\x9b\xbf\xbf\"]") },
	{ TEXT("[\"\xed\x9f\xbf \xee\x80\x80\"]") },
	{ TEXT("[\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xf0\x90\x80\x80\"]") },
	{ TEXT("[\"\\u002c\"]") },
	{ TEXT("[\"\xcf\x80\"]") },
	{ TEXT("[\"asd \"]") },
	{ TEXT("\" \"") },
	{ TEXT("[\"\\uD834\\uDd1e\"]") },
	{ TEXT("[\"\\u0821\"]") },
	{ TEXT("[\"\\u0123\"]") },
	{ TEXT("[\"\xe2\x80\xa8\xe2\x80\xa9\"]") },
	{ TEXT("[\"\\u0061\\u30af\\u30EA\\u30b9\"]") },
	{ TEXT("[\"\x7f\"]") },
	{ TEXT("[\"\\uA66D\"]") },
	{ TEXT("[\"\\u005C\\u0022\"]") },
	{ TEXT("[\"\\u200B\\u2064\\uFDD0\\uFFFE\"]") },
	{ TEXT("[\"\xe2\x8d\x82\xe3\x88\xb4\xe2\x8d\x82\"]") },
	/* What a document is */
	{ TEXT("false") },
	{ TEXT("42") },
	{ TEXT("-0.1") },
	{ TEXT("null") },
	{ TEXT("\"asd\"") },
	{ TEXT("true") },
	{ TEXT("\"\"") },
	{ TEXT("[true]") },
	{ TEXT(" [] ") },
	{ TEXT("\t[\r\n] \n") },
};

static const struct text_case refused[] = {
	/* Arrays */
	{ TEXT("[1 true]") },
	{ TEXT("[a\xe5]") },
	{ TEXT("[\"\": 1]") },
	{ TEXT("[\"\"],") },
	{ TEXT("[,1]") },
	{ TEXT("[1,,2]") },
	{ TEXT("[\"x\",,]") },
	{ TEXT("[\"x\"]]") },
	{ TEXT("[\"\",]") },
	{ TEXT("[\"x\"") },
	{ TEXT("[x") },
	{ TEXT("[3[4]]") },
	{ TEXT("[\xff]") },
	{ TEXT("[1:2]") },
	{ TEXT("[,]") },
	{ TEXT("[-]") },
	{ TEXT("[   , \"\"]") },
	{ TEXT("[\"a\",\n4\n,1,") },
	{ TEXT("[1,]") },
	{ TEXT("[1,,]") },
	{ TEXT("[\"\va\"\\f]") },
	{ TEXT("[*]") },
	{ TEXT("[\"\"") },
	{ TEXT("[1,") },
	{ TEXT("[1,\n1\n,1") },
	{ TEXT("[{}") },
	/* Words */
	{ TEXT("[fals]") },
	{ TEXT("[nul]") },
	{ TEXT("[tru]") },
	{ TEXT("[truee]") },
	{ TEXT("[True]") },
	{ TEXT("[nan]") },
	{ TEXT("[truefalse]") },
	/* Numbers */
	{ TEXT("[++1234]") },
	{ TEXT("[+1]") },
	{ TEXT("[+Inf]") },
	{ TEXT("[-01]") },
	{ TEXT("[-1.0.]") },
	{ TEXT("[-2.]") },
	{ TEXT("[-NaN]") },
	{ TEXT("[.-1]") },
	{ TEXT("[.2e-3]") },
	{ TEXT("[0.1.2]") },
	{ TEXT("[0.3e+]") },
	{ TEXT("[0.3e]") },
	{ TEXT("[0.e1]") },
	{ TEXT("[0E+]") },
	{ TEXT("[0E]") },
	{ TEXT("[0e+]") },
	{ TEXT("[0e]") },
	{ TEXT("[1.0e+]") },
	{ TEXT("[1.0e-]") },
	{ TEXT("[1.0e]") },
	{ TEXT("[1 000.0]") },
	{ TEXT("[1eE2]") },
	{ TEXT("[2.e+3]") },
	{ TEXT("[2.e-3]") },
	{ TEXT("[2.e3]") },
	{ TEXT("[9.e+]") },
	{ TEXT("[Inf]") },
	{ TEXT("[NaN]") },
	{ TEXT("[\xef\xbc\x91]") },
	{ TEXT("[1+2]") },
	{ TEXT("[0x1]") },
	{ TEXT("[0x42]") },
	{ TEXT("[Infinity]") },
	{ TEXT("[0e+-1]") },
	{ TEXT("[-123.123foo]") },
	{ TEXT("[123\xe5]") },
	{ TEXT("[1e1\xe5]") },
	{ TEXT("[0\xe5]\n") },
	{ TEXT("[-Infinity]") },
	{ TEXT("[-foo]") },
	{ TEXT("[- 1]") },
	{ TEXT("[-012]") },
	{ TEXT("[-.123]") },
	{ TEXT("[-1x]") },
	{ TEXT("[1ea]") },
	{ TEXT("[1e\xe5]") },
	{ TEXT("[1.]") },
	{ TEXT("[.123]") },
	{ TEXT("[1.2a-3]") },
	{ TEXT("[1.8011670033376514H-308]") },
	{ TEXT("[012]") },
	{ TEXT("[00]") },
	{ TEXT("012") },
	{ TEXT("-") },
	{ TEXT("1a") },
	/* Objects */
	{ TEXT("[\"x\", truth]") },
	{ TEXT("{[: \"x\"}\n") },
	{ TEXT("{\"x\", null}") },
	{ TEXT("{\"x\"::\"b\"}") },
	{ TEXT("{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}") },
	{ TEXT("{\"a\":\"a\" 123}") },
	{ TEXT("{key: 'value'}") },
	{ TEXT("{\"\xb9\":\"0\",}") },
	{ TEXT("{\"a\" b}") },
	{ TEXT("{:\"b\"}") },
	{ TEXT("{\"a\" \"b\"}") },
	{ TEXT("{\"a\":") },
	{ TEXT("{\"a\"") },
	{ TEXT("{1:1}") },
	{ TEXT("{9999E9999:1}") },
	{ TEXT("{null:null,null:null}") },
	{ TEXT("{\"id\":0,,,,,}") },
	{ TEXT("{'a':0}") },
	{ TEXT("{\"id\":0,}") },
	{ TEXT("{\"a\":\"b\"}/**/") },
	{ TEXT("{\"a\":\"b\"}/**//") },
	{ TEXT("{\"a\":\"b\"}//") },
	{ TEXT("{\"a\":\"b\"}/") },
	{ TEXT("{\"a\":\"b\",,\"c\":\"d\"}") },
	{ TEXT("{a: \"b\"}") },
	{ TEXT("{\"a\":\"a") },
	{ TEXT("{ \"foo\" : \"bar\", \"a\" }") },
	{ TEXT("{\"a\":\"b\"}#") },
	{ TEXT("{\"a\":1,\"a\":2}") },
	{ TEXT("{\"a\":1,\"a\":1}") },
	{ TEXT("{\"a\":1,\"\\u0061\":1}") },
	{ TEXT("{,}") },
	{ TEXT("{\"a\":}") },
	{ TEXT("{\"a\":1") },
	{ TEXT("{\"a\":1,") },
	{ TEXT("{\"a\":1]") },
	{ TEXT("[1}") },
	/* Strings */
	{ TEXT(" ") },
	{ TEXT("[\"\\uD800\\\"]") },
	{ TEXT("[\"\\uD800\\u\"]") },
	{ TEXT("[\"\\uD800\\u1\"]") },
	{ TEXT("[\"\\uD800\\u1x\"]") },
	{ TEXT("[\xc3\xa9]") },
	{ TEXT("[\"\\\0\"]") },
	{ TEXT("[\"\\x00\"]") },
	{ TEXT("[\"\\\\\\\"]") },
	{ TEXT("[\"\\\t\"]") },
	{ TEXT("[\"\\\xf0\x9f\x8c\x80\"]") },
	{ TEXT("[\"\\\"]") },
	{ TEXT("[\"\\u00A\"]") },
	{ TEXT("[\"\\uD834\\uDd\"]") },
	{ TEXT("[\"\\uD800\\uD800\\x\"]") },
	{ TEXT("[\"\\u\xe5\"]") },
	{ TEXT("[\"\\a\"]") },
	{ TEXT("[\"\\uqqqq\"]") },
	{ TEXT("[\"\\\xe5\"]") },
	{ TEXT("[\\u0020\"asd\"]") },
	{ TEXT("[\\n]") },
	{ TEXT("\"") },
	{ TEXT("['single quote']") },
	{ TEXT("abc") },
	{ TEXT("[\"\\") },
	{ TEXT("[\"a\0a\"]") },
	{ TEXT("[\"new\nline\"]") },
	{ TEXT("[\"\t\"]") },
	{ TEXT("[\"\x1f\"]") },
	{ TEXT("\"\\UA66D\"") },
	{ TEXT("\"\"x") },
	{ TEXT("[\"\\u0000\"]") },
	/* What a document is */
	{ TEXT("<.>") },
	{ TEXT("[<null>]") },
	{ TEXT("[1]x") },
	{ TEXT("[1]]") },
	{ TEXT("[\"asd]") },
	{ TEXT("a\xc3\xa5") },
	{ TEXT("[True]") },
	{ TEXT("1]") },
	{ TEXT("{\"x\": true,") },
	{ TEXT("[][]") },
	{ TEXT("]") },
	{ TEXT("\xef\xbb\xbf{}") },
	{ TEXT("\xef\xbb") },
	{ TEXT("\xe5") },
	{ TEXT("[") },
	{ TEXT("") },
	{ TEXT("[\0]") },
	{ TEXT("2@") },
	{ TEXT("{}}") },
	{ TEXT("{\"\":") },
	{ TEXT("{\"a\":/*comment*/\"b\"}") },
	{ TEXT("{\"a\": true} \"x\"") },
	{ TEXT("['") },
	{ TEXT("[,") },
	{ TEXT("[{") },
	{ TEXT("[\"a") },
	{ TEXT("[\"a\"") },
	{ TEXT("{") },
	{ TEXT("{]") },
	{ TEXT("{,") },
	{ TEXT("{[") },
	{ TEXT("{\"a") },
	{ TEXT("{'a'") },
	{ TEXT("[\"\\{[\"\\{[\"\\{[\"\\{") },
	{ TEXT("*") },
	{ TEXT("{\"a\":\"b\"}#{}") },
	{ TEXT("[\\u000A\"\"]") },
	{ TEXT("[1") },
	{ TEXT("[ false, nul") },
	{ TEXT("[ true, fals") },
	{ TEXT("[ false, tru") },
	{ TEXT("{\"asd\":\"asd\"") },
	{ TEXT("\xc3\xa5") },
	{ TEXT("[\xe2\x81\xa0]") },
	{ TEXT("[\f]") },
	{ TEXT("[\v1]") },
	{ TEXT("[\xc2\xa0]") },
	{ TEXT("{\"a\"=1}") },
	{ TEXT("[1;2]") },
};

/* What RFC 8259 leaves to a parser. */
static const struct {
	const char *text;
	size_t length;
	bool taken;
} free_ones[] = {
	/* Real numbers of any size are never made a double of. */
	{ TEXT("[123.456e-789]"), true },
	{ TEXT("[0.4e00669999999999999999999999999999999]"), true },
	{ TEXT("[-1e+9999]"), true },
	{ TEXT("[1.5e+9999]"), true },
	{ TEXT("[-123123e100000]"), true },
	{ TEXT("[123123e100000]"), true },
	{ TEXT("[123e-10000000]"), true },
	/* Integers have 64 bits. */
	{ TEXT("[-123123123123123123123123123123]"), false },
	{ TEXT("[100000000000000000000]"), false },
	{ TEXT("[-237462374673276894279832749832423479823246327846]"), false },
	{ TEXT("[9223372036854775808]"), false },
	{ TEXT("[-9223372036854775809]"), false },
	{ TEXT("[18446744073709551616]"), false },
	/* Halves of pairs have no UTF-8. */
	{ TEXT("{\"\\uDFAA\":0}"), false },
	{ TEXT("[\"\\uDADA\"]"), false },
	{ TEXT("[\"\\uD888\\u1234\"]"), false },
	{ TEXT("[\"\\uD800\\n\"]"), false },
	{ TEXT("[\"\\uDd1ea\"]"), false },
	{ TEXT("[\"\\uD800\\uD800\\n\"]"), false },
	{ TEXT("[\"\\ud800\"]"), false },
	{ TEXT("[\"\\ud800abc\"]"), false },
	{ TEXT("[\"\\uDd1e\\uD834\"]"), false },
	{ TEXT("[\"\\uDFAA\"]"), false },
	/* No UTF-8 */
	{ TEXT("[\"\xe6\x97\xa5\xd1\x88\xfa\"]"), false },
	{ TEXT("[\"\xff\"]"), false },
	{ TEXT("[\"\xed\xa0\x80\"]"), false },
	{ TEXT("[\"\xe9\"]"), false },
	{ TEXT("[\"\x81\"]"), false },
	{ TEXT("[\"\xf4\xbf\xbf\xbf\"]"), false },
	{ TEXT("[\"\xc0\xaf\"]"), false },
	{ TEXT("[\"\xfc\x83\xbf\xbf\xbf\xbf\"]"), false },
	{ TEXT("[\"\xfc\x80\x80\x80\x80\x80\"]"), false },
	{ TEXT("[\"\xe0\xff\"]"), false },
	{ TEXT("[\"\xe0\x80\xaf\"]"), false },
	{ TEXT("[\"\xf0\x80\x80\x80\"]"), false },
	{ TEXT("[\"\xe2\x82"), false },
	/* Other encodings */
	{ TEXT("\xff\xfe[\0\"\0\xe9\0\"\0]\0"), false },
	{ TEXT("\0[\0\"\0\xe9\0\"\0]"), false },
	{ TEXT("[\0\"\0\xe9\0\"\0]\0"), false },
	{ TEXT("\xef\xbb\xbf{}"), false },
};

static void expect_case(const char *text, size_t length, bool expected)
{
	char *copy = exact_copy(text, length);
	struct json_document document;

	if (read_text(&document, copy, length) != expected)
		fail_msg("%s: %s", text, document.fault);
	assert_int_equal(document.error, expected ? 0 : -EINVAL);
	assert_int_equal(*document.fault != '\0', !expected);
	json_document_clear(&document);
	free(copy);
}

static void test_what_must_be_taken(UNUSED void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		expect_case(taken[i].text, taken[i].length, true);
}

static void test_what_must_be_refused(UNUSED void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		expect_case(refused[i].text, refused[i].length, false);
}

static void test_what_is_free(UNUSED void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(free_ones); i++)
		expect_case(free_ones[i].text, free_ones[i].length, free_ones[i].taken);
}

/* Whatever is taken is no JSON without its end, but for numbers and white space. */
static void test_what_is_torn(UNUSED void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		const char *text = taken[i].text;

		if (!strchr("[{\"", text[0]))
			continue;
		for (size_t length = 0; length < strlen(text); length++) {
			if (text[length + strspn(text + length, " \n")] != '\0')
				expect_case(text, length, false);
		}
	}
}

static char *nested(size_t depth, char open, char close)
{
	char *text = malloc(2 * depth + 1);

	assert_non_null(text);
	memset(text, open, depth);
	memset(text + depth, close, depth);
	text[2 * depth] = '\0';
	return text;
}

static void test_depth(UNUSED void **state)
{
	char *sound = nested(JSON_DEPTH_MAX, '[', ']');
	char *deeper = nested(JSON_DEPTH_MAX + 1, '[', ']');
	char *endless = nested(100000, '[', '[');
	struct json_document document;

	expect_case(sound, strlen(sound), true);
	expect_case(endless, strlen(endless), false);
	assert_false(read_text(&document, deeper, strlen(deeper)));
	assert_string_equal(document.fault,
			    "more than 2048 objects and arrays in each other");
	json_document_clear(&document);
	free(sound);
	free(deeper);
	free(endless);
}

static void test_lengths(UNUSED void **state)
{
	size_t length = JSON_STRING_MAX + 3;
	char *text = malloc(length);
	struct json_document document;

	assert_non_null(text);
	memset(text, 'a', length);
	text[0] = text[length - 2] = text[length - 1] = '"';
	assert_true(read_text(&document, text, length - 1));
	json_document_clear(&document);
	text[length - 2] = 'a';
	assert_false(read_text(&document, text, length));
	assert_string_equal(document.fault, "the string is longer than 16 MiB");
	json_document_clear(&document);
	/* The size is looked at before the text. */
	json_document_init(&document, text, (size_t)JSON_SIZE_MAX + 1);
	assert_int_equal(document.error, -EINVAL);
	assert_string_equal(document.fault, "the text is larger than 1024 MiB");
	json_document_clear(&document);
	free(text);
}

static void expect_kind(const char *text, enum json_kind kind, int64_t number)
{
	struct json_document document;
	struct json_reader reader;
	struct json_value value;

	json_document_init(&document, text, strlen(text));
	json_reader_init(&reader, &document);
	assert_true(json_reader_value(&reader, &value));
	assert_int_equal(value.kind, kind);
	assert_int_equal(value.integer, number);
	assert_int_equal(value.length, strlen(text));
	assert_ptr_equal(value.start, text);
	json_document_clear(&document);
}

static void test_kinds(UNUSED void **state)
{
	expect_kind("0", JSON_KIND_INTEGER, 0);
	expect_kind("-0", JSON_KIND_INTEGER, 0);
	expect_kind("70000", JSON_KIND_INTEGER, 70000);
	expect_kind("-17", JSON_KIND_INTEGER, -17);
	expect_kind("9223372036854775807", JSON_KIND_INTEGER, INT64_MAX);
	expect_kind("-9223372036854775808", JSON_KIND_INTEGER, INT64_MIN);
	expect_kind("9007199254740993", JSON_KIND_INTEGER, 9007199254740993);
	expect_kind("1.0", JSON_KIND_REAL, 0);
	expect_kind("1e3", JSON_KIND_REAL, 0);
	expect_kind("true", JSON_KIND_TRUE, 0);
	expect_kind("false", JSON_KIND_FALSE, 0);
	expect_kind("null", JSON_KIND_NULL, 0);
	expect_kind("\"abc\"", JSON_KIND_STRING, 0);
	expect_kind("[1, [2, 3], 4]", JSON_KIND_ARRAY, 3);
	expect_kind("{\"a\": {\"b\": 1, \"c\": 2}}", JSON_KIND_OBJECT, 1);
	expect_kind("[]", JSON_KIND_ARRAY, 0);
}

static void expect_text(const char *json, const char *expected, size_t length)
{
	struct json_document document;
	struct json_reader reader;
	struct json_value value;
	char buffer[64];

	json_document_init(&document, json, strlen(json));
	document.takes_nul = true;
	json_reader_init(&reader, &document);
	assert_true(json_reader_value(&reader, &value));
	assert_int_equal(json_string_text(&value, buffer, sizeof(buffer)), length);
	assert_memory_equal(buffer, expected, length + 1);
	assert_int_equal(json_string_is(&value, expected), strlen(expected) == length);
	assert_false(json_string_is(&value, "other"));
	for (size_t size = 1; size <= length; size++) {
		assert_int_equal(json_string_text(&value, buffer, size), length);
		assert_true(strlen(buffer) < size);
		assert_memory_equal(buffer, expected, strlen(buffer));
		/* The end of a character or of the text. */
		assert_true(((unsigned char)expected[strlen(buffer)] & 0xc0) != 0x80);
	}
	json_document_clear(&document);
}

static void test_texts(UNUSED void **state)
{
	expect_text("\"\"", TEXT(""));
	expect_text("\"abc\"", TEXT("abc"));
	expect_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", TEXT("\"\\/\b\f\n\r\t"));
	expect_text("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"",
		    TEXT("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	expect_text("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x\"",
		    TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x"));
	expect_text("\"\\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
		    TEXT("\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	expect_text("\"a\\u0000b\"", TEXT("a\0b"));
}

static void test_what_has_no_text(UNUSED void **state)
{
	struct json_value number = { .start = "12",
				     .length = 2,
				     .kind = JSON_KIND_INTEGER };

	assert_false(json_string_is(&number, ""));
	assert_false(json_string_is(&(struct json_value){ 0 }, ""));
}

/* One value after the other, some of them taken whole and read later. */
static void test_pulling(UNUSED void **state)
{
	static const char text[] =
		"{\"a\": [1, {\"b\": 2}], \"c\": {\"d\": [], \"e\": \"x\"}}";
	struct json_document document;
	struct json_reader reader, inner;
	struct json_value name, value, list;

	json_document_init(&document, text, strlen(text));
	json_reader_init(&reader, &document);
	assert_int_equal(json_reader_peek(&reader), JSON_KIND_OBJECT);
	assert_true(json_reader_open(&reader, JSON_KIND_OBJECT));
	assert_true(json_reader_member(&reader, &name));
	assert_true(json_string_is(&name, "a"));
	assert_true(json_reader_value(&reader, &list));
	assert_true(json_reader_member(&reader, &name));
	assert_true(json_string_is(&name, "c"));
	assert_true(json_reader_open(&reader, JSON_KIND_OBJECT));
	assert_true(json_reader_member(&reader, &name));
	assert_true(json_reader_open(&reader, JSON_KIND_ARRAY));
	assert_false(json_reader_element(&reader));
	assert_true(json_reader_member(&reader, &name));
	assert_true(json_reader_value(&reader, &value));
	assert_true(json_string_is(&value, "x"));
	assert_false(json_reader_member(&reader, &name));
	assert_false(json_reader_member(&reader, &name));
	assert_true(json_reader_end(&reader));
	assert_int_equal(document.error, 0);
	assert_int_equal(document.name_count, 0);

	inner = json_reader_of(&document, &list);
	assert_true(json_reader_open(&inner, JSON_KIND_ARRAY));
	assert_true(json_reader_element(&inner));
	assert_true(json_reader_value(&inner, &value));
	assert_int_equal(value.integer, 1);
	assert_true(json_reader_element(&inner));
	assert_true(json_reader_open(&inner, JSON_KIND_OBJECT));
	assert_true(json_reader_member(&inner, &name));
	assert_true(json_reader_value(&inner, &value));
	assert_int_equal(value.integer, 2);
	assert_false(json_reader_member(&inner, &name));
	assert_false(json_reader_element(&inner));
	json_document_clear(&document);
}

/* After a fault nothing is read any more, by any reader of the document. */
static void test_a_fault_stays(UNUSED void **state)
{
	static const char text[] = "[1, 2 3]";
	struct json_document document;
	struct json_reader reader, other;
	struct json_value value;

	json_document_init(&document, text, strlen(text));
	json_reader_init(&reader, &document);
	json_reader_init(&other, &document);
	assert_false(json_reader_value(&reader, &value));
	assert_false(json_reader_value(&other, &value));
	assert_false(json_reader_open(&other, JSON_KIND_ARRAY));
	assert_false(json_reader_element(&reader));
	assert_false(json_reader_member(&reader, &value));
	assert_false(json_reader_end(&reader));
	assert_int_equal(json_reader_peek(&other), JSON_KIND_NONE);
	assert_string_equal(document.fault, "a comma is missing after this value");
	assert_ptr_equal(document.fault_at, text + 5);
	json_document_clear(&document);
}

static char *object_of(size_t count, size_t again, size_t as)
{
	char *text = malloc(count * 20 + 20);
	size_t used = 1;

	assert_non_null(text);
	text[0] = '{';
	for (size_t i = 0; i < count; i++)
		used += sprintf(text + used, "%s\n\"f%zu\": 1", i ? "," : "",
				i == again ? as : i);
	strcpy(text + used, "}");
	return text;
}

static void expect_duplicate(size_t count, size_t again, size_t as)
{
	char *text = object_of(count, again, as), expected[100];
	struct json_document document;

	assert_false(read_text(&document, text, strlen(text)));
	snprintf(expected, sizeof(expected),
		 "duplicate field \"f%zu\"; first on line %zu", as, as + 2);
	assert_string_equal(document.fault, expected);
	assert_int_equal(json_document_locate(&document, document.fault_at).line,
			 again + 2);
	json_document_clear(&document);
	free(text);
}

/* Few names are compared as they come, many when the object is complete. */
static void test_duplicates_among_many(UNUSED void **state)
{
	for (size_t count = 2; count < 40; count++) {
		for (size_t again = 1; again < count; again++)
			expect_duplicate(count, again, again / 2);
	}
	expect_duplicate(100000, 99999, 0);
	expect_duplicate(100000, 1, 0);
}

static void test_no_duplicates_among_many(UNUSED void **state)
{
	for (size_t count = 0; count < 40; count++) {
		char *text = object_of(count, count, 0);

		expect_case(text, strlen(text), true);
		free(text);
	}
}

/* Names of 8 and more bytes, which differ in one place. */
static void test_long_names(UNUSED void **state)
{
	expect_case(
		TEXT("{\"abcdefgh\":1,\"abcdefgi\":1,\"abcdefghi\":1,\"aabcdefgh\":1,"
		     "\"abcdefghabcdefgh\":1,\"abcdefgiabcdefgh\":1,\"\\u0000\\b\":1}"),
		false);
	expect_case(TEXT("{\"abcdefgh\":1,\"abcdefgi\":1,\"abcdefghi\":1,\"aabcdefgh\":1,"
			 "\"abcdefghabcdefgh\":1,\"abcdefgiabcdefgh\":1,\"\\b\":1}"),
		    true);
	expect_case(TEXT("{\"abcdefghabcdefgh\":1,\"abcdefgh\\u0061bcdefgh\":1}"), false);
}

/* \u0000 where the caller can use it, also between names. */
static void test_nul_in_texts(UNUSED void **state)
{
	static const char text[] =
		"{\"a\": 1, \"\\u0000a\": 2, \"b\\u0000\": \"\\u0000\"}";
	struct json_document document;
	struct json_reader reader;
	struct json_value value;

	json_document_init(&document, text, strlen(text));
	document.takes_nul = true;
	json_reader_init(&reader, &document);
	assert_true(json_reader_value(&reader, &value));
	assert_true(json_reader_end(&reader));
	json_document_clear(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_must_be_taken),
		cmocka_unit_test(test_what_must_be_refused),
		cmocka_unit_test(test_what_is_free),
		cmocka_unit_test(test_what_is_torn),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_what_has_no_text),
		cmocka_unit_test(test_pulling),
		cmocka_unit_test(test_a_fault_stays),
		cmocka_unit_test(test_duplicates_among_many),
		cmocka_unit_test(test_no_duplicates_among_many),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_nul_in_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
