/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"
#include "common/config_file.h"
#include "common/err.h"
#include "common/given_options.h"
#include "common/macro.h"

#define DEFAULT_RUN_DIRECTORY "/run/ipvs-node"

/* A command of ipvs-agent, as far as its options go. */
struct command_options {
	const char *name;
	unsigned int command; /* its FOR_… */
	bool operands;	      /* takes operands after its options */
};

/*
 * Options of a command: those of the options file, then those that argv[1] and on have,
 * which replace the file's. The file is checked as a whole, whatever the command takes
 * of it. `default_config` is read where no --config names another (NULL: none is);
 * config then has its text, which options borrow from, and is the caller's to clear.
 * Sets the log level. An outcome, or -errno with err naming the argument, or the file
 * and line, that is wrong.
 */
int options_parse(int argc, char **argv, const struct command_options *command,
		  const char *default_config, struct config_file *config,
		  struct options *options, struct err *err) MUST_CHECK;
