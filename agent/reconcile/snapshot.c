/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_keys(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

bool snapshot_covers(const struct snapshot *snapshot, const struct service_key *key)
{
	return !snapshot->scope || bsearch(key, snapshot->scope, snapshot->scope_count,
					   sizeof(*snapshot->scope), compare_keys);
}

int snapshot_open(struct snapshot *snapshot, struct err *err)
{
	return snapshot->ipvs ? 0 : ipvs_open(&snapshot->ipvs, err);
}

void snapshot_clear_wanted(struct snapshot *snapshot)
{
	if (snapshot->wanted_in_part)
		free(snapshot->wanted.services);
	if (snapshot->wanted_borrowed || snapshot->wanted_in_part) {
		globals_clear(&snapshot->wanted.globals);
		memset(&snapshot->wanted, 0, sizeof(snapshot->wanted));
	} else {
		table_clear(&snapshot->wanted);
	}
	snapshot->wanted_borrowed = snapshot->wanted_in_part = false;
}

/* The wanted services are the session's, or those of a last good state. */
int snapshot_take_out(struct snapshot *snapshot, const bool *taken)
{
	struct table *wanted = &snapshot->wanted;
	bool borrowed = snapshot->wanted_borrowed;
	struct service *kept = wanted->services;
	size_t count = 0;

	if (borrowed) {
		kept = calloc(wanted->service_count + 1, sizeof(*kept));
		if (!kept)
			return -ENOMEM;
	}
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (!taken[i])
			kept[count++] = wanted->services[i];
		else if (!borrowed)
			service_clear(&wanted->services[i]);
	}
	wanted->services = kept;
	wanted->service_count = count;
	if (borrowed) {
		snapshot->wanted_borrowed = false;
		snapshot->wanted_in_part = true;
	}
	return 0;
}

void snapshot_clear(struct snapshot *snapshot)
{
	plan_clear(&snapshot->plan);
	snapshot_clear_wanted(snapshot);
	vip_admission_clear(&snapshot->admission);
	table_clear(&snapshot->actual);
	table_clear(&snapshot->accepted);
	ruleset_goals_clear(&snapshot->rulesets);
	ipvs_close(snapshot->ipvs);
	memset(snapshot, 0, sizeof(*snapshot));
}
