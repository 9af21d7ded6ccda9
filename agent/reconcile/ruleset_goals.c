/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/ruleset_goals.h"

#include <string.h>

void ruleset_goals_clear(struct ruleset_goals *goals)
{
	for (int slot = 0; slot < RULESET_SLOTS; slot++) {
		ruleset_clear(&goals->wanted[slot]);
		growing_text_clear(&goals->changes[slot]);
	}
	memset(goals, 0, sizeof(*goals));
}
