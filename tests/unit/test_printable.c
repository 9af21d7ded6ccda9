/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/temporary.h"

#include <errno.h>

#include "common/err.h"
#include "common/printable.h"
#include "preflight/report.h"

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

static void test_marks_of_direction(UNUSED void **state)
{
	static const char *const marks[] = {
		"\xd8\x9c",	"\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
		"\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7",
		"\xe2\x81\xa8", "\xe2\x81\xa9",
	};
	static const char *const others[] = { "\xd8\x9b",     "\xe2\x80\x8d",
					      "\xe2\x80\x90", "\xe2\x80\xa7",
					      "\xe2\x80\xaf", "\xe2\x81\xa5",
					      "\xe2\x81\xaa", "\xe2\x82\xac" };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		expect_made(marks[i], strlen(marks[i]) == 2 ? "??" : "???");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		expect_made(others[i], others[i]);
}

static void test_errors(UNUSED void **state)
{
	struct err err = { 0 };

	assert_int_equal(err_set(&err, EINVAL, "a\x1b%s", "\xc2\x9b"), -EINVAL);
	assert_string_equal(err.text, "a???");
	assert_int_equal(err_errno(&err, ENOENT, "b\xe2\x80\xae"), -ENOENT);
	assert_string_equal(err.text, "b???: No such file or directory");
	assert_int_equal(err_prefix(&err, "c\xe2\x81\xa6"), -ENOENT);
	assert_string_equal(err.text, "c???: b???: No such file or directory");
}

static void test_findings(UNUSED void **state)
{
	struct report report = { 0 };

	report_warning(&report, "StateFile", "a\nb\x1b\xc2\x9b\xe2\x80\xae\xc3\xa9");
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
