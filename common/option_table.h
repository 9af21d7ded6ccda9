/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * The options of both programs, one row each. The command line, --help, the options
 * file and their messages all follow from the rows. They are in one table because both
 * programs read one options file, and each has to know a mistyped name from an option
 * of the other. What a value means is up to each program (struct option_action).
 */

#define DEFAULT_CONFIG_PATH "/etc/ipvs-node/agent.conf"
#define DEFAULT_STATE_PATH  "/etc/ipvs-node/state.json"

/* Who takes an option: commands of ipvs-agent, and ipvs-preflight as a whole. */
enum {
	FOR_RUN = 1 << 0,
	FOR_APPLY = 1 << 1,
	FOR_DIFF = 1 << 2,
	FOR_CHECK = 1 << 3,
	FOR_CONVERT = 1 << 4,
	FOR_LIST = 1 << 5,
	FOR_SAVE = 1 << 6,
	FOR_STATUS = 1 << 7,
	FOR_CLEANUP = 1 << 8,
	FOR_AGENT = (1 << 9) - 1,
	FOR_PREFLIGHT = 1 << 9,
};

enum option_id {
	OPTION_DRY_RUN,
	OPTION_ALLOW_REMOVAL,
	OPTION_RELOAD,
	OPTION_WAIT,
	OPTION_RESYNC,
	OPTION_STRICT_READY,
	OPTION_REMOVAL_HOLD,
	OPTION_ADOPT,
	OPTION_DRAIN_TIMEOUT,
	OPTION_DRAIN_UDP,
	OPTION_NO_DRAIN,
	OPTION_CLUSTER_CIDR,
	OPTION_MASQUERADE_ALL,
	OPTION_MASQUERADE_BIT,
	OPTION_NO_ENDPOINTS,
	OPTION_NODE_NAME,
	OPTION_SCHEDULER,
	OPTION_NODE_PORT_ADDRESSES,
	OPTION_RESERVE,
	OPTION_PERMIT,
	OPTION_LINK,
	OPTION_KEEP_LINK,
	OPTION_SERVICE_CIDR,
	OPTION_STRICT_ARP,
	OPTION_DATA_DIR,
	OPTION_NO_AUTOLOAD,
	OPTION_CHECK,
	OPTION_MODULE,
	OPTION_CONN_TAB_BITS,
	OPTION_IGNORE,
	OPTION_ROOT,
	OPTION_PERSIST,
	OPTION_EXEC,
	OPTION_KEEP_CAP,
	OPTION_FOR_AGENT,
	OPTION_STATE,
	OPTION_RUN_DIR,
	OPTION_CONFIG,
	OPTION_OUTPUT,
	OPTION_LOG_LEVEL,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_COUNT,
};

struct option_row {
	const char *name; /* without "--" */
	const char
		*argument; /* "TIME", or the words there are: "text|json"; NULL: none */
	const char *help;  /* one sentence without its end; wrapped where it is printed */
	const char *
		sample; /* a value for the options file: the default where there is one */
	unsigned int commands;	/* those whose --help has it */
	unsigned int accepted;	/* those that take it without effect, for old scripts */
	unsigned int from_file; /* those that take it from the options file */
	bool argument_optional;
	bool repeats;	 /* each adds to those before; otherwise the last one holds */
	bool daemon_own; /* a running daemon goes by its own, whatever `apply` is given */
};

extern const struct option_row option_rows[OPTION_COUNT];

/* The row of a name without "--", or NULL. */
const struct option_row *option_find(const char *name);

/* Names that a misspelt one may mean, of options of these commands or of the file. */
const char *option_nearest(const char *name, unsigned int commands);
const char *option_nearest_in_file(const char *name);

/* Help lines of the options that all of these commands have, in the table's order. */
void option_print_help(FILE *out, unsigned int commands);
