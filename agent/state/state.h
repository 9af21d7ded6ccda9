/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "agent/table/table.h"
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
};

void state_problems_clear(struct state_problems *problems);

/*
 * Reads the state at path (a file or a directory) into an empty table and sorts it. On any
 * outcome but STATE_OK the table is empty, problems are filled (one line even for
 * STATE_MISSING: "PATH: does not exist"). The caller clears both.
 */
int state_read(const char *path, struct table *table,
	       struct state_problems *problems) MUST_CHECK;

/* Writes the table as a state file that state_read() takes back to an equal table. -errno. */
int state_write(FILE *out, const struct table *table) MUST_CHECK;
