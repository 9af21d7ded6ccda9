/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "agent/cli/commands.h"
#include "agent/cli/daemon_state.h"
#include "agent/cli/agent_options.h"
#include "common/build_note.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/notify.h"

static const struct command {
	struct command_options options;
	int (*run)(const struct options *options);
	const char *summary;
	const char *operands; /* of the usage */
	bool daemon_state;    /* without --state it is about the running daemon's state */
} commands[] = {
	{ { "run", FOR_RUN, false },
	  run_main,
	  "the daemon: apply the state, watch it, repair drift",
	  "",
	  false },
	{ { "apply", FOR_APPLY, false },
	  apply_main,
	  "make the kernel's table equal to the state once; ask the daemon where one runs",
	  "",
	  true },
	{ { "diff", FOR_DIFF, false },
	  diff_main,
	  "print what apply would change; exit status 0: nothing, 1: something, 2: trouble",
	  "",
	  true },
	{ { "check", FOR_CHECK, true },
	  check_main,
	  "validate state files, named behind it or by --state; needs no privilege",
	  " [PATH]…",
	  true },
	{ { "convert", FOR_CONVERT, true },
	  convert_main,
	  "print Kubernetes objects, or what ipvsadm-save -n prints, as a native state file",
	  " [PATH]",
	  false },
	{ { "list", FOR_LIST, false },
	  list_main,
	  "print the kernel's table for people",
	  "",
	  false },
	{ { "save", FOR_SAVE, false },
	  save_main,
	  "print the kernel's table as a state file",
	  "",
	  false },
	{ { "status", FOR_STATUS, false },
	  status_main,
	  "print what the daemon did last; exit status 0: in sync, 3: degraded, 1: no daemon",
	  "",
	  false },
	{ { "cleanup", FOR_CLEANUP, false },
	  cleanup_main,
	  "take away everything that is ours at once, and nothing else",
	  "",
	  false },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].options.name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static void print_help(void)
{
	printf("Usage: ipvs-agent COMMAND [OPTION]…\n\n"
	       "Keeps the kernel's IPVS table equal to a local state file.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s %s\n", commands[i].options.name, commands[i].summary);
	printf("\nOptions of all commands:\n");
	option_print_help(stdout, FOR_AGENT);
	printf("\nOptions can also be lines of " DEFAULT_CONFIG_PATH ".\n"
	       "`ipvs-agent COMMAND --help` has those of one. Manuals: ipvs-agent(8),\n"
	       "ipvs-agent.conf(5), ipvs-node-state(5).\n");
}

static void print_command_help(const struct command *command)
{
	const char *name = command->options.name;

	printf("Usage: ipvs-agent %s [OPTION]…%s\n\n%s: %s.\n\nOptions:\n", name,
	       command->operands, name, command->summary);
	option_print_help(stdout, command->options.command);
}

static int run_command(const struct command *command, int argc, char **argv)
{
	cleanup_config_file struct config_file config = { 0 };
	cleanup_free char *state_path = NULL;
	struct options options;
	struct err err;
	int r;

	r = options_parse(argc, argv, &command->options, DEFAULT_CONFIG_PATH, &config,
			  &options, &err);
	if (r == OPTIONS_HELP) {
		print_command_help(command);
		return EXIT_DONE;
	}
	if (r == OPTIONS_VERSION) {
		printf("ipvs-agent %s%s\n", VERSION, BUILD_NOTE);
		return EXIT_DONE;
	}
	if (r < 0) {
		log_error("%s; see ipvs-agent %s --help", err.text,
			  command->options.name);
		if (command->options.command == FOR_RUN)
			notify_send("STATUS=%s\nERRNO=%d", err.text, err.code);
		return EXIT_USAGE;
	}
	if (command->daemon_state && options.operand_count == 0)
		daemon_state_use(&options, &state_path);
	return command->run(&options);
}

int main(int argc, char **argv)
{
	const struct command *command;

	log_init("ipvs-agent");
	if (argc < 2) {
		log_error("a command is missing; see ipvs-agent --help");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help();
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("ipvs-agent %s%s\n", VERSION, BUILD_NOTE);
		return EXIT_DONE;
	}
	command = find_command(argv[1]);
	if (!command) {
		log_error("there is no command '%s'; see ipvs-agent --help", argv[1]);
		return EXIT_USAGE;
	}
	return run_command(command, argc - 1, argv + 1);
}
