/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"
#include "common/option_table.h"

/* Options as they were given, on a command line or in an options file, in their order. */

struct given_option {
	const struct option_row *row;
	const char *value; /* NULL: none; borrowed */
	unsigned int line; /* of the file; 0: on the command line */
};

struct given_options {
	struct given_option *items; /* owned */
	size_t count, room;
};

/* -ENOMEM. */
int given_options_add(struct given_options *given, const struct option_row *row,
		      const char *value, unsigned int line) MUST_CHECK;

/* The last one of this row, or NULL. */
const struct given_option *given_options_find(const struct given_options *given,
					      const struct option_row *row);

void given_options_clear(struct given_options *given);
#define cleanup_given_options CLEANUP(given_options_clear)

/*
 * What a program does with an option's value: it sets a bool of its options, or calls a
 * function. That gives 0, or -EINVAL with err saying what is wrong with the value,
 * without the option's name; value is NULL where an optional one is left out.
 */
struct option_action {
	size_t flag; /* 1 + where the bool is; 0: none */
	int (*set)(void *options, const char *value, struct err *err);
};

#define OPTION_FLAG(type, member)                                                        \
	{                                                                                \
		.flag = 1 + offsetof(type, member)                                       \
	}
#define OPTION_VALUE(function)                                                           \
	{                                                                                \
		.set = (function)                                                        \
	}

/*
 * Carries out those given options that the program has an action for and that are in
 * one of `commands`: of a file's (path is its name) by from_file, but for those that
 * `over` has as well; of a command line (path NULL) all. -EINVAL with err naming place,
 * option and fault.
 */
int given_options_apply(const struct given_options *given, const char *path,
			const struct given_options *over,
			const struct option_action actions[OPTION_COUNT],
			unsigned int commands, void *options, struct err *err) MUST_CHECK;

/* Not an error, but what was asked for. */
enum options_outcome { OPTIONS_OK = 0, OPTIONS_HELP = 1, OPTIONS_VERSION = 2 };

/*
 * Reads the options that argv[1] and on have for this command; `name` is what messages
 * call it, NULL for a program without commands. With stop_early options end at the
 * first operand. Sets *operands to the index of the first operand (argv is then
 * sorted). An outcome, -EINVAL, or -ENOMEM.
 */
int command_line_read(int argc, char **argv, unsigned int command, const char *name,
		      bool stop_early, struct given_options *given, int *operands,
		      struct err *err) MUST_CHECK;
