/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/temporary.h"

#include <errno.h>

#include "common/err.h"
#include "common/printable.h"
#include "preflight/preflight_report.h"

static void expect_made(const char *text, const char *expected)
{
	char made[200];

	snprintf(made, sizeof(made), "%s", text);
	printable_make(made);
	assert_string_equal(made, expected);
	assert_int_equal(printable_is(text), strcmp(text, expected) == 0);
	assert_true(printable_is(made));
}

static void test_what_is_replaced(UNUSED void **state)
{
	expect_made("", "");
	expect_made("a \xc3\xa9 \xf0\x9f\x98\x80 \xe2\x80\xa6 \xd7\xa9",
		    "a \xc3\xa9 \xf0\x9f\x98\x80 \xe2\x80\xa6 \xd7\xa9");
	expect_made("\x1b[31m\n\t\x7f", "?[31m???");
	/* U+0080, U+0085, U+009F; U+00A0 is a blank. */
	expect_made("\xc2\x80 \xc2\x85 \xc2\x9f \xc2\xa0", "?? ?? ?? \xc2\xa0");
	/* No UTF-8: torn, overlong, a surrogate. */
	expect_made("\xc3 \xc0\x9b \xed\xa0\x80", "? ?? ???");
}

/* The character of three bytes, U+0800 to U+FFFF, or of two. */
static const char *utf8(unsigned int code)
{
	static char text[4];

	if (code < 0x800)
		snprintf(text, sizeof(text), "%c%c", 0xc0 | code >> 6,
			 0x80 | (code & 0x3f));
	else
		snprintf(text, sizeof(text), "%c%c%c", 0xe0 | code >> 12,
			 0x80 | (code >> 6 & 0x3f), 0x80 | (code & 0x3f));
	return text;
}

static void test_marks_of_direction(UNUSED void **state)
{
	static const unsigned int marks[] = { 0x061c, 0x200e, 0x200f, 0x2028, 0x2029,
					      0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
					      0x2066, 0x2067, 0x2068, 0x2069 };
	static const unsigned int others[] = { 0x061b, 0x200d, 0x2010, 0x2027,
					       0x202f, 0x2065, 0x206a, 0x20ac };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		expect_made(utf8(marks[i]), marks[i] < 0x800 ? "??" : "???");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		expect_made(utf8(others[i]), utf8(others[i]));
}

static void test_errors(UNUSED void **state)
{
	struct err err = { 0 };

	assert_int_equal(err_set(&err, EINVAL, "a\x1b%s", "\xc2\x9b"), -EINVAL);
	assert_string_equal(err.text, "a???");
	assert_int_equal(err_errno(&err, ENOENT, "b%s", utf8(0x202e)), -ENOENT);
	assert_string_equal(err.text, "b???: No such file or directory");
	assert_int_equal(err_prefix(&err, "c%s", utf8(0x2066)), -ENOENT);
	assert_string_equal(err.text, "c???: b???: No such file or directory");
}

static void test_findings(UNUSED void **state)
{
	struct report report = { 0 };

	report_warning(&report, "StateFile", "a\nb\x1b\xc2\x9b%s\xc3\xa9", utf8(0x202e));
	assert_string_equal(report.findings[0].text, "a b ?????\xc3\xa9");
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_replaced),
		cmocka_unit_test(test_marks_of_direction),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
