/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/temporary.h"

#include <errno.h>

#include "agent/cli/agent_options.h"
#include "common/config_file.h"
#include "preflight/preflight_options.h"

static int parse_text(const char *text, struct config_file *config, struct err *err)
{
	config->text = strdup(text);
	assert_non_null(config->text);
	return config_file_parse(config->text, strlen(text), "agent.conf", &config->lines,
				 err);
}

static void expect_line(const struct config_file *config, size_t index, const char *name,
			const char *value, unsigned int line)
{
	const struct given_option *given = &config->lines.items[index];

	assert_true(index < config->lines.count);
	assert_string_equal(given->row->name, name);
	assert_int_equal(given->line, line);
	if (value)
		assert_string_equal(given->value, value);
	else
		assert_null(given->value);
}

static void test_good_lines(UNUSED void **state)
{
	cleanup_config_file struct config_file config = { 0 };
	struct err err = { 0 };

	assert_int_equal(parse_text("# a comment\n"
				    "\n"
				    "resync=1min\n"
				    "\t drain-timeout \t=\t 5min \t # why\n"
				    "strict-arp\n"
				    "  keep-link   # for the CNI\n"
				    "state = /srv/a#b c=\"d\"/state.json\n"
				    "reserve = 10.0.0.1\n"
				    "reserve = 10.0.0.2,10.0.0.3\n"
				    "module = ip_vs_ftp\n"
				    "node-name = worker-1",
				    &config, &err),
			 0);
	assert_int_equal(config.lines.count, 9);
	expect_line(&config, 0, "resync", "1min", 3);
	expect_line(&config, 1, "drain-timeout", "5min", 4);
	expect_line(&config, 2, "strict-arp", NULL, 5);
	expect_line(&config, 3, "keep-link", NULL, 6);
	expect_line(&config, 4, "state", "/srv/a#b c=\"d\"/state.json", 7);
	expect_line(&config, 5, "reserve", "10.0.0.1", 8);
	expect_line(&config, 6, "reserve", "10.0.0.2,10.0.0.3", 9);
	expect_line(&config, 7, "module", "ip_vs_ftp", 10);
	expect_line(&config, 8, "node-name", "worker-1", 11);
}

static void test_bad_lines(UNUSED void **state)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "resink = 30s", "1: unknown option 'resink'; did you mean 'resync'?" },
		{ "\n# x\nRESYNC = 30s",
		  "3: unknown option 'RESYNC'; did you mean 'resync'?" },
		{ "strict_arp",
		  "1: unknown option 'strict_arp'; did you mean 'strict-arp'?" },
		{ "--resync = 30s",
		  "1: '--resync': options have no dashes here: resync" },
		{ "resync 30s", "1: '=' is missing: resync = 30s" },
		{ "resync", "1: resync: needs a value: resync = TIME" },
		{ "resync =", "1: resync: needs a value: resync = TIME" },
		{ "resync = # 30s", "1: resync: needs a value: resync = TIME" },
		{ "strict-arp = yes",
		  "1: strict-arp: takes no value: write the name alone, or no such line" },
		{ "strict-arp =",
		  "1: strict-arp: takes no value: write the name alone, or no such line" },
		{ "= 30s", "1: an option's name is missing before '='" },
		{ "[agent]", "1: a heading in brackets: this file has no sections" },
		{ "dry-run", "1: 'dry-run' is an option of the command line only" },
		{ "config = /x", "1: 'config' is an option of the command line only" },
		{ "scheduler = \"rr\"",
		  "1: scheduler: quotes do not belong here: write the value alone" },
		{ "state = state.json",
		  "1: state: 'state.json' is a relative path: write it from / on" },
		{ "resync = 1s\n\nresync = 2s",
		  "3: resync: given twice, first on line 1" },
		{ "resync = 30s\r\n",
		  "1: the line ends with CR LF: save the file with LF alone" },
		{ "link = a\x1b[2J", "1: the control character 0x1b" },
		{ "\xef\xbb\xbfscheduler-of = rr", "1: unknown option '" },
		{ "zzz = 1",
		  "1: unknown option 'zzz'; there are resync, strict-ready, " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_config_file struct config_file config = { 0 };
		struct err err = { 0 };
		char wanted[256];

		assert_int_equal(parse_text(cases[i].text, &config, &err), -EINVAL);
		snprintf(wanted, sizeof(wanted), "agent.conf:%s", cases[i].problem);
		if (strncmp(err.text, wanted, strlen(wanted)) != 0)
			assert_string_equal(err.text, wanted);
	}
}

static void test_a_nul_is_refused(UNUSED void **state)
{
	cleanup_config_file struct config_file config = { 0 };
	char text[] = "resync = 30s\0\nstrict-arp\n";
	struct err err = { 0 };

	assert_int_equal(config_file_parse(text, sizeof(text) - 1, "agent.conf",
					   &config.lines, &err),
			 -EINVAL);
	assert_string_equal(err.text, "agent.conf:1: the control character 0x00");
}

static void test_all_names_are_told(UNUSED void **state)
{
	cleanup_config_file struct config_file config = { 0 };
	struct err err = { 0 };

	assert_int_equal(parse_text("zzz = 1", &config, &err), -EINVAL);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (option_rows[i].from_file)
			assert_non_null(strstr(err.text, option_rows[i].name));
	}
}

static int read_path(const char *path, struct config_file *config, struct err *err)
{
	cleanup_given_options struct given_options given = { 0 };

	assert_int_equal(given_options_add(&given, &option_rows[OPTION_CONFIG], path, 0),
			 0);
	return config_file_read(&given, NULL, config, err);
}

static void test_files_that_are_not_read(void **state)
{
	cleanup_config_file struct config_file config = { 0 };
	const struct given_options none = { 0 };
	const char *path = in_directory(*state, "agent.conf");
	struct err err = { 0 };

	assert_int_equal(config_file_read(&none, NULL, &config, &err), 0);
	assert_int_equal(config_file_read(&none, path, &config, &err), 0);
	assert_null(config.path);
	assert_int_equal(read_path("none", &config, &err), 0);
	assert_int_equal(read_path(path, &config, &err), -ENOENT);
	assert_non_null(strstr(err.text, "agent.conf: No such file or directory"));
	assert_int_equal(read_path("/dev/null", &config, &err), -EINVAL);
	assert_string_equal(err.text, "/dev/null: not a regular file");
	assert_int_equal(read_path(*state, &config, &err), -EINVAL);
	assert_null(config.path);
}

static void test_who_may_write_it(void **state)
{
	static const mode_t wrong[] = { 0664, 0646, 0666 },
			    right[] = { 0644, 0640, 0600 };
	const char *path = in_directory(*state, "agent.conf");
	struct err err = { 0 };

	write_text(path, "strict-arp\n");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		cleanup_config_file struct config_file config = { 0 };

		assert_int_equal(chmod(path, wrong[i]), 0);
		assert_int_equal(read_path(path, &config, &err), -EPERM);
		assert_non_null(strstr(err.text, "chmod go-w"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		cleanup_config_file struct config_file config = { 0 };

		assert_int_equal(chmod(path, right[i]), 0);
		assert_int_equal(read_path(path, &config, &err), 0);
		assert_int_equal(config.lines.count, 1);
	}
	if (geteuid() == 0) {
		cleanup_config_file struct config_file config = { 0 };

		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(read_path(path, &config, &err), -EPERM);
		assert_non_null(strstr(err.text, "belongs to user 65534"));
	}
}

static int parse_agent(const char *path, const char *argument, unsigned int command,
		       struct config_file *config, struct options *options,
		       struct err *err)
{
	struct command_options taken = { "run", command, false };
	char *argv[] = { (char *)"run", (char *)argument, NULL };

	*config = (struct config_file){ 0 };
	return options_parse(argument ? 2 : 1, argv, &taken, path, config, options, err);
}

static void test_the_command_line_has_precedence(void **state)
{
	const char *path = in_directory(*state, "agent.conf");
	static struct options options;
	struct config_file config;
	struct err err = { 0 };

	write_text(path, "state = /srv/state.json\nresync = 1min\nmodule = ip_vs_ftp\n"
			 "reserve = 10.0.0.1\nreserve = 10.0.0.2\nstrict-arp\n");
	assert_int_equal(parse_agent(path, NULL, FOR_RUN, &config, &options, &err),
			 OPTIONS_OK);
	assert_string_equal(options.state_path, "/srv/state.json");
	assert_false(options.state_given);
	assert_null(options.daemon_own);
	assert_int_equal(options.resync_usec, 60000000);
	assert_int_equal(options.guard.reserved_count, 2);
	assert_true(options.strict_arp);
	assert_string_equal(options.config_path, path);
	config_file_clear(&config);
	/* All of an option's lines are replaced, not added to. */
	assert_int_equal(
		parse_agent(path, "--reserve=10.0.0.9", FOR_RUN, &config, &options, &err),
		OPTIONS_OK);
	assert_int_equal(options.guard.reserved_count, 1);
	config_file_clear(&config);
	/* A command takes what it knows, and leaves the rest. */
	assert_int_equal(parse_agent(path, NULL, FOR_STATUS, &config, &options, &err),
			 OPTIONS_OK);
	assert_false(options.strict_arp);
	config_file_clear(&config);
}

static void test_values_are_checked_by_each_command(void **state)
{
	const char *path = in_directory(*state, "agent.conf");
	static struct options options;
	struct config_file config;
	struct err err = { 0 };
	char wanted[PATH_MAX + 100];

	write_text(path, "# head\nresync = soon\n");
	assert_int_equal(
		parse_agent(path, "--resync=1s", FOR_RUN, &config, &options, &err),
		-EINVAL);
	snprintf(wanted, sizeof(wanted),
		 "%s:2: resync: 'soon' is not a time such as 30s, 500ms, 5min", path);
	assert_string_equal(err.text, wanted);
	config_file_clear(&config);
	assert_int_equal(parse_agent(path, NULL, FOR_STATUS, &config, &options, &err),
			 -EINVAL);
	assert_string_equal(err.text, wanted);
	config_file_clear(&config);
	assert_int_equal(
		parse_agent(path, "--config=none", FOR_STATUS, &config, &options, &err),
		OPTIONS_OK);
	config_file_clear(&config);
	write_text(path, "reserve = 10.96.0.1\nservice-cidr = 10.96.0.0/12\n");
	assert_int_equal(parse_agent(path, NULL, FOR_RUN, &config, &options, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "agent.conf: --reserve: 10.96.0.1/32 is in"));
	config_file_clear(&config);
}

static int parse_preflight(const char *path, const char *argument,
			   struct config_file *config, struct preflight_options *options,
			   struct err *err)
{
	char *argv[] = { (char *)"ipvs-preflight", (char *)argument, NULL };

	*config = (struct config_file){ 0 };
	return preflight_options_parse(argument ? 2 : 1, argv, path, config, options,
				       err);
}

static void test_the_preflight_reads_it(void **state)
{
	const char *path = in_directory(*state, "agent.conf");
	struct preflight_options options;
	struct config_file config;
	struct err err = { 0 };

	write_text(path, "adopt = all\nmodule = ip_vs_ftp\nmodule = ip_vs_lc\n"
			 "conn-tab-bits = 16\n");
	assert_int_equal(parse_preflight(path, NULL, &config, &options, &err),
			 OPTIONS_OK);
	assert_int_equal(options.module_count, 2);
	assert_int_equal(options.conn_tab_bits, 16);
	assert_null(options.state_path);
	preflight_options_clear(&options);
	config_file_clear(&config);
	assert_int_equal(parse_preflight(path, "--for-agent", &config, &options, &err),
			 OPTIONS_OK);
	assert_string_equal(options.state_path, DEFAULT_STATE_PATH);
	preflight_options_clear(&options);
	config_file_clear(&config);
	/* Another tree is not this machine. */
	assert_int_equal(parse_preflight(path, "--root=/x", &config, &options, &err),
			 OPTIONS_OK);
	assert_int_equal(options.module_count, 0);
	preflight_options_clear(&options);
	config_file_clear(&config);
	write_text(path, "state = /srv/cluster\n");
	assert_int_equal(parse_preflight(path, "--for-agent", &config, &options, &err),
			 OPTIONS_OK);
	assert_string_equal(options.state_path, "/srv/cluster");
	preflight_options_clear(&options);
	config_file_clear(&config);
	write_text(path, "conn-tab-bits = 99\n");
	assert_int_equal(parse_preflight(path, NULL, &config, &options, &err), -EINVAL);
	assert_non_null(strstr(
		err.text, "agent.conf:1: conn-tab-bits: '99' is not a number in 8..27"));
	preflight_options_clear(&options);
	config_file_clear(&config);
}

static void test_the_fingerprint_is_of_the_lines(UNUSED void **state)
{
	cleanup_config_file struct config_file a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

	assert_int_equal(parse_text("resync = 1min\nstrict-arp\n", &a, NULL), 0);
	assert_int_equal(
		parse_text("# x\n\nresync=1min # y\nmodule = a\n strict-arp", &b, NULL),
		0);
	assert_int_equal(parse_text("resync = 2min\nstrict-arp\n", &c, NULL), 0);
	assert_int_equal(config_file_fingerprint(&a, FOR_RUN),
			 config_file_fingerprint(&b, FOR_RUN));
	assert_int_not_equal(config_file_fingerprint(&a, FOR_RUN),
			     config_file_fingerprint(&c, FOR_RUN));
	assert_int_not_equal(config_file_fingerprint(&a, FOR_RUN),
			     config_file_fingerprint(&d, FOR_RUN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_a_nul_is_refused),
		cmocka_unit_test(test_all_names_are_told),
		cmocka_unit_test_setup_teardown(test_files_that_are_not_read,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_who_may_write_it, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_the_command_line_has_precedence,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_values_are_checked_by_each_command,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_the_preflight_reads_it,
						temporary_make, temporary_remove),
		cmocka_unit_test(test_the_fingerprint_is_of_the_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
