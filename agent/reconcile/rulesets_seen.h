/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/kernel/nft_table.h"
#include "agent/model/ownership.h"

/*
 * Tables of nftables as they were read last. With the same generation nobody has written to any since,
 * so that they need not be read again. Zeroed at the start.
 */
struct rulesets_seen {
	uint32_t generation;
	bool known[RULESET_SLOTS]; /* by ruleset_slot() */
	struct nft_table tables[RULESET_SLOTS];
};
