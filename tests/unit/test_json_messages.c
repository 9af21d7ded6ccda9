/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people are told about a text that is no JSON, with the line and the caret they see. */
#include "tests/unit/json_case.h"

static void expect_message(const char *text, size_t length, const char *expected,
			   const char *expected_excerpt)
{
	char *copy = exact_copy(text, length), message[300], excerpt[JSON_EXCERPT_TEXT];
	struct json_document document;
	struct json_location at;

	assert_false(read_text(&document, copy, length));
	at = json_document_locate(&document, document.fault_at);
	snprintf(message, sizeof(message), "%zu:%zu: %s", at.line, at.column,
		 document.fault);
	assert_string_equal(message, expected);
	json_document_excerpt(&document, document.fault_at, excerpt);
	if (expected_excerpt)
		assert_string_equal(excerpt, expected_excerpt);
	json_document_clear(&document);
	free(copy);
}

static void test_the_line_and_the_caret(UNUSED void **state)
{
	expect_message(TEXT("{ \"destinations\": [\n"
			    "    { \"address\": \"192.168.3.2\", \"port\": 8080 },\n"
			    "  ]\n"
			    "}\n"),
		       "2:47: comma after the last element: JSON does not allow one",
		       "  2 |     { \"address\": \"192.168.3.2\", \"port\": 8080 },\n"
		       "    |                                               ^\n");
}

static void test_commas(UNUSED void **state)
{
	expect_message(TEXT("{ \"a\": 1, }"),
		       "1:9: comma after the last field: JSON does not allow one",
		       "  1 | { \"a\": 1, }\n"
		       "    |         ^\n");
	/* At the end of the value before, which is on another line. */
	expect_message(TEXT("{\n  \"port\": 80\n  \"protocol\": \"tcp\"\n}"),
		       "2:13: a comma is missing after this value",
		       "  2 |   \"port\": 80\n"
		       "    |             ^\n");
	expect_message(TEXT("[{} {}]"), "1:4: a comma is missing after this value",
		       "  1 | [{} {}]\n"
		       "    |    ^\n");
	expect_message(TEXT("[1, [2] \n\n 3]"),
		       "1:8: a comma is missing after this value",
		       "  1 | [1, [2] \n"
		       "    |        ^\n");
	expect_message(TEXT("[1 true]"), "1:3: a comma is missing after this value",
		       NULL);
	expect_message(TEXT("[1,, 2]"), "1:4: two commas in a row",
		       "  1 | [1,, 2]\n"
		       "    |    ^\n");
	expect_message(TEXT("{\"a\": 1, , \"b\": 2}"), "1:10: two commas in a row", NULL);
	expect_message(TEXT("[1; 2]"), "1:3: ';' after a value: JSON takes ','", NULL);
	expect_message(TEXT("[, 1]"), "1:2: a value expected, found ','", NULL);
	expect_message(TEXT("{, }"),
		       "1:2: a field's name in double quotes expected, found ','", NULL);
}

static void test_comments(UNUSED void **state)
{
	static const char comment[] = "a comment: JSON does not have comments";
	char expected[100];

	snprintf(expected, sizeof(expected), "2:3: %s", comment);
	expect_message(TEXT("{\n  // all of them\n  \"a\": 1\n}"), expected,
		       "  2 |   // all of them\n"
		       "    |   ^\n");
	snprintf(expected, sizeof(expected), "1:8: %s", comment);
	expect_message(TEXT("{\"a\": 1/* one */}"), expected, NULL);
	snprintf(expected, sizeof(expected), "1:5: %s", comment);
	expect_message(TEXT("[80 # http\n]"), expected, NULL);
	snprintf(expected, sizeof(expected), "1:4: %s", comment);
	expect_message(TEXT("[80//http\n]"), expected, NULL);
	snprintf(expected, sizeof(expected), "1:1: %s", comment);
	expect_message(TEXT("# a state\n{}"), expected, NULL);
	snprintf(expected, sizeof(expected), "2:1: %s", comment);
	expect_message(TEXT("{}\n// the end"), expected, NULL);
	snprintf(expected, sizeof(expected), "1:5: %s", comment);
	expect_message(TEXT("{\"a\"/**/: 1}"), expected, NULL);
}

static void test_quotes(UNUSED void **state)
{
	expect_message(TEXT("{'a': 1}"), "1:2: single quotes: JSON takes double quotes",
		       "  1 | {'a': 1}\n"
		       "    |  ^\n");
	expect_message(TEXT("{\"a\": 'tcp'}"),
		       "1:7: single quotes: JSON takes double quotes", NULL);
	expect_message(TEXT("{\"a\": \xe2\x80\x9ctcp\xe2\x80\x9d}"),
		       "1:7: typographic quotes: JSON takes plain double quotes",
		       "  1 | {\"a\": \xe2\x80\x9ctcp\xe2\x80\x9d}\n"
		       "    |       ^\n");
	expect_message(TEXT("[`a`]"), "1:2: a backtick: JSON takes double quotes", NULL);
	expect_message(TEXT("{port: 80}"), "1:2: a name without quotes: write \"port\"",
		       "  1 | {port: 80}\n"
		       "    |  ^\n");
	expect_message(TEXT("{\"a\": 1, tcpFin : 80}"),
		       "1:10: a name without quotes: write \"tcpFin\"", NULL);
	expect_message(TEXT("{1: 2}"), "1:2: a name without quotes: write \"1\"", NULL);
	expect_message(TEXT("{\"protocol\": tcp}"),
		       "1:14: text without quotes: write \"tcp\"", NULL);
	expect_message(TEXT("{\"address\": 10.0.0.1, \"port\": 80}"),
		       "1:13: text without quotes: write \"10.0.0.1\"", NULL);
	expect_message(TEXT("[fd00::1]"), "1:2: text without quotes: write \"fd00::1\"",
		       NULL);
	expect_message(TEXT("[5s]"), "1:2: text without quotes: write \"5s\"", NULL);
	expect_message(TEXT("[10.0.0.0/8]"),
		       "1:2: text without quotes: write \"10.0.0.0/8\"", NULL);
	expect_message(TEXT("{\"a\": \"b}"),
		       "1:7: the file ends in this string: '\"' is missing",
		       "  1 | {\"a\": \"b}\n"
		       "    |       ^\n");
	expect_message(
		TEXT("{\"a\": \"b,\n\"c\": 1}"),
		"1:7: the string does not end on its line: '\"' is missing, or a line break is to be written as \\n",
		NULL);
}

static void test_words(UNUSED void **state)
{
	expect_message(TEXT("[True]"), "1:2: True: JSON writes true", NULL);
	expect_message(TEXT("[FALSE]"), "1:2: FALSE: JSON writes false", NULL);
	expect_message(TEXT("[None]"), "1:2: None: JSON writes null", NULL);
	expect_message(TEXT("{\"bind\": yes}"), "1:10: yes: JSON writes true", NULL);
	expect_message(TEXT("{\"bind\": off}"), "1:10: off: JSON writes false", NULL);
	expect_message(TEXT("[undefined]"), "1:2: undefined: JSON writes null", NULL);
	expect_message(TEXT("[NaN]"), "1:2: NaN is not a number in JSON", NULL);
	expect_message(TEXT("[-Infinity]"), "1:2: -Infinity is not a number in JSON",
		       NULL);
	expect_message(TEXT("[inf]"), "1:2: inf is not a number in JSON", NULL);
	expect_message(TEXT("[trux]"), "1:2: text without quotes: write \"trux\"", NULL);
	expect_message(TEXT("[tru"),
		       "1:5: the file ends too early: the rest of a word is missing",
		       NULL);
}

static void test_numbers(UNUSED void **state)
{
	expect_message(TEXT("[007]"),
		       "1:2: a number with a leading zero: JSON does not allow one",
		       NULL);
	expect_message(TEXT("[-01]"),
		       "1:2: a number with a leading zero: JSON does not allow one",
		       NULL);
	expect_message(TEXT("[+1]"),
		       "1:2: a plus sign before a number: JSON does not allow one", NULL);
	expect_message(TEXT("[0x50]"),
		       "1:2: a hexadecimal number: JSON has decimal ones alone", NULL);
	expect_message(TEXT("[-]"), "1:2: a minus sign without a number", NULL);
	expect_message(TEXT("[.5]"), "1:2: a number without a digit before its point",
		       NULL);
	expect_message(TEXT("[5.]"), "1:2: a number without a digit after its point",
		       NULL);
	expect_message(TEXT("[5e]"), "1:2: a number without a digit in its exponent",
		       NULL);
	expect_message(TEXT("[5.5E+]"), "1:2: a number without a digit in its exponent",
		       NULL);
	expect_message(TEXT("[9223372036854775808]"),
		       "1:2: the number does not fit in 64 bits", NULL);
	expect_message(TEXT("[-9223372036854775809]"),
		       "1:2: the number does not fit in 64 bits", NULL);
}

static void test_structure(UNUSED void **state)
{
	expect_message(TEXT("{\"a\" = 1}"),
		       "1:6: '=' between a field's name and its value: JSON takes ':'",
		       NULL);
	expect_message(TEXT("{\"a\"\n, \"b\": 1}"),
		       "1:5: the field has no value: ':' is missing", NULL);
	expect_message(TEXT("{\"a\" 1}"), "1:6: ':' expected, found '1'", NULL);
	expect_message(TEXT("{\"a\": }"), "1:7: a value expected, found '}'", NULL);
	expect_message(TEXT("{\"a\": 1]"), "1:8: ',' or '}' expected, found ']'", NULL);
	expect_message(TEXT("[1}"), "1:3: ',' or ']' expected, found '}'", NULL);
	expect_message(
		TEXT("[\"a\": 1]"),
		"1:5: a field in an array: fields stand in an object, between '{' and '}'",
		NULL);
	expect_message(TEXT("{}\n}"), "2:1: '}' closes nothing: there is one too many",
		       "  2 | }\n"
		       "    | ^\n");
	expect_message(TEXT("[]]"), "1:3: ']' closes nothing: there is one too many",
		       NULL);
	expect_message(
		TEXT("{} {}"),
		"1:4: more text after the end: a file has one value, which ends before this",
		NULL);
	expect_message(
		TEXT("{}, {}"),
		"1:3: more text after the end: a file has one value, which ends before this",
		NULL);
	expect_message(TEXT("{} ="), "1:4: the end of the file expected, found '='",
		       NULL);
	expect_message(TEXT("{\"a\": 1, \"b\": 2, \"a\": 3}"),
		       "1:18: duplicate field \"a\"; first on line 1",
		       "  1 | {\"a\": 1, \"b\": 2, \"a\": 3}\n"
		       "    |                  ^\n");
	expect_message(TEXT("[\x01]"), "1:2: a value expected, found byte 0x01",
		       "  1 | [?]\n"
		       "    |  ^\n");
	expect_message(TEXT("[\0]"), "1:2: a NUL byte",
		       "  1 | [?]\n"
		       "    |  ^\n");
	expect_message(TEXT("[1\xc2\xa0]"),
		       "1:3: a no-break space: JSON takes plain blanks", NULL);
}

static void test_what_ends_too_early(UNUSED void **state)
{
	expect_message(TEXT("{"), "1:2: the file ends too early: '}' is missing", NULL);
	expect_message(TEXT("{\"a\": 1\n"),
		       "2:1: the file ends too early: '}' is missing",
		       "  2 | \n"
		       "    | ^\n");
	expect_message(TEXT("{\"a\": 1,"), "1:9: the file ends too early: '}' is missing",
		       NULL);
	expect_message(TEXT("{\"a\""),
		       "1:5: the file ends too early: ':' and a value is missing", NULL);
	expect_message(TEXT("{\"a\":"),
		       "1:6: the file ends too early: a value is missing", NULL);
	expect_message(TEXT("["), "1:2: the file ends too early: a value is missing",
		       NULL);
	expect_message(TEXT("[1"), "1:3: the file ends too early: ']' is missing", NULL);
	expect_message(TEXT("[\"\\"),
		       "1:4: the file ends too early: the end of a string is missing",
		       NULL);
}

static void test_strings(UNUSED void **state)
{
	expect_message(TEXT("[\"a\tb\"]"), "1:4: a tab in a string: write \\t",
		       "  1 | [\"a b\"]\n"
		       "    |    ^\n");
	expect_message(TEXT("[\"\x1b[31m\"]"),
		       "1:3: byte 0x1b in a string: write \\u001b",
		       "  1 | [\"?[31m\"]\n"
		       "    |   ^\n");
	expect_message(TEXT("[\"\0\"]"), "1:3: a NUL byte", NULL);
	expect_message(TEXT("[\"C:\\dir\"]"),
		       "1:5: a backslash before 'd': write \\\\ for a backslash itself",
		       NULL);
	expect_message(TEXT("[\"\\u12g4\"]"), "1:3: \\u needs four hexadecimal digits",
		       NULL);
	expect_message(TEXT("[\"\\u0000\"]"), "1:3: \\u0000 cannot stand in a text",
		       NULL);
	expect_message(
		TEXT("[\"\\ud800x\"]"),
		"1:3: \\ud800 is one half of a character, the other half is missing",
		NULL);
	expect_message(
		TEXT("[\"\\udc00\"]"),
		"1:3: \\udc00 is one half of a character, the other half is missing",
		NULL);
	expect_message(TEXT("[\"caf\xe9\"]"),
		       "1:6: byte 0xe9 is not UTF-8: save the file as UTF-8",
		       "  1 | [\"caf?\"]\n"
		       "    |      ^\n");
	expect_message(TEXT("[\"\xc0\x80\"]"),
		       "1:3: a character in a longer form than UTF-8 allows", NULL);
	expect_message(TEXT("[\"\xe0\x80\x80\"]"),
		       "1:3: a character in a longer form than UTF-8 allows", NULL);
	expect_message(TEXT("[\"\xf0\x80\x80\x80\"]"),
		       "1:3: a character in a longer form than UTF-8 allows", NULL);
	expect_message(TEXT("[\"\xed\xa0\x80\"]"),
		       "1:3: half of a surrogate pair, which UTF-8 does not have", NULL);
	expect_message(TEXT("[\"\xf4\x90\x80\x80\"]"), "1:3: a character beyond U+10FFFF",
		       NULL);
	expect_message(TEXT("[\"\xf5\x80\x80\x80\"]"), "1:3: a character beyond U+10FFFF",
		       NULL);
}

static void test_other_files(UNUSED void **state)
{
	static const char *const utf16 = "1:1: the file is in UTF-16; save it as UTF-8";
	static const char *const yaml =
		"1:1: the file is YAML; this program reads JSON alone";
	static const char *const kubernetes =
		"1:1: the file is YAML; print it as JSON (kubectl get -o json)";

	expect_message(TEXT(""), "1:1: the file is empty",
		       "  1 | \n"
		       "    | ^\n");
	expect_message(TEXT(" \n "), "2:2: the file is empty", NULL);
	expect_message(TEXT("\xff\xfe{\0}\0"), utf16, NULL);
	expect_message(TEXT("\xfe\xff\0{\0}"), utf16, NULL);
	expect_message(TEXT("{\0}\0"), utf16, NULL);
	expect_message(TEXT("\0{\0}"), utf16, NULL);
	expect_message(TEXT("{\0\0\0}\0\0\0"),
		       "1:1: the file is in UTF-32; save it as UTF-8", NULL);
	expect_message(TEXT("\xef\xbb\xbf{}"),
		       "1:1: a byte order mark, which JSON does not have", NULL);
	expect_message(TEXT("\x1f\x8b\x08\0\0\0"),
		       "1:1: the file is compressed by gzip; unpack it first",
		       "  1 | ??????\n"
		       "    | ^\n");
	expect_message(TEXT("\xfd"
			    "7zXZ\0"),
		       "1:1: the file is compressed by xz; unpack it first", NULL);
	expect_message(TEXT("\x28\xb5\x2f\xfd"),
		       "1:1: the file is compressed by zstd; unpack it first", NULL);
	expect_message(TEXT("BZh91AY"),
		       "1:1: the file is compressed by bzip2; unpack it first", NULL);
	expect_message(TEXT("PK\3\4"), "1:1: the file is a ZIP archive; unpack it first",
		       NULL);
	expect_message(TEXT("version: 1\nservices: []\n"), yaml,
		       "  1 | version: 1\n"
		       "    | ^\n");
	expect_message(TEXT("- address: 10.0.0.1\n"), yaml, NULL);
	expect_message(TEXT("services:\n"), yaml, NULL);
	expect_message(TEXT("---\nversion: 1\n"), kubernetes, NULL);
	expect_message(TEXT("apiVersion: v1\n"), kubernetes, NULL);
	expect_message(TEXT("kind: List\n"), kubernetes, NULL);
	expect_message(TEXT("items:\n"), kubernetes, NULL);
	expect_message(TEXT("<html>"),
		       "1:1: the file is XML or HTML; this program reads JSON alone",
		       NULL);
	expect_message(
		TEXT("-A -t 10.0.0.1:80 -s rr\n"),
		"1:1: the file has rules of ipvsadm; ipvs-agent convert reads them",
		NULL);
	expect_message(TEXT("hello"), "1:1: text without quotes: write \"hello\"", NULL);
	expect_message(TEXT("}"), "1:1: a value expected, found '}'", NULL);
}

static void expect_not_opened(const char *text, size_t length, const char *expected)
{
	char *copy = exact_copy(text, length);
	struct json_document document;
	struct json_reader reader;

	json_document_init(&document, copy, length);
	json_reader_init(&reader, &document);
	assert_false(json_reader_open(&reader, JSON_KIND_OBJECT));
	assert_string_equal(document.fault, expected);
	json_document_clear(&document);
	free(copy);
}

static void test_what_is_no_object(UNUSED void **state)
{
	expect_not_opened(TEXT("[]"), "'{' expected, found '['");
	expect_not_opened(TEXT("null"), "'{' expected, found 'n'");
	expect_not_opened(TEXT("x"), "'{' expected, found 'x'");
	expect_not_opened(TEXT(""), "the file is empty");
	expect_not_opened(TEXT("// state"), "a comment: JSON does not have comments");
	expect_not_opened(TEXT("services:\n"),
			  "the file is YAML; this program reads JSON alone");
	expect_not_opened(TEXT("[\0\0"), "'{' expected, found '['");
}

/* Sixty characters before the place and thirty from it on. */
static void test_long_lines(UNUSED void **state)
{
	char text[2000], before[400] = "", after[400] = "", expected[1000];
	size_t length = 0;

	for (int i = 0; i < 100; i++)
		length += sprintf(text + length, "%s%03d", i ? "," : "[", i + 100);
	length += sprintf(text + length, "; \"\xc3\xa9");
	for (int i = 0; i < 100; i++)
		length += sprintf(text + length, "\xe2\x82\xac");
	sprintf(text + length, "\"]");
	memcpy(before, text + 400 - 60, 60);
	sprintf(after, "; \"\xc3\xa9");
	for (int i = 0; i < 26; i++)
		strcat(after, "\xe2\x82\xac");
	snprintf(expected, sizeof(expected), "  1 | ...%s%s...\n    | %*s^\n", before,
		 after, 63, "");
	expect_message(text, strlen(text), "1:401: ';' after a value: JSON takes ','",
		       expected);
}

static void test_other_line_ends(UNUSED void **state)
{
	expect_message(TEXT("[1,\r\n  x\r\n]"), "2:3: text without quotes: write \"x\"",
		       "  2 |   x\n"
		       "    |   ^\n");
	expect_message(TEXT("[\n\n\n\n\n\n\n\n\n\n\n\tx]"),
		       "12:2: text without quotes: write \"x\"",
		       "  12 |  x]\n"
		       "     |  ^\n");
}

/* Columns are characters; marks that turn a line round are shown by what they are not. */
static void test_columns(UNUSED void **state)
{
	char turned[10];

	expect_message(TEXT("[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" x]"),
		       "1:7: a comma is missing after this value",
		       "  1 | [\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" x]\n"
		       "    |       ^\n");
	snprintf(turned, sizeof(turned), "[\"%c%c%c\";]", 0xe2, 0x80, 0xae);
	expect_message(turned, strlen(turned), "1:5: ';' after a value: JSON takes ','",
		       "  1 | [\"???\";]\n"
		       "    |       ^\n");
}

/* Bytes that are no characters must not make the line endless. */
static void test_a_line_of_no_characters(UNUSED void **state)
{
	char text[5000], excerpt[JSON_EXCERPT_TEXT];
	struct json_document document;

	memset(text, 0x80, sizeof(text));
	text[0] = '[';
	text[2500] = '\n';
	json_document_init(&document, text, sizeof(text));
	json_document_excerpt(&document, text + 2000, excerpt);
	assert_true(strlen(excerpt) < JSON_EXCERPT_TEXT - 1);
	json_document_excerpt(&document, text + sizeof(text), excerpt);
	assert_true(strlen(excerpt) < JSON_EXCERPT_TEXT - 1);
	json_document_clear(&document);
}

/* What was given back is neither counted again nor shown. */
static void test_what_was_given_back(UNUSED void **state)
{
	char text[] = "{\"a\":\n1, \"b\": [\n2,\n\n\"\xc3\xa9\", 3;], \"c\": 1}";
	char *again = strstr(text, "\"c\""), excerpt[JSON_EXCERPT_TEXT];
	struct json_document document;
	struct json_location at;
	struct json_reader reader;
	struct json_value name, value;

	memcpy(again, "\"a\"", 3);
	*strchr(text, ';') = ' ';
	json_document_init(&document, text, strlen(text));
	json_reader_init(&reader, &document);
	assert_true(json_reader_open(&reader, JSON_KIND_OBJECT));
	assert_true(json_reader_member(&reader, &name));
	assert_true(json_reader_value(&reader, &value));
	assert_true(json_reader_member(&reader, &name));
	json_document_forget(&document, reader.at - 2);
	memset(text, 0, reader.at - 2 - text);
	assert_true(json_reader_value(&reader, &value));
	assert_false(json_reader_member(&reader, &name));
	assert_string_equal(document.fault, "duplicate field \"a\"; first on line 1");
	at = json_document_locate(&document, document.fault_at);
	assert_int_equal(at.line, 5);
	assert_int_equal(at.column, 11);
	json_document_forget(&document, again - 4);
	json_document_excerpt(&document, document.fault_at, excerpt);
	assert_string_equal(excerpt, "  5 | ... ], \"a\": 1}\n"
				     "    |        ^\n");
	assert_int_equal(json_document_locate(&document, again).column, 11);
	json_document_clear(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_line_and_the_caret),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_what_ends_too_early),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_other_files),
		cmocka_unit_test(test_what_is_no_object),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_other_line_ends),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_a_line_of_no_characters),
		cmocka_unit_test(test_what_was_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
