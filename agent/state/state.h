/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "agent/state/settings.h"
#include "agent/model/table.h"
#include "common/err.h"

/*
 * The edge between state files and the wanted table. A state is one file, or a directory whose
 * *.json files are merged; it is taken whole or not at all.
 */

/* What state_read() can find; anything negative is an errno of our own (ENOMEM). */
enum state_outcome {
	STATE_OK = 0,
	STATE_MISSING = 1, /* no such file, or a directory without a *.json file */
	STATE_INVALID =
		2, /* cannot be read, or is not a valid state: problems say where and why */
};

enum { STATE_PROBLEMS_MAX = 20, STATE_FILE_MAX = 512 * 1024 * 1024 };

/*
 * Every problem found, each a line "FILE:LINE:COLUMN: text" or "FILE:LINE: PATH: text"; only the
 * first STATE_PROBLEMS_MAX are kept, all are counted.
 */
struct state_problems {
	char *lines[STATE_PROBLEMS_MAX];
	size_t count;
	int shortage; /* errno: a file could not be read for want of descriptors or memory; or 0 */
};

void state_problems_clear(struct state_problems *problems);

/*
 * Reads the state at path (a file or a directory) into an empty table and sorts it. On any
 * outcome but STATE_OK the table is empty, problems are filled (one line even for
 * STATE_MISSING: "PATH: does not exist"). The caller clears both.
 */
int state_read(const char *path, struct table *table,
	       struct state_problems *problems) MUST_CHECK;

/* The same where the state may have Kubernetes objects; settings may be NULL. */
int state_read_with(const char *path, const struct state_settings *settings,
		    struct table *table, struct state_problems *problems) MUST_CHECK;

/* What state_write() can say beside -errno. */
enum state_write_outcome {
	STATE_WRITTEN = 0,
	STATE_WRITTEN_IN_PART = 1, /* something was left out and told */
};

/*
 * Writes the table as a state file that state_read() takes back: services and destinations in
 * the table's order, only what is not a default. A kernel's table can hold what a state file
 * cannot say (a service without a scheduler, a weight of 70000): it is left out, with a line
 * "tcp 10.0.0.1:80 -> 10.0.0.2:80: weight: 70000 is not in 0..65535" each on left_out unless that
 * is NULL. What the kernel ignores is left out silently; "local" is written as masquerade, which
 * the kernel makes of it again where the destination is the node itself.
 */
int state_write(FILE *out, const struct table *table, FILE *left_out) MUST_CHECK;
