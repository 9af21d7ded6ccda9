/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/kernel/nft_table.h"
#include "agent/model/ownership.h"
#include "agent/plan/ruleset.h"
#include "common/err.h"
#include "common/growing_text.h"

/*
 * Tables of nftables as they were read last. With the same generation nobody has written to any since,
 * so that they need not be read again. Zeroed at the start.
 */
struct rulesets_seen {
	uint32_t generation;
	bool known[RULESET_SLOTS]; /* by ruleset_slot() */
	struct nft_table tables[RULESET_SLOTS];
};

/* What is wanted of nftables' tables and what is there. Zeroed at the start. */
struct ruleset_goals {
	bool looked; /* the rest is valid */
	struct ruleset wanted[RULESET_SLOTS];
	struct nft_table actual[RULESET_SLOTS];
	bool conflict[RULESET_SLOTS];
	/* For nft(8), where elements alone make the table of what it is; else empty. */
	struct growing_text changes[RULESET_SLOTS];
	struct err trouble; /* code 0, or why nf_tables could not be asked */
};

void ruleset_goals_clear(struct ruleset_goals *goals);
