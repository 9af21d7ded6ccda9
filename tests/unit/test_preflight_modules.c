/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/preflight_case.h"

#include <errno.h>

#include "preflight/cause.h"
#include "preflight/modprobe.h"
#include "preflight/modprobe_conf.h"
#include "preflight/modules.h"
#include "preflight/persist.h"

static void judge(const char *root, struct needs *needs, struct report *report)
{
	struct system system = system_of(root);

	modules_load(&system, needs, false, 0, report);
	modules_judge(needs, report);
}

static void test_all_there(UNUSED void **state)
{
	struct report report = { 0 };
	struct needs needs = { 0 };

	assert_int_equal(needs_add_module(&needs, "ip_vs", "test"), 0);
	assert_int_equal(needs_add_scheduler(&needs, "rr", "test"), 0);
	judge(ROOTFS "no-tree-module", &needs, &report);
	assert_int_equal(modules_count_verified(&needs), 2);
	expect_report(&report, "note Module-ip_vs: ip_vs: there already\n"
			       "note Module-ip_vs_rr: ip_vs_rr: there already\n");
	needs_clear(&needs);
}

static void test_missing_and_cannot_tell(UNUSED void **state)
{
	struct report report = { 0 };
	struct needs needs = { 0 };

	assert_int_equal(needs_add_scheduler(&needs, "wrr", "test"), 0);
	judge(ROOTFS "no-tree-module", &needs, &report);
	expect_report(
		&report,
		"error Module-ip_vs_wrr: ip_vs_wrr (test) is not there: not loaded, and ip_vs is not built in; it could not be loaded: " ROOTFS
		"no-tree-module/lib/modules is not there\n");
	judge(ROOTFS "hidden-all", &needs, &report);
	expect_report(
		&report,
		"cannot tell Module-ip_vs_wrr: cannot tell whether ip_vs_wrr (test) is there: /proc/modules and /sys/module are hidden; it could not be loaded: " ROOTFS
		"hidden-all/lib/modules is not there\n");
	assert_int_equal(modules_count_verified(&needs), 0);
	/* The probe decides. */
	needs.items[0].proven = true;
	modules_judge(&needs, &report);
	expect_report(&report,
		      "note Module-ip_vs_wrr: ip_vs_wrr: there: proven by the probe\n");
	needs_clear(&needs);
}

static void test_merged_conntrack(UNUSED void **state)
{
	struct report report = { 0 };
	struct needs needs = { 0 };

	assert_int_equal(needs_add_module(&needs, "nf_conntrack_ipv4", "test"), 0);
	/* By the alias, which this tree's modprobe.d has; the module itself is not loaded. */
	judge(ROOTFS "modprobe", &needs, &report);
	assert_string_equal(needs.items[0].module, "nf_conntrack");
	assert_true(needs.items[0].in_tree);
	report_clear(&report);
	needs_clear(&needs);
	/* Built in, and no tree to ask. */
	assert_int_equal(needs_add_module(&needs, "nf_conntrack_ipv4", "test"), 0);
	judge(ROOTFS "no-tree-builtin", &needs, &report);
	expect_report(
		&report,
		"note Module-nf_conntrack_ipv4: nf_conntrack_ipv4: nf_conntrack stands in for it: built in\n");
	needs_clear(&needs);
}

static void test_old_name_comes_first(void **state)
{
	struct report report = { 0 };
	struct needs needs = { 0 };

	assert_int_equal(mkdir(in_directory(*state, "proc"), 0755), 0);
	write_text(in_directory(*state, "proc/modules"),
		   "nf_conntrack 1 0 - Live 0x0\nnf_conntrack_ipv4 1 0 - Live 0x0\n");
	assert_int_equal(needs_add_module(&needs, "nf_conntrack_ipv4", "test"), 0);
	judge(*state, &needs, &report);
	expect_report(
		&report,
		"note Module-nf_conntrack_ipv4: nf_conntrack_ipv4: there already\n");
	needs_clear(&needs);
}

static void test_obstacles(UNUSED void **state)
{
	struct system system = system_of(ROOTFS "modprobe");
	struct modprobe *modprobe = NULL;
	struct err err = { 0 };

	assert_int_equal(modprobe_open(&system, "6.1.0-test", &modprobe, &err), 0);
	assert_int_equal(modprobe_obstacle(modprobe, "ip_vs_wrr", &err), -EPERM);
	assert_string_equal(err.text,
			    "blacklisted by modprobe.d: `blacklist ip_vs_wrr` in " ROOTFS
			    "modprobe/etc/modprobe.d/10-test.conf:2");
	assert_int_equal(modprobe_obstacle(modprobe, "ip_vs_sh", &err), -EINVAL);
	assert_string_equal(err.text, "it has a line `install ip_vs_sh /bin/false`");
	assert_string_equal(modprobe_install_line(modprobe, "ip_vs_mh"), "/bin/true");
	assert_null(modprobe_install_line(modprobe, "ip_vs_rr"));
	modprobe_close(modprobe);
}

static void test_install_line_runs(UNUSED void **state)
{
	struct system system = system_of(ROOTFS "modprobe");
	struct modprobe *modprobe = NULL;
	struct err err = { 0 };

	assert_int_equal(modprobe_open(&system, "6.1.0-test", &modprobe, &err), 0);
	assert_int_equal(modprobe_load(modprobe, "ip_vs_sh", NULL, &err), -EINVAL);
	assert_string_equal(
		err.text, "the line `install ip_vs_sh /bin/false` in " ROOTFS
			  "modprobe/etc/modprobe.d/10-test.conf:3 failed: exit status 1");
	assert_int_equal(modprobe_load(modprobe, "ip_vs_mh", NULL, &err), 0);
	assert_int_equal(modprobe_load(modprobe, "ip_vs_wrr", NULL, &err), -EPERM);
	modprobe_close(modprobe);
}

static void test_command_line(UNUSED void **state)
{
	struct system system = system_of(ROOTFS "modprobe");
	char text[400];

	assert_true(
		modprobe_conf_cmdline_names(&system, "module_blacklist", "ip_vs_sed"));
	assert_true(modprobe_conf_cmdline_names(&system, "module_blacklist", "ip_vs_nq"));
	assert_false(
		modprobe_conf_cmdline_names(&system, "module_blacklist", "ip_vs_fo"));
	assert_false(modprobe_conf_cmdline_names(&system, "module_blacklist", "ip_vs"));
	cause_of_blacklist(&system, "ip_vs_fo", text, sizeof(text));
	assert_string_equal(
		text, "blacklisted by modprobe.blacklist= on the kernel's command line");
	cause_of_blacklist(&system, "ip_vs_rr", text, sizeof(text));
	assert_string_equal(text, "blacklisted by modprobe.d");
}

static void test_no_tree(UNUSED void **state)
{
	struct system system = system_of(ROOTFS "modprobe");
	char text[600];

	assert_true(cause_no_tree(&system, text, sizeof(text)));
	assert_string_equal(
		text, ROOTFS
		"modprobe/lib/modules has no tree for the running kernel 6.1.0-test, only 6.0.0-old: was the kernel replaced without a reboot?");
	system = system_of(ROOTFS "healthy");
	assert_false(cause_no_tree(&system, text, sizeof(text)));
}

static void test_refusals(UNUSED void **state)
{
	static const struct {
		int code;
		const char *file;
		const char *text;
	} refusals[] = {
		{ ENOENT, "/nonexistent/ip_vs.ko",
		  "/nonexistent/ip_vs.ko is not there, though modules.dep names it" },
		{ ENOENT, "/dev/null",
		  "unknown symbol: it does not fit this kernel or a module that it depends on (the kernel's log names the symbol)" },
		{ EKEYREJECTED, NULL,
		  "its signature is missing or refused, and this kernel demands one" },
		{ ENOEXEC, "/x/ip_vs.ko",
		  "/x/ip_vs.ko is damaged or was built for another kernel (Exec format error)" },
		{ ENOSYS, NULL, "this kernel has no loadable modules" },
		{ EBUSY, NULL, "the kernel's answer: Device or resource busy" },
	};
	struct system system = system_of(ROOTFS "healthy");
	char text[600];

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		cause_of_refusal(&system, "ip_vs", refusals[i].file, refusals[i].code,
				 text, sizeof(text));
		assert_string_equal(text, refusals[i].text);
	}
}

static void test_persist(void **state)
{
	struct system system = system_of(*state);
	struct report report = { 0 };
	struct needs needs = { 0 };
	char lines[1000], text[500];
	FILE *file;

	assert_int_equal(needs_add_basic(&needs), 0);
	for (size_t i = 0; i < needs.count; i++)
		strcpy(needs.items[i].module, needs.items[i].name);
	needs.items[0].presence = PRESENCE_LIVE;
	needs.items[1].presence = PRESENCE_BUILTIN;
	needs.items[2].load = LOAD_FAILED;
	needs.items[2].in_tree = true;
	needs.items[3].in_tree = true;
	needs.items[4].presence = PRESENCE_LIVE;
	strcpy(needs.items[4].module, "nf_conntrack");
	persist_write(&system, &needs, 14, &report);
	snprintf(lines, sizeof(lines),
		 "error Persist: %s/etc/modules-load.d: No such file or directory\n"
		 "error Persist: %s/etc/modprobe.d: No such file or directory\n",
		 (char *)*state, (char *)*state);
	expect_report(&report, lines);
	assert_int_equal(mkdir(in_directory(*state, "etc"), 0755), 0);
	persist_write(&system, &needs, 14, &report);
	snprintf(
		lines, sizeof(lines),
		"note Persist: 3 modules written to %s/etc/modules-load.d/ipvs-node.conf\n"
		"note Persist: conn_tab_bits=14 written to %s/etc/modprobe.d/ipvs-node.conf\n",
		(char *)*state, (char *)*state);
	expect_report(&report, lines);
	file = fopen(in_directory(*state, "etc/modules-load.d/ipvs-node.conf"), "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, "# Written by ipvs-preflight --persist.\n"
				  "ip_vs\nip_vs_sh\nnf_conntrack\n");
	needs_clear(&needs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_there),
		cmocka_unit_test(test_missing_and_cannot_tell),
		cmocka_unit_test(test_merged_conntrack),
		cmocka_unit_test_setup_teardown(test_old_name_comes_first, temporary_make,
						temporary_remove),
		cmocka_unit_test(test_obstacles),
		cmocka_unit_test(test_install_line_runs),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_no_tree),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test_setup_teardown(test_persist, temporary_make,
						temporary_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
