/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/plan/plan.h"
#include "agent/model/table.h"
#include "common/macro.h"

/*
 * What the last reconcile left as the state wanted it, as fingerprints. An operation on an object
 * that was brought about already and is wanted as before repairs
 * drift. Memory only. Zeroed at the start.
 */
struct last_applied_service {
	struct service_key key;
	uint64_t fingerprint; /* fingerprint_service_whole() */
};

struct last_applied {
	struct last_applied_service
		*services; /* sorted by key; NULL where nothing is known */
	size_t service_count;
	struct globals globals;
	bool globals_known; /* all global values in force are known; false is not "none" */
};

/*
 * Takes over what is wanted and was brought about: failed has a flag for each wanted service.
 * Global values are not known where globals_failed. -ENOMEM: the last applied table is then empty.
 */
int last_applied_replace(struct last_applied *last_applied, const struct table *wanted,
			 const bool *failed, bool globals_failed) MUST_CHECK;

/*
 * The same for a part: what is wanted of the services in scope, which is sorted. The others stay as
 * they are, as do global values.
 */
int last_applied_update(struct last_applied *last_applied, const struct table *wanted,
			const bool *failed, const struct service_key *scope,
			size_t scope_count) MUST_CHECK;

/*
 * Sets drift in those operations of the plan that are. A service that ownership does not name was
 * never brought about, whatever the last applied table says.
 */
void last_applied_mark_drift(const struct last_applied *last_applied,
			     const struct table *wanted,
			     const struct ownership *ownership, struct plan *plan);

/*
 * What a part has to look at: the keys of services that are wanted otherwise than they were brought
 * about, or no more, and of those that ownership names although neither wants them (a service that
 * failed in part is not in the last applied table, and may be in the kernel). What drains is looked after
 * elsewhere. Sorted, the caller frees it. -ENOMEM.
 */
int last_applied_find_changes(const struct last_applied *last_applied,
			      const struct table *wanted,
			      const struct ownership *ownership,
			      struct service_key **keys, size_t *count) MUST_CHECK;

/*
 * Whether global values are known, wanted as they were, and nothing of them is ours beyond that:
 * only then a part, which does not look at them, is enough.
 */
bool last_applied_has_globals(const struct last_applied *last_applied,
			      const struct globals *wanted,
			      const struct ownership *ownership);

void last_applied_clear(struct last_applied *last_applied);
