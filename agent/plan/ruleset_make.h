/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/ruleset.h"

/* The wanted ruleset of a table's services. Pure: the same services and settings give the same text. */

/* Fills an empty one from a sorted table. -ENOMEM; it is then empty still. */
int ruleset_make(const struct table *table, const struct ruleset_settings *settings,
		 uint8_t family, struct ruleset *ruleset) MUST_CHECK;

/*
 * Fills an empty one that does nothing new: connections are followed and translated for as long as
 * there is a rule that asks for conntrack (nft_ct.c: nf_ct_netns_get) and a chain of NAT
 * (nf_nat_core.c: nf_nat_register_fn). -ENOMEM.
 */
int ruleset_make_idle(uint8_t family, struct ruleset *ruleset) MUST_CHECK;
