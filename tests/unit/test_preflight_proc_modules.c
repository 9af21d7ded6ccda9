/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/preflight_case.h"

#include <errno.h>

#include "preflight/builtin.h"
#include "preflight/module_name.h"
#include "preflight/proc_modules.h"

static const char modules[] = "ip_vs_ftp 16384 0 - Live 0xffffffffc0980000\n"
			      "ip_vs_sh 16384 0 - Loading 0xffffffffc09a5000\n"
			      "ip_vs_lc 16384 0 - Unloading 0xffffffffc0990000\n"
			      "ip_vs_rr 16384 2 - Live 0xffffffffc09a0000 (OE)\n"
			      "crc-t10dif 16384 1 t10_pi, Live 0xffffffffc09a0000\n";

static void test_states(UNUSED void **state)
{
	assert_int_equal(proc_modules_find(modules, "ip_vs_rr"), PROC_MODULE_LIVE);
	assert_int_equal(proc_modules_find(modules, "ip_vs_sh"), PROC_MODULE_LOADING);
	assert_int_equal(proc_modules_find(modules, "ip_vs_lc"), PROC_MODULE_UNLOADING);
	assert_int_equal(proc_modules_find(modules, "ip_vs_wrr"), PROC_MODULE_ABSENT);
}

static void test_dash_and_underscore_are_one(UNUSED void **state)
{
	assert_int_equal(proc_modules_find(modules, "ip-vs-rr"), PROC_MODULE_LIVE);
	assert_int_equal(proc_modules_find(modules, "crc_t10dif"), PROC_MODULE_LIVE);
}

static void test_only_whole_names(UNUSED void **state)
{
	assert_int_equal(proc_modules_find(modules, "ip_vs"), PROC_MODULE_ABSENT);
	assert_int_equal(proc_modules_find(modules, "ip_vs_r"), PROC_MODULE_ABSENT);
	assert_int_equal(proc_modules_find(modules, "vs_rr"), PROC_MODULE_ABSENT);
	assert_int_equal(proc_modules_find(modules, "t10_pi"), PROC_MODULE_ABSENT);
}

static void test_lines_that_say_nothing(UNUSED void **state)
{
	assert_int_equal(proc_modules_find("", "ip_vs"), PROC_MODULE_ABSENT);
	assert_int_equal(proc_modules_find("\n\n", "ip_vs"), PROC_MODULE_ABSENT);
	assert_int_equal(proc_modules_find("ip_vs 1 0 -", "ip_vs"), PROC_MODULE_ABSENT);
	assert_int_equal(proc_modules_find("ip_vs 1 0 - Lively 0x0\n", "ip_vs"),
			 PROC_MODULE_ABSENT);
	/* Fields of one line are never made up from the next. */
	assert_int_equal(proc_modules_find("ip_vs 1\n0 - Live 0x0 ip_vs\n", "ip_vs"),
			 PROC_MODULE_ABSENT);
	assert_int_equal(proc_modules_find("x\nip_vs 1 0 - Live 0x0", "ip_vs"),
			 PROC_MODULE_LIVE);
}

static void test_long_names(UNUSED void **state)
{
	char text[300], name[MODULE_NAME];

	memset(text, 'a', 200);
	strcpy(text + 200, " 1 0 - Live 0x0\n");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(proc_modules_find(text, name), PROC_MODULE_ABSENT);
}

static void test_builtin_list(UNUSED void **state)
{
	struct system system = system_of(ROOTFS "loaded");

	assert_string_equal(system.release, "6.1.0-test");
	assert_int_equal(builtin_find(&system, system.release, "ip_vs_mh"), BUILTIN_YES);
	assert_int_equal(builtin_find(&system, system.release, "crc_t10dif"),
			 BUILTIN_YES);
	assert_int_equal(builtin_find(&system, system.release, "mh"), BUILTIN_NO);
	/* A line without .ko is none. */
	assert_int_equal(builtin_find(&system, system.release, "ip_vs_nq"), BUILTIN_NO);
	assert_int_equal(builtin_find(&system, "6.2.0", "ip_vs_mh"), BUILTIN_NO_LIST);
}

static void test_names(UNUSED void **state)
{
	static const char *const bad[] = { "",	  "../x", ".x",	  "a/b",
					   "a b", "a\nb", "a;rm", "a=b" };
	char name[MODULE_NAME], longest[MODULE_NAME + 1];

	assert_int_equal(module_name_copy(name, "nf-conntrack-2"), 0);
	assert_string_equal(name, "nf_conntrack_2");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(module_name_copy(name, bad[i]), -EINVAL);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(module_name_copy(name, longest), -EINVAL);
	assert_int_equal(module_name_copy(name, longest + 1), 0);
	assert_true(module_name_equal("a-b", "a_b"));
	assert_false(module_name_equal("a-b", "a-bc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_dash_and_underscore_are_one),
		cmocka_unit_test(test_only_whole_names),
		cmocka_unit_test(test_lines_that_say_nothing),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_builtin_list),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
