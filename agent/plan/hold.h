/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/ownership.h"
#include "agent/model/table.h"
#include "common/macro.h"

/*
 * The removal hold: a state that would take most of what is ours away is more likely a mistake than a
 * wish, so that what it removes waits, and nothing else does. What it adds is done; what it moves, too: in
 * a service that stays no destination is kept back where at least as many come as go. Endpoints of a
 * cluster come and go by the hundred, and those that went answer nobody: they are never kept back.
 * Pure; all tables are sorted.
 */

struct hold_view {
	const struct table *wanted;
	const struct table
		*named; /* all that the state names; the guard keeps some of it out */
	const struct table *actual;
	/*
	 * The state that was in force before the hold, NULL where it is not known. What a held state
	 * has added since does not make the rest less.
	 */
	const struct table *accepted;
	const struct ownership *ownership;
};

/* Of what is ours and was in force: all, and what would be removed. */
struct hold_counts {
	size_t services, services_removed;
	size_t destinations, destinations_removed;
};

struct hold_counts hold_count(const struct hold_view *view);

/* More than half, and more than 10 services or 20 destinations. */
bool hold_is_due(const struct hold_counts *counts);

/* Whether so much goes that it may be due; a plan's counts have to be looked at more closely then. */
bool hold_may_be_due(size_t services_removed, size_t destinations_removed);

/*
 * Fills an empty table with what has to be in force while the state waits: what is wanted, and what
 * would be removed, with its attributes of the accepted state or those of the kernel; global values
 * likewise. All of it are copies. -ENOMEM: the table is then to be cleared.
 */
int hold_make(const struct hold_view *view, struct table *in_force) MUST_CHECK;
