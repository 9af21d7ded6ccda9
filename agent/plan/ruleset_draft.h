/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/ruleset.h"

/* A list of networks that some services share; a chain of its own. */
struct source_list {
	const struct network *sources;
	size_t count;
	bool has_own; /* one of the node's own addresses is in it */
};

/* What is known before the text is written. */
struct ruleset_draft {
	const struct table *table;
	const struct ruleset_settings *settings;
	uint8_t family;
	struct source_list *lists; /* sorted, none twice; owned */
	size_t list_count;
	struct address *closed; /* outside the networks below; sorted; owned */
	size_t closed_count;
	struct network *networks; /* service networks that are closed; sorted; owned */
	size_t network_count;
	struct address *left_open; /* those in them that are not; sorted; owned */
	size_t left_open_count;
	bool has_cluster; /* a cluster network of the family */
};

/* Of the draft's family and known by address, protocol and port, so that its key can be in a set. */
bool draft_has_key(const struct ruleset_draft *draft, const struct service *service);

/* enum source_nat as the settings have it. */
uint8_t draft_level(const struct ruleset_draft *draft, const struct service *service);

bool draft_restricts(const struct ruleset_draft *draft, const struct service *service);
bool draft_redirects(const struct ruleset_draft *draft, const struct service *service);
bool draft_refuses(const struct ruleset_draft *draft, const struct service *service);

/* The service's list of sources, which it has: its index in lists. */
size_t draft_list(const struct ruleset_draft *draft, const struct service *service);

/*
 * Fills in lists and what is closed; restricted: of services with a list. -ENOMEM; it is to be
 * cleared in any case.
 */
int draft_gather(struct ruleset_draft *draft, size_t restricted) MUST_CHECK;
void draft_clear(struct ruleset_draft *draft);

bool draft_is_closed(const struct ruleset_draft *draft, const struct address *address);

/*
 * Whether the service's connections are kept from other programs' destination NAT by its key, or by its
 * address and protocol where it has every port. Not of those whose address is closed or whose key is
 * masqueraded or outside: these sets keep them.
 */
bool draft_keeps(const struct ruleset_draft *draft, const struct service *service);
bool draft_keeps_whole(const struct ruleset_draft *draft, const struct service *service);

/* Whether IPVS leaves packets to the address as they are: any destination is not masqueraded. */
bool draft_forwards_unchanged(const struct service *service);
