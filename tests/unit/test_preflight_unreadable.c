/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks say where the preflight is not root and may not read everything. */
#include "tests/unit/preflight_case.h"

#include "preflight/checks.h"

enum { NOBODY = 65534 };

static int make_tree(void **state)
{
	static const char *const folders[] = {
		"etc",	       "etc/modprobe.d",  "lib",
		"lib/modules", "lib/modules/1",	  "proc",
		"proc/7",      "proc/8",	  "proc/net",
		"proc/sys",    "proc/sys/kernel",
	};

	temporary_make(state);
	assert_int_equal(chmod(*state, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		assert_int_equal(mkdir(in_directory(*state, folders[i]), 0755), 0);
	write_text(in_directory(*state, "proc/sys/kernel/osrelease"), "1\n");
	write_text(in_directory(*state, "lib/modules/1/modules.builtin"), "");
	return 0;
}

static void write_secret(const char *path)
{
	write_text(path, "secret\n");
	assert_int_equal(chmod(path, 0), 0);
}

static void expect_as_nobody(void (*check)(const struct inspection *inspection,
					   const char *check, struct report *report),
			     const char *root, const char *lines)
{
	bool was_root = geteuid() == 0;
	struct system system = system_of(root);
	struct needs needs = { 0 };
	struct inspection inspection = { .system = &system, .needs = &needs };
	struct report report = { 0 };

	assert_true(!was_root || seteuid(NOBODY) == 0);
	check(&inspection, "Name", &report);
	assert_true(!was_root || seteuid(0) == 0);
	expect_report(&report, lines);
}

static void hidden_names_are_said(void **state)
{
	write_text(in_directory(*state, "proc/8/comm"), "init\n");
	expect_as_nobody(check_other_owners, *state, "");
	write_secret(in_directory(*state, "proc/7/comm"));
	expect_as_nobody(
		check_other_owners, *state,
		"cannot tell Name: /proc hides the names of 1 process: other owners may run\n");
}

static void files_of_modprobe_d_are_named(void **state)
{
	char lines[PATH_MAX + 100];

	write_text(in_directory(*state, "etc/modprobe.d/open.conf"), "# nothing\n");
	write_secret(in_directory(*state, "etc/modprobe.d/secret.old"));
	expect_as_nobody(check_modprobe_conf, *state, "");
	write_secret(in_directory(*state, "etc/modprobe.d/secret.conf"));
	snprintf(
		lines, sizeof(lines),
		"warning Name: %s/etc/modprobe.d/secret.conf cannot be read by this user: it has no effect\n",
		(const char *)*state);
	expect_as_nobody(check_modprobe_conf, *state, lines);
	assert_int_equal(chmod(in_directory(*state, "etc/modprobe.d"), 0), 0);
	snprintf(
		lines, sizeof(lines),
		"warning Name: %s/etc/modprobe.d cannot be read: its files have no effect\n",
		(const char *)*state);
	expect_as_nobody(check_modprobe_conf, *state, lines);
	assert_int_equal(chmod(in_directory(*state, "etc/modprobe.d"), 0755), 0);
}

static void iptables_is_told_of_where_its_module_is(void **state)
{
	write_secret(in_directory(*state, "proc/net/ip_tables_names"));
	write_text(in_directory(*state, "proc/net/dev"), "");
	write_text(in_directory(*state, "proc/modules"),
		   "ip_tables 28672 0 - Live 0x0000000000000000\n");
	expect_as_nobody(check_input_policy, *state, "");
	write_text(in_directory(*state, "proc/modules"),
		   "iptable_filter 16384 0 - Live 0x0000000000000000\n");
	expect_as_nobody(
		check_input_policy, *state,
		"cannot tell Name: iptable_filter is there, and the policies of its table are not shown to this user: `ipvs-preflight --check` by root reads them\n");
}

#define TREE_TEST(function)                                                              \
	cmocka_unit_test_setup_teardown(function, make_tree, temporary_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(hidden_names_are_said),
		TREE_TEST(files_of_modprobe_d_are_named),
		TREE_TEST(iptables_is_told_of_where_its_module_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
