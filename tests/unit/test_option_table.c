/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/cli/agent_options.h"
#include "agent/cli/option_values.h"
#include "common/file.h"
#include "common/growing_text.h"
#include "preflight/preflight_options.h"

/* The table itself, and what both programs make of a command line. */

enum { ARGUMENTS_MAX = 8, CONF_WIDTH = 78 };

static void test_rows_are_whole(UNUSED void **state)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		assert_non_null(row->name);
		assert_non_null(row->help);
		assert_true(row->commands != 0);
		assert_int_equal(row->commands & row->accepted, 0);
		assert_int_equal(row->from_file & ~row->commands, 0);
		assert_ptr_equal(option_find(row->name), row);
		/* What the file has of an option with a value can be shown in it. */
		if (row->from_file && row->argument)
			assert_non_null(row->sample);
		else
			assert_null(row->sample);
	}
}

/*
 * The agent does something with each of its options; the preflight's are in its own
 * test.
 */
static void test_each_option_has_an_action(UNUSED void **state)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_action *action = &agent_option_actions[i];
		bool acts = action->flag || action->set;
		bool handled =
			i == OPTION_CONFIG || i == OPTION_HELP || i == OPTION_VERSION;

		assert_int_equal(acts, (option_rows[i].commands & FOR_AGENT) && !handled);
	}
}

static void add_wrapped(struct growing_text *text, const char *words)
{
	size_t column = 1;

	growing_text_add(text, "#");
	while (*words) {
		size_t length = strcspn(words, " ");

		if (column > 1 && column + 1 + length > CONF_WIDTH) {
			growing_text_add(text, "\n#");
			column = 1;
		}
		growing_text_add(text, " %.*s", (int)length, words);
		column += 1 + length;
		words += length;
		words += *words == ' ';
	}
	growing_text_add(text, "\n");
}

/*
 * What packaging/agent.conf has after its head: every option of the file, commented
 * out.
 */
static void add_options(struct growing_text *text)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		if (!row->from_file)
			continue;
		growing_text_add(text, "\n");
		add_wrapped(text, row->help);
		if (row->argument)
			growing_text_add(text, "#%s = %s\n", row->name, row->sample);
		else
			growing_text_add(text, "#%s\n", row->name);
	}
}

/* With UPDATE=1 in the environment it is written anew. */
static void test_the_shipped_file_has_every_option(UNUSED void **state)
{
	static const char path[] = "packaging/agent.conf";
	cleanup_growing_text struct growing_text wanted = { 0 }, made = { 0 };
	cleanup_free char *text = NULL;
	size_t length;
	char *first;

	add_options(&wanted);
	assert_int_equal(growing_text_check(&wanted), 0);
	assert_int_equal(file_read(path, 65536, &text, &length, NULL), 0);
	first = strstr(text, "\n\n");
	assert_non_null(first);
	first++;
	if (getenv("UPDATE")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fprintf(out, "%.*s%s", (int)(first - text), text, wanted.text);
		fclose(out);
		return;
	}
	assert_string_equal(first, wanted.text);
}

/* With every option of it in force the shipped file is still a good one. */
static void test_the_shipped_samples_are_valid(UNUSED void **state)
{
	cleanup_config_file struct config_file config = { .path = "agent.conf" };
	cleanup_growing_text struct growing_text text = { 0 };
	static struct options options;
	struct err err = { 0 };
	size_t wanted = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		if (!row->from_file)
			continue;
		growing_text_add(&text, row->argument ? "%s = %s\n" : "%s%s\n", row->name,
				 row->argument ? row->sample : "");
		wanted++;
	}
	config.text = TAKE_PTR(text.text);
	assert_int_equal(config_file_parse(config.text, text.length, "agent.conf",
					   &config.lines, &err),
			 0);
	assert_int_equal(config.lines.count, wanted);
	assert_int_equal(given_options_apply(&config.lines, config.path, NULL,
					     agent_option_actions, FOR_AGENT, &options,
					     &err),
			 0);
	assert_int_equal(option_values_check(&options, &err), 0);
	assert_string_equal(options.state_path, DEFAULT_STATE_PATH);
	assert_true(options.strict_arp);
}

static char *help_of(unsigned int commands)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	option_print_help(out, commands);
	fclose(out);
	return text;
}

static void test_help_has_what_has_an_effect(UNUSED void **state)
{
	cleanup_free char *status = help_of(FOR_STATUS), *all = help_of(FOR_AGENT);
	cleanup_free char *run = help_of(FOR_RUN), *list = help_of(FOR_LIST);

	assert_non_null(
		strstr(run, "  --state=PATH         a state file, or a directory"));
	assert_non_null(
		strstr(run, "\n  --adopt=equal|all|none\n                       s"));
	assert_null(strstr(status, "--state"));
	assert_non_null(strstr(status, "--wait[=TIME]        wait"));
	assert_null(strstr(list, "--run-dir"));
	assert_null(strstr(all, "--state"));
	assert_non_null(strstr(all, "--config=FILE"));
	for (char *line = strtok(run, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 82); /* 80 columns, and "…" */
}

static int parse(const char *const *arguments, unsigned int command, const char *name,
		 struct options *options, struct err *err)
{
	struct command_options taken = { name, command, command == FOR_CHECK };
	cleanup_config_file struct config_file config = { 0 };
	char *argv[ARGUMENTS_MAX + 2] = { (char *)name };
	int argc = 1;

	while (arguments[argc - 1]) {
		argv[argc] = (char *)arguments[argc - 1];
		argc++;
	}
	return options_parse(argc, argv, &taken, NULL, &config, options, err);
}

static void test_wrong_usage(UNUSED void **state)
{
	static const struct {
		unsigned int command;
		const char *name;
		const char *arguments[ARGUMENTS_MAX];
		const char *text;
	} usages[] = {
		{ FOR_APPLY,
		  "apply",
		  { "--nonsense" },
		  "apply does not know the option --nonsense" },
		{ FOR_APPLY,
		  "apply",
		  { "--dryrun" },
		  "apply does not know the option --dryrun (did you mean --dry-run?)" },
		{ FOR_APPLY, "apply", { "-xy" }, "apply does not know the option -x" },
		{ FOR_LIST, "list", { "--dry-run" }, "list does not take --dry-run" },
		{ FOR_LIST,
		  "list",
		  { "--module=a" },
		  "list does not know the option --module=a" },
		{ FOR_RUN, "run", { "--state" }, "--state needs a value" },
		{ FOR_RUN, "run", { "--strict-arp=yes" }, "--strict-arp takes no value" },
		{ FOR_RUN, "run", { "--resync=0" }, "--resync: 0 is out of range" },
		{ FOR_RUN,
		  "run",
		  { "--resync", "soon" },
		  "--resync: 'soon' is not a time such as 30s, 500ms, 5min" },
		{ FOR_RUN,
		  "run",
		  { "--adopt=some" },
		  "--adopt: 'some' is none of equal, all, none" },
		{ FOR_RUN,
		  "run",
		  { "--cluster-cidr=10.0.0.0/8,x" },
		  "--cluster-cidr: 'x' is not a network such as 10.244.0.0/16" },
		{ FOR_RUN,
		  "run",
		  { "--reserve=10.96.0.1", "--service-cidr=10.96.0.0/12" },
		  "--reserve: 10.96.0.1/32 is in --service-cidr 10.96.0.0/12, of which every address is local here" },
		{ FOR_RUN, "run", { "x" }, "run takes no argument, but there is 'x'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		static struct options options;
		struct err err = { 0 };

		assert_int_equal(parse(usages[i].arguments, usages[i].command,
				       usages[i].name, &options, &err),
				 -EINVAL);
		assert_string_equal(err.text, usages[i].text);
	}
}

static void test_usage(UNUSED void **state)
{
	static const char *const arguments[] = { "file",  "--node-name",
						 "n1",	  "--reserve=10.0.0.1,10.0.0.2",
						 "--out", "json",
						 NULL };
	static const char *const old[] = { "--state=/x", "--run-dir=/r", NULL };
	static const char *const help[] = { "--help", "--nonsense", NULL };
	static struct options options;
	struct err err = { 0 };

	assert_int_equal(parse(arguments, FOR_CHECK, "check", &options, &err),
			 OPTIONS_OK);
	assert_int_equal(options.operand_count, 1);
	assert_string_equal(options.cluster.node_name, "n1");
	assert_int_equal(options.guard.reserved_count, 2);
	assert_true(options.json);
	assert_string_equal(options.daemon_own, "node-name");
	assert_false(options.state_given);
	assert_string_equal(options.state_path, DEFAULT_STATE_PATH);
	/* Without effect, and taken as ever. */
	assert_int_equal(parse(old, FOR_LIST, "list", &options, &err), OPTIONS_OK);
	assert_true(options.state_given);
	assert_string_equal(options.data_directory, "/r");
	assert_int_equal(parse(help, FOR_RUN, "run", &options, &err), OPTIONS_HELP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_each_option_has_an_action),
		cmocka_unit_test(test_the_shipped_file_has_every_option),
		cmocka_unit_test(test_the_shipped_samples_are_valid),
		cmocka_unit_test(test_help_has_what_has_an_effect),
		cmocka_unit_test(test_wrong_usage),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
