/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/state_cache.h"
#include "agent/state/draft.h"

/*
 * Makes of the cache's files that are kept and of drafts that were read the cache's new files
 * and table, and takes the drafts over. -ECANCELED where one says what another does already, or
 * what does not go with it; -ENOMEM. The cache and the drafts are then as they were.
 */
int merge_drafts(struct state_cache *cache, struct draft *drafts,
		 size_t count) MUST_CHECK;
