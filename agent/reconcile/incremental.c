/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/incremental.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/execute.h"
#include "agent/reconcile/rulesets.h"
#include "agent/reconcile/snapshot_plan.h"
#include "agent/reconcile/implied_sysctls.h"
#include "agent/plan/hold.h"
#include "common/array.h"
#include "common/cleanup.h"
#include "common/clock.h"

static int borrow(struct snapshot *part, const struct service *service, size_t *room)
{
	struct table *wanted = &part->wanted;

	if (ARRAY_MAKE_ROOM(wanted->services, wanted->service_count, *room) < 0)
		return -ENOMEM;
	wanted->services[wanted->service_count++] = *service;
	return 0;
}

int incremental_borrow_wanted(struct snapshot *part, const struct table *table)
{
	size_t room = 0;
	int r = 0;

	part->wanted_in_part = true;
	for (size_t i = 0; r == 0 && i < part->scope_count; i++) {
		const struct service *found = table_find_service(table, &part->scope[i]);

		if (found)
			r = borrow(part, found, &room);
	}
	return r;
}

/* Endpoints of a cluster are not: they are never held. */
static size_t count_destinations(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->service_count; i++) {
		if (!table->services[i].of_cluster)
			count += table->services[i].destination_count;
	}
	return count;
}

/* What is not in the part is ours and stays: it counts when most of it would be removed. */
static bool removes_most(const struct snapshot *whole, const struct snapshot *part)
{
	struct plan counts = part->plan;

	counts.owned_services += whole->wanted.service_count - part->wanted.service_count;
	if (!hold_may_be_due(counts.removed_services, counts.removed_destinations))
		return false;
	counts.owned_destinations +=
		count_destinations(&whole->wanted) - count_destinations(&part->wanted);
	return plan_removes_most(&counts);
}

static int bring_about(struct snapshot *whole, struct snapshot *part,
		       struct reconcile_report *report, struct err *err)
{
	const struct options *options = whole->session->options;
	int r = incremental_borrow_wanted(part, &whole->wanted);

	if (r < 0)
		return err_errno(err, -r, "planning");
	r = snapshot_plan_part(part, report, err);
	if (r < 0)
		return r;
	if (options->removal_hold_usec && !whole->session->allow_removal &&
	    removes_most(whole, part))
		return INCREMENTAL_NEEDS_ALL;
	whole->session->held_since = 0;
	r = execute_plan(part, false, report, err);
	if (r < 0)
		return r;
	whole->drains_begun = part->plan.drains_begun;
	return r == EXECUTE_AGAIN ? INCREMENTAL_NEEDS_ALL : INCREMENTAL_DONE;
}

/* What is contested stands in the last applied table as brought about; only a whole reconcile reports it. */
static bool is_possible(const struct snapshot *whole)
{
	const struct session *session = whole->session;
	uint64_t now = clock_usec(CLOCK_BOOTTIME);

	return session->record_read && !session->record_unsaved &&
	       session->last_applied.services && !session->held_since &&
	       !session->wants_reconcile &&
	       drift_backoff_next(&session->drift_backoffs, now) == UINT64_MAX &&
	       last_applied_has_globals(&session->last_applied, &whole->wanted.globals,
					&session->ownership);
}

int incremental_apply(struct snapshot *whole, struct reconcile_report *report,
		      struct err *err)
{
	struct session *session = whole->session;
	struct snapshot part = { .session = session };
	static const struct service_key none;
	cleanup_free struct service_key *scope = NULL;
	size_t scope_count = 0;
	int r;

	if (implied_sysctls_add(whole) < 0)
		return err_errno(err, ENOMEM, "planning");
	if (!is_possible(whole))
		return INCREMENTAL_NEEDS_ALL;
	r = last_applied_find_changes(&session->last_applied, &whole->wanted,
				      &session->ownership, &scope, &scope_count);
	if (r < 0)
		(void)err_errno(err, -r, "planning");
	else if (scope_count * 2 > whole->wanted.service_count + 1)
		r = INCREMENTAL_NEEDS_ALL;
	else
		r = snapshot_open(whole, err);
	/* What a service is for its clients has a ruleset, which is made of all of them. */
	if (r == 0 && (scope_count > 0 || rulesets_concern(whole))) {
		part.ipvs = whole->ipvs;
		part.scope = scope ? scope : &none;
		part.all_wanted = &whole->wanted;
		part.scope_count = scope_count;
		r = bring_about(whole, &part, report, err);
		part.ipvs = NULL; /* the whole's */
	}
	snapshot_clear(&part);
	return r;
}
