/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/agent_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/option_values.h"
#include "agent/kernel/node_address.h"
#include "common/log.h"

static const char default_run_directory[] = DEFAULT_RUN_DIRECTORY;
static const char default_data_directory[] = "/var/lib/ipvs-node";

static void set_defaults(struct options *options)
{
	*options = (struct options){
		.state_path = DEFAULT_STATE_PATH,
		.run_directory = default_run_directory,
		.link = "ipvs0",
		.log_level = log_get_level(),
		.resync_usec = 30 * 1000000,
		.removal_hold_usec = 10 * 60 * 1000000ULL,
		.drain_timeout_usec = 15 * 60 * 1000000ULL,
		.cluster = { .node_addresses = host_address_list },
		.masquerade_bit = MASQUERADE_BIT_DEFAULT,
	};
}

/*
 * All of its lines, those for other commands too: a mistake is told by the first
 * command.
 */
static int check_config(const struct config_file *config, struct err *err)
{
	cleanup_free struct options *options = malloc(sizeof(*options));
	int r;

	if (!options)
		return err_errno(err, ENOMEM, "options");
	set_defaults(options);
	r = given_options_apply(&config->lines, config->path, NULL, agent_option_actions,
				FOR_AGENT, options, err);
	if (r < 0)
		return r;
	r = option_values_check(options, err);
	return r < 0 ? err_prefix(err, "%s", config->path) : 0;
}

/* What follows from the options together. */
static void complete_options(struct options *options)
{
	options->own_link.name = options->link;
	options->cluster.guard = &options->guard;
	options->cluster.node_addresses_context = &options->own_link;
	/*
	 * Another run directory is another table, which must not be given this one's
	 * last state.
	 */
	if (!options->data_directory)
		options->data_directory =
			strcmp(options->run_directory, default_run_directory) == 0
				? default_data_directory
				: options->run_directory;
	log_set_level(options->log_level);
}

static void note_command_line(const struct given_options *given, struct options *options)
{
	options->state_given = given_options_find(given, &option_rows[OPTION_STATE]);
	for (size_t i = 0; i < given->count && !options->daemon_own; i++) {
		if (given->items[i].row->daemon_own)
			options->daemon_own = given->items[i].row->name;
	}
}

static int take_operands(int argc, char **argv, int first,
			 const struct command_options *command, struct options *options,
			 struct err *err)
{
	if (first < argc && !command->operands)
		return err_set(err, EINVAL, "%s takes no argument, but there is '%s'",
			       command->name, argv[first]);
	options->operands = argv + first;
	options->operand_count = argc - first;
	return 0;
}

int options_parse(int argc, char **argv, const struct command_options *command,
		  const char *default_config, struct config_file *config,
		  struct options *options, struct err *err)
{
	cleanup_given_options struct given_options given = { 0 };
	int first, r;

	r = command_line_read(argc, argv, command->command, command->name, false, &given,
			      &first, err);
	if (r != OPTIONS_OK)
		return r;
	r = config_file_read(&given, default_config, config, err);
	if (r == 0)
		r = check_config(config, err);
	if (r < 0)
		return r;
	set_defaults(options);
	r = given_options_apply(&config->lines, config->path, &given,
				agent_option_actions, command->command, options, err);
	if (r == 0)
		r = given_options_apply(&given, NULL, NULL, agent_option_actions,
					command->command, options, err);
	if (r == 0)
		r = option_values_check(options, err);
	if (r < 0)
		return r;
	note_command_line(&given, options);
	options->config_path = config->path;
	options->config_fingerprint = config_file_fingerprint(config, FOR_RUN);
	complete_options(options);
	return take_operands(argc, argv, first, command, options, err);
}
