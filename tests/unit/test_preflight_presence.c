/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/preflight_case.h"

#include <sys/wait.h>

#include "preflight/presence.h"

struct look {
	const char *root;
	const char *name;
	enum presence presence;
	const char *why;
};

static const struct look looks[] = {
	{ "loaded", "ip_vs_rr", PRESENCE_LIVE, "Live in /proc/modules" },
	{ "loaded", "ip_vs_sh", PRESENCE_LOADING, "still Loading in /proc/modules" },
	{ "loaded", "ip_vs_lc", PRESENCE_UNLOADING, "Unloading in /proc/modules" },
	{ "loaded", "ip_vs", PRESENCE_MISSING, "neither in /proc/modules nor built in" },
	{ "loaded", "ip_vs_mh", PRESENCE_BUILTIN, "built in: in modules.builtin" },
	/* Where ip_vs is a module, its parts can be nothing else. */
	{ "no-tree-module", "ip_vs_rr", PRESENCE_LIVE, "Live in /proc/modules" },
	{ "no-tree-module", "ip_vs_wrr", PRESENCE_MISSING,
	  "not loaded, and ip_vs is not built in" },
	{ "no-tree-builtin", "ip_vs", PRESENCE_BUILTIN,
	  "built in: the kernel shows /proc/net/ip_vs" },
	{ "no-tree-builtin", "ip_vs_rr", PRESENCE_UNKNOWN,
	  "not loaded, and /lib/modules/6.1.0-test/modules.builtin is missing: it may be built in" },
	{ "no-tree-builtin", "nf_conntrack", PRESENCE_BUILTIN,
	  "built in: in /sys/module" },
	{ "no-tree-nothing", "ip_vs", PRESENCE_MISSING,
	  "the kernel does not show /proc/net/ip_vs" },
	{ "no-tree-nothing", "ip_vs_rr", PRESENCE_MISSING,
	  "not loaded, and ip_vs is not built in" },
	{ "no-tree-nothing", "nf_conntrack", PRESENCE_MISSING,
	  "the kernel does not show /proc/sys/net/netfilter/nf_conntrack_max" },
	{ "no-tree-nothing", "dummy", PRESENCE_UNKNOWN,
	  "not loaded, and /lib/modules/6.1.0-test/modules.builtin is missing: it may be built in" },
	{ "hidden-proc", "ip_vs", PRESENCE_LIVE, "live in /sys/module" },
	{ "hidden-proc", "ip_vs_sh", PRESENCE_LOADING, "still coming in /sys/module" },
	{ "hidden-proc", "ip_vs_lc", PRESENCE_UNLOADING, "going in /sys/module" },
	{ "hidden-proc", "ip_vs_rr", PRESENCE_MISSING,
	  "not loaded, and ip_vs is not built in" },
	{ "hidden-proc", "nf_conntrack", PRESENCE_BUILTIN, "built in: in /sys/module" },
	{ "hidden-all", "ip_vs", PRESENCE_SHOWN,
	  "there: the kernel shows /proc/net/ip_vs" },
	{ "hidden-all", "ip_vs_rr", PRESENCE_UNKNOWN,
	  "/proc/modules and /sys/module are hidden" },
};

static void test_looks(UNUSED void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		char root[256], why[PRESENCE_WHY] = "";
		struct system system;

		snprintf(root, sizeof(root), ROOTFS "%s", looks[i].root);
		system = system_of(root);
		print_message("%s: %s\n", looks[i].root, looks[i].name);
		assert_string_equal(
			presence_name(presence_look(&system, looks[i].name, why)),
			presence_name(looks[i].presence));
		assert_string_equal(why, looks[i].why);
	}
}

static void test_a_file_that_is_none_is_hidden(void **state)
{
	struct system system = system_of(*state);
	char why[PRESENCE_WHY];

	assert_int_equal(mkdir(in_directory(*state, "proc"), 0755), 0);
	assert_int_equal(mkdir(in_directory(*state, "sys"), 0755), 0);
	assert_int_equal(symlink("/dev/null", in_directory(*state, "proc/modules")), 0);
	assert_int_equal(presence_look(&system, "ip_vs_rr", why), PRESENCE_UNKNOWN);
	assert_string_equal(why, "/proc/modules and /sys/module are hidden");
}

static void make_loading(const char *directory)
{
	assert_int_equal(mkdir(in_directory(directory, "proc"), 0755), 0);
	write_text(in_directory(directory, "proc/modules"),
		   "ip_vs 212992 0 - Loading 0x0\n");
}

static void test_loading_is_waited_for(void **state)
{
	struct system system = system_of(*state);
	char why[PRESENCE_WHY];
	int status;
	pid_t pid;

	make_loading(*state);
	pid = fork();
	if (pid == 0) {
		usleep(200 * 1000);
		write_text(in_directory(*state, "proc/new"),
			   "ip_vs 212992 0 - Live 0x0\n");
		_exit(rename(in_directory(*state, "proc/new"),
			     in_directory(*state, "proc/modules")) != 0);
	}
	assert_int_equal(presence_look(&system, "ip_vs", why), PRESENCE_LOADING);
	assert_int_equal(presence_wait(&system, "ip_vs", 20 * 1000 * 1000, why),
			 PRESENCE_LIVE);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_the_wait_has_an_end(void **state)
{
	struct system system = system_of(*state);
	char why[PRESENCE_WHY];

	make_loading(*state);
	assert_int_equal(presence_wait(&system, "ip_vs", 100 * 1000, why),
			 PRESENCE_LOADING);
	assert_string_equal(why, "still Loading in /proc/modules");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test_setup_teardown(test_a_file_that_is_none_is_hidden,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_loading_is_waited_for,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_the_wait_has_an_end, temporary_make,
						temporary_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
