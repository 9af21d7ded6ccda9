/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/ruleset_draft.h"
#include "common/growing_text.h"

struct ruleset_writer {
	const struct ruleset_draft *draft;
	const struct ruleset_counts *counts;
	struct growing_text *text;
	const char *family;	  /* "ip", "ip6" */
	const char *address_type; /* "ipv4_addr", "ipv6_addr" */
	uint32_t bit;
	bool first; /* no element of the set under way was written yet */
};

/* Which sets there are. */
struct ruleset_sets {
	bool masqueraded, outside, self, hairpin, unchanged, own;
	bool addresses, networks, left_open, health; /* what is closed, and not */
	bool kept, kept_whole;			     /* what is not, and has services */
};

/* Writes the sets and maps that are not empty; chains tell by the counts and by what it returns. */
struct ruleset_sets ruleset_write_sets(struct ruleset_writer *w);

/* The family's among them with commas in between, less those that lie in another one. */
void ruleset_write_networks(struct ruleset_writer *w, const struct network *networks,
			    size_t count);
