/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "agent/state/state.h"

/*
 * What `ipvsadm-save -n` prints (ipvsadm(8)), as a table: a line for each virtual service, and behind
 * it one for each of its destinations, as options of ipvsadm, short or long.
 */

enum rules_outcome {
	RULES_READ = 0,
	RULES_READ_IN_PART = 1, /* something was left out and told */
	RULES_UNREADABLE = 2,	/* problems say where and why; the table is empty */
};

/* Whether a text is such rules, or their comments, and no JSON: by its first character. */
bool ipvsadm_rules_are(const char *text);

/*
 * Fills an empty table, sorted; path is for messages. The text is taken apart. A rule that a state
 * cannot say is left out, with a line "PATH:LINE: reason" on left_out, in their order; one line that
 * is no rule refuses the whole. Or -ENOMEM.
 */
int ipvsadm_rules_read(const char *path, char *text, struct table *table, FILE *left_out,
		       struct state_problems *problems) MUST_CHECK;
