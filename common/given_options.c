/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/given_options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "common/array.h"

/* getopt_long()'s answers: above those that are letters. */
enum { FIRST_CODE = 256 };

int given_options_add(struct given_options *given, const struct option_row *row,
		      const char *value, unsigned int line)
{
	if (ARRAY_MAKE_ROOM(given->items, given->count, given->room) < 0)
		return -ENOMEM;
	given->items[given->count++] =
		(struct given_option){ .row = row, .value = value, .line = line };
	return 0;
}

const struct given_option *given_options_find(const struct given_options *given,
					      const struct option_row *row)
{
	for (size_t i = given->count; i > 0; i--) {
		if (given->items[i - 1].row == row)
			return &given->items[i - 1];
	}
	return NULL;
}

void given_options_clear(struct given_options *given)
{
	free(given->items);
	*given = (struct given_options){ 0 };
}

static int apply_option(const struct given_option *option,
			const struct option_action *action, void *options,
			struct err *err)
{
	if (action->flag)
		*(bool *)((char *)options + action->flag - 1) = true;
	return action->set ? action->set(options, option->value, err) : 0;
}

int given_options_apply(const struct given_options *given, const char *path,
			const struct given_options *over,
			const struct option_action actions[OPTION_COUNT],
			unsigned int commands, void *options, struct err *err)
{
	for (size_t i = 0; i < given->count; i++) {
		const struct given_option *option = &given->items[i];
		const struct option_row *row = option->row;
		int r;

		if (path && !(row->from_file & commands))
			continue;
		if (over && given_options_find(over, row))
			continue;
		r = apply_option(option, &actions[row - option_rows], options, err);
		if (r < 0)
			return path ? err_prefix(err, "%s:%u: %s", path, option->line,
						 row->name)
				    : err_prefix(err, "--%s", row->name);
	}
	return 0;
}

/*
 * Those of all commands of the program, so that a message can say which of them has it.
 */
static unsigned int program_of(unsigned int command)
{
	return command & FOR_AGENT ? FOR_AGENT : FOR_PREFLIGHT;
}

static void make_getopt_table(unsigned int command, struct option table[OPTION_COUNT + 1])
{
	size_t count = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];

		if ((row->commands | row->accepted) & program_of(command))
			table[count++] = (struct option){
				.name = row->name,
				.has_arg = !row->argument	    ? no_argument
					   : row->argument_optional ? optional_argument
								    : required_argument,
				.val = FIRST_CODE + (int)i,
			};
	}
	table[count] = (struct option){ 0 };
}

static int refuse_unknown(const char *argument, unsigned int command, const char *name,
			  struct err *err)
{
	const char *near = NULL;
	char wrong[64];

	if (strncmp(argument, "--", 2) == 0 &&
	    strcspn(argument + 2, "=") < sizeof(wrong)) {
		size_t length = strcspn(argument + 2, "=");

		memcpy(wrong, argument + 2, length);
		wrong[length] = '\0';
		near = option_nearest(wrong, command);
	}
	if (!name)
		return err_set(err, EINVAL, "unknown option '%s'%s%s%s", argument,
			       near ? " (did you mean --" : "", near ? near : "",
			       near ? "?)" : "");
	return err_set(err, EINVAL, "%s does not know the option %s%s%s%s", name,
		       argument, near ? " (did you mean --" : "", near ? near : "",
		       near ? "?)" : "");
}

/* getopt_long() answered '?' or ':'; optopt is the letter, the row's code, or 0. */
static int refuse_argument(int answer, char **argv, unsigned int command,
			   const char *name, struct err *err)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (answer == ':')
		return err_set(err, EINVAL, "%s needs a value", argv[optind - 1]);
	if (optopt >= FIRST_CODE)
		return err_set(err, EINVAL, "--%s takes no value",
			       option_rows[optopt - FIRST_CODE].name);
	return refuse_unknown(optopt ? letter : argv[optind - 1], command, name, err);
}

int command_line_read(int argc, char **argv, unsigned int command, const char *name,
		      bool stop_early, struct given_options *given, int *operands,
		      struct err *err)
{
	struct option table[OPTION_COUNT + 1];
	int code;

	make_getopt_table(command, table);
	optind = 0; /* glibc: start anew, also its inner state */
	opterr = 0;
	while ((code = getopt_long(argc, argv, stop_early ? "+:" : ":", table, NULL)) !=
	       -1) {
		const struct option_row *row;

		if (code == '?' || code == ':')
			return refuse_argument(code, argv, command, name, err);
		row = &option_rows[code - FIRST_CODE];
		if (row == &option_rows[OPTION_HELP])
			return OPTIONS_HELP;
		if (row == &option_rows[OPTION_VERSION])
			return OPTIONS_VERSION;
		if (!((row->commands | row->accepted) & command))
			return err_set(err, EINVAL, "%s does not take --%s", name,
				       row->name);
		if (given_options_add(given, row, optarg, 0) < 0)
			return err_errno(err, ENOMEM, "options");
	}
	*operands = optind;
	return OPTIONS_OK;
}
