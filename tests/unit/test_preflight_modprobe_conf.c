/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/preflight_case.h"

#include <errno.h>

#include "common/file.h"
#include "preflight/checks.h"
#include "preflight/modprobe.h"
#include "preflight/modprobe_conf.h"
#include "preflight/modules.h"
#include "preflight/persist.h"
#include "preflight/root_path.h"
#include "preflight/state_needs.h"

/* A folder and those above it. */
static void make_folder(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
}

static void expect_resolved(const char *root, const char *path, const char *expected)
{
	char resolved[PATH_MAX];

	assert_int_equal(root_path_resolve(root, path, resolved), 0);
	assert_int_equal(strncmp(resolved, root, strlen(root)), 0);
	assert_string_equal(resolved + strlen(root), expected);
}

static void test_links_stay_in_the_tree(void **state)
{
	char resolved[PATH_MAX];

	make_folder(*state, "usr/lib/modules");
	make_folder(*state, "etc");
	assert_int_equal(symlink("/usr/lib", in_directory(*state, "lib")), 0);
	assert_int_equal(symlink("../../../../etc", in_directory(*state, "usr/up")), 0);
	assert_int_equal(symlink("loop", in_directory(*state, "loop")), 0);
	expect_resolved(*state, "lib/modules", "/usr/lib/modules");
	expect_resolved(*state, "usr/up/modprobe.d", "/etc/modprobe.d");
	expect_resolved(*state, "../../etc/./x//y", "/etc/x/y");
	expect_resolved(*state, "", "");
	assert_int_equal(root_path_resolve(*state, "loop/x", resolved), -ELOOP);
}

/* A file by an absolute link, as an image has it: that of the image, not of the machine. */
static void test_linked_file_is_obeyed(void **state)
{
	struct modprobe *modprobe = NULL;
	struct err err = { 0 };
	struct system system;

	make_folder(*state, "etc/modprobe.d");
	make_folder(*state, "usr/share/kept-out");
	write_text(in_directory(*state, "usr/share/kept-out/ipvs.conf"),
		   "blacklist \\\nip_vs_wrr\n");
	assert_int_equal(symlink("/usr/share/kept-out/ipvs.conf",
				 in_directory(*state, "etc/modprobe.d/10.conf")),
			 0);
	system = system_of(*state);
	assert_int_equal(modprobe_open(&system, "6.1.0-test", &modprobe, &err), 0);
	assert_int_equal(modprobe_obstacle(modprobe, "ip_vs_wrr", &err), -EPERM);
	assert_non_null(strstr(err.text, "usr/share/kept-out/ipvs.conf:1"));
	modprobe_close(modprobe);
}

static void test_links_that_lead_nowhere(void **state)
{
	struct needs needs = { 0 };
	struct system system;
	struct inspection inspection = { .system = &system, .needs = &needs };
	struct report report = { 0 };

	make_folder(*state, "etc/modprobe.d");
	assert_int_equal(
		symlink("/nowhere/a.conf", in_directory(*state, "etc/modprobe.d/a.conf")),
		0);
	assert_int_equal(
		symlink("/dev/null", in_directory(*state, "etc/modprobe.d/b.conf")), 0);
	system = system_of(*state);
	check_modprobe_conf(&inspection, "ModprobeConf", &report);
	assert_int_equal(report.count, 1);
	assert_non_null(
		strstr(report.findings[0].text,
		       "etc/modprobe.d/a.conf is a link to a file that does not exist"));
	report_clear(&report);
}

static void expect_option(const char *root, const char *value, const char *place)
{
	struct modprobe_conf_option option;
	struct system system = system_of(root);

	assert_true(modprobe_conf_option(&system, "ip_vs", "conn_tab_bits", &option));
	assert_string_equal(option.value, value);
	assert_non_null(strstr(option.place, place));
}

static void test_the_last_option_counts(void **state)
{
	struct modprobe_conf_option option;
	struct system system = system_of(*state);

	make_folder(*state, "etc/modprobe.d");
	make_folder(*state, "usr/lib/modprobe.d");
	assert_false(modprobe_conf_option(&system, "ip_vs", "conn_tab_bits", &option));
	write_text(in_directory(*state, "etc/modprobe.d/b.conf"),
		   "# a comment\noptions ip-vs conn_tab_bits=9 x=1 conn_tab_bits=10\n"
		   "options ip_vs_rr conn_tab_bits=20\noptions ip_vs conn_tab_bitsy=3");
	expect_option(*state, "10", "etc/modprobe.d/b.conf:2");
	write_text(in_directory(*state, "usr/lib/modprobe.d/c.conf"),
		   "options \\\n ip_vs \\\n  conn_tab_bits=12");
	expect_option(*state, "12", "usr/lib/modprobe.d/c.conf:1");
	/* Of one name that of /etc counts, which here says nothing. */
	write_text(in_directory(*state, "etc/modprobe.d/c.conf"), "\n");
	expect_option(*state, "10", "etc/modprobe.d/b.conf:2");
}

static void test_persist_beside_another_option(void **state)
{
	struct report report = { 0 };
	struct needs needs = { 0 };
	struct system system;

	make_folder(*state, "etc/modprobe.d");
	write_text(in_directory(*state, "etc/modprobe.d/a.conf"),
		   "options ip_vs conn_tab_bits=9\n");
	system = system_of(*state);
	persist_write(&system, &needs, 14, &report);
	assert_int_equal(report_count(&report, LEVEL_WARNING), 0);
	report_clear(&report);
	write_text(in_directory(*state, "etc/modprobe.d/zz.conf"),
		   "\noptions ip_vs conn_tab_bits=10\n");
	persist_write(&system, &needs, 14, &report);
	assert_int_equal(report_count(&report, LEVEL_WARNING), 1);
	assert_non_null(strstr(report.findings[2].text, "conn_tab_bits=10 in "));
	assert_non_null(strstr(
		report.findings[2].text,
		"etc/modprobe.d/zz.conf:2 is read later and wins at the next load"));
	report_clear(&report);
}

static void test_persist_stays_in_the_tree(void **state)
{
	const char *outside = in_directory(*state, "outside");
	const char *root = in_directory(*state, "root");
	struct report report = { 0 };
	struct needs needs = { 0 };
	struct system system;

	make_folder(*state, "outside");
	make_folder(*state, "root/etc");
	assert_int_equal(symlink(outside, in_directory(root, "etc/modules-load.d")), 0);
	assert_int_equal(symlink("../../outside", in_directory(root, "etc/modprobe.d")),
			 0);
	system = system_of(root);
	persist_write(&system, &needs, 14, &report);
	assert_int_equal(access(in_directory(outside, "ipvs-node.conf"), F_OK), -1);
	assert_int_equal(access(in_directory(root, "outside/ipvs-node.conf"), F_OK), 0);
	report_clear(&report);
}

static void test_connection_table_says_which_line(void **state)
{
	struct needs needs = { 0 };
	struct system system;
	struct inspection inspection = { .system = &system,
					 .needs = &needs,
					 .conn_tab_bits = 14 };
	struct report report = { 0 };

	make_folder(*state, "etc/modprobe.d");
	make_folder(*state, "sys/module/ip_vs/parameters");
	write_text(in_directory(*state, "etc/modprobe.d/zz.conf"),
		   "options ip_vs conn_tab_bits=10\n");
	write_text(in_directory(*state, "sys/module/ip_vs/parameters/conn_tab_bits"),
		   "10\n");
	system = system_of(*state);
	check_connection_table(&inspection, "ConnectionTable", &report);
	assert_non_null(strstr(report.findings[0].text,
			       "conn_tab_bits is 10, not 14: conn_tab_bits=10 in "));
	assert_non_null(strstr(report.findings[0].text, "/zz.conf:1 counts"));
	report_clear(&report);
	write_text(in_directory(*state, "sys/module/ip_vs/parameters/conn_tab_bits"),
		   "14\n");
	check_connection_table(&inspection, "ConnectionTable", &report);
	assert_non_null(
		strstr(report.findings[0].text,
		       "conn_tab_bits is 14 now, and will be 10 at the next load: "));
	report_clear(&report);
}

static void test_many_unknown_schedulers_are_one_line(void **state)
{
	const char *path = in_directory(*state, "state.json");
	FILE *file = fopen(path, "w");
	struct report report = { 0 };
	struct needs needs = { 0 };
	struct system system;

	assert_non_null(file);
	fputs("{ \"services\": [ {}", file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, ", { \"scheduler\": \"x%d\" }, { \"scheduler\": \"%d/\" }",
			i, i);
	fputs(" ] }", file);
	assert_int_equal(fclose(file), 0);
	make_folder(*state, "proc/net");
	make_folder(*state, "lib/modules/6.1.0-test");
	write_text(in_directory(*state, "proc/modules"),
		   "ip_vs 1 0 - Live 0x0\nip_vs_rr 1 0 - Live 0x0\n");
	write_text(in_directory(*state, "lib/modules/6.1.0-test/modules.builtin"), "");
	system = system_of(*state);
	snprintf(system.release, sizeof(system.release), "6.1.0-test");
	assert_int_equal(needs_add_module(&needs, "ip_vs", "test"), 0);
	assert_int_equal(state_needs_read(path, &needs, &report), 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(
		report.findings[0].text,
		"'0/' cannot be the name of a scheduler, and 999 more such names"));
	modules_load(&system, &needs, true, 0, &report);
	modules_judge(&needs, &report);
	assert_int_equal(report_count(&report, LEVEL_WARNING), 2);
	assert_int_equal(report_count(&report, LEVEL_ERROR), 0);
	assert_string_equal(
		report.findings[report.count - 1].text,
		"1000 modules that the state asks for are not there and cannot be loaded: ip_vs_x0, ip_vs_x1, ip_vs_x2 and 997 more; what needs them fails, all else is served");
	report_clear(&report);
	needs_clear(&needs);
}

static void test_files_without_an_end(void **state)
{
	const char *path = in_directory(*state, "huge.json");
	struct report report = { 0 };
	struct needs needs = { 0 };
	struct err err = { 0 };
	char *text = NULL;
	size_t length;

	assert_int_equal(state_needs_read("/dev/zero", &needs, &report), 0);
	expect_report(&report, "warning StateFile: /dev/zero: not a regular file\n");
	assert_int_equal(mkfifo(in_directory(*state, "pipe"), 0644), 0);
	assert_int_equal(
		file_read(in_directory(*state, "pipe"), 10, &text, &length, &err),
		-ENOTSUP);
	write_text(path, "{}");
	assert_int_equal(truncate(path, 1024L * 1024 * 1024), 0);
	assert_int_equal(state_needs_read(path, &needs, &report), 0);
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.findings[0].text, "huge.json: File too large"));
	report_clear(&report);
	needs_clear(&needs);
}

static void expect_bridge_finding(const char *root, struct needs *needs, const char *text)
{
	struct system system = system_of(root);
	struct inspection inspection = { .system = &system, .needs = needs };
	struct report report = { 0 };

	check_bridge_netfilter(&inspection, "BridgeNetfilter", &report);
	expect_report(&report, text);
}

#define NO_ANSWER                                                                        \
	"a pod or container that reaches another one on its own bridge by a virtual address gets no answer"

static void test_bridges(void **state)
{
	struct needs needs = { 0 };

	make_folder(*state, "proc/sys/net/ipv4");
	make_folder(*state, "sys/class/net/eth0");
	expect_bridge_finding(*state, &needs, "");
	needs.cluster = true;
	expect_bridge_finding(
		*state, &needs,
		"warning BridgeNetfilter: br_netfilter is not loaded, and the state is a cluster's: " NO_ANSWER
		"; --module br_netfilter loads it\n");
	needs.cluster = false;
	make_folder(*state, "sys/class/net/cni0/bridge");
	expect_bridge_finding(
		*state, &needs,
		"warning BridgeNetfilter: br_netfilter is not loaded, and the bridge cni0 is there: " NO_ANSWER
		"; --module br_netfilter loads it\n");
	make_folder(*state, "proc/sys/net/bridge");
	write_text(in_directory(*state, "proc/sys/net/bridge/bridge-nf-call-iptables"),
		   "0\n");
	write_text(in_directory(*state, "proc/sys/net/bridge/bridge-nf-call-ip6tables"),
		   "0\n");
	expect_bridge_finding(
		*state, &needs,
		"warning BridgeNetfilter: net.bridge.bridge-nf-call-iptables is 0, and the bridge cni0 is there: " NO_ANSWER
		"; set it to 1\n");
	write_text(in_directory(*state, "proc/sys/net/bridge/bridge-nf-call-iptables"),
		   "1\n");
	expect_bridge_finding(*state, &needs, "");
	needs.agent_forwards6 = true;
	expect_bridge_finding(
		*state, &needs,
		"warning BridgeNetfilter: net.bridge.bridge-nf-call-ip6tables is 0, and the bridge cni0 is there: " NO_ANSWER
		"; set it to 1\n");
	write_text(in_directory(*state, "sys/class/net/cni0/bridge/nf_call_ip6tables"),
		   "1\n");
	expect_bridge_finding(*state, &needs, "");
	assert_int_equal(unlink(in_directory(
				 *state, "sys/class/net/cni0/bridge/nf_call_ip6tables")),
			 0);
	assert_int_equal(needs_add_sysctl(&needs, "net.bridge.bridge-nf-call-ip6tables"),
			 0);
	expect_bridge_finding(*state, &needs, "");
	needs_clear(&needs);
}

#define IN_A_FOLDER(test)                                                                \
	cmocka_unit_test_setup_teardown(test, temporary_make, temporary_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(test_links_stay_in_the_tree),
		IN_A_FOLDER(test_linked_file_is_obeyed),
		IN_A_FOLDER(test_links_that_lead_nowhere),
		IN_A_FOLDER(test_the_last_option_counts),
		IN_A_FOLDER(test_persist_beside_another_option),
		IN_A_FOLDER(test_persist_stays_in_the_tree),
		IN_A_FOLDER(test_connection_table_says_which_line),
		IN_A_FOLDER(test_many_unknown_schedulers_are_one_line),
		IN_A_FOLDER(test_files_without_an_end),
		IN_A_FOLDER(test_bridges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
