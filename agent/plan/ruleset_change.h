/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/ruleset.h"
#include "common/growing_text.h"
#include "common/macro.h"

/* How one ruleset becomes another by its elements alone, so that one service more costs no more. */

enum ruleset_change {
	RULESET_CHANGE_ELEMENTS = 0, /* commands make a table of from one of to */
	RULESET_CHANGE_WHOLE = 1,    /* other rules, or most is another: to be replaced */
};

/*
 * Both with a text, of one family. Adds commands in nft(8)'s language, for one transaction. enum
 * ruleset_change, or -ENOMEM; what was added to commands then does not count.
 */
int ruleset_change(const struct ruleset *from, const struct ruleset *to,
		   struct growing_text *commands) MUST_CHECK;
