/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/execution.h"
#include "agent/daemon/implied_sysctls.h"
#include "agent/table/fingerprint.h"
#include "common/array.h"
#include "common/clock.h"

struct scope {
	struct service_key *keys;
	size_t count, room;
};

static int add_key(struct scope *scope, const struct service_key *key)
{
	if (ARRAY_MAKE_ROOM(scope->keys, scope->count, scope->room) < 0)
		return -ENOMEM;
	scope->keys[scope->count++] = *key;
	return 0;
}

/* The keys of services that are wanted otherwise than they were brought about, or no more. */
static int find_changes(const struct history *history, const struct table *wanted,
			struct scope *scope)
{
	size_t h = 0, w = 0;
	int r = 0;

	while (r == 0 && (h < history->service_count || w < wanted->service_count)) {
		const struct history_service *known = &history->services[h];
		const struct service *want = &wanted->services[w];
		int order;

		if (w == wanted->service_count)
			order = -1;
		else if (h == history->service_count)
			order = 1;
		else
			order = service_key_compare(&known->key, &want->key);
		if (order < 0)
			r = add_key(scope, &known->key);
		else if (order > 0 || known->fingerprint != service_fingerprint(want))
			r = add_key(scope, &want->key);
		h += order <= 0;
		w += order >= 0;
	}
	return r;
}

/* Whether both tell the same of everything but services; implied sysctls are in the history's. */
static bool globals_equal(const struct globals *known, const struct globals *wanted)
{
	if (memcmp(&known->timeouts, &wanted->timeouts, sizeof(known->timeouts)) != 0 ||
	    known->sysctl_count != wanted->sysctl_count)
		return false;
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *a = &known->daemons[slot];
		const struct sync_daemon *b = &wanted->daemons[slot];

		if (a->role != b->role || a->max_length != b->max_length ||
		    fingerprint_sync_daemon(a) != fingerprint_sync_daemon(b))
			return false;
	}
	for (size_t i = 0; i < known->sysctl_count; i++) {
		const char *value = globals_find_sysctl(wanted, known->sysctls[i].name);

		if (!value || strcmp(value, known->sysctls[i].value) != 0)
			return false;
	}
	return true;
}

static int borrow(struct preparation *part, const struct service *service, size_t *room)
{
	struct table *wanted = &part->wanted;

	if (ARRAY_MAKE_ROOM(wanted->services, wanted->service_count, *room) < 0)
		return -ENOMEM;
	wanted->services[wanted->service_count++] = *service;
	return 0;
}

int part_borrow_wanted(struct preparation *part, const struct table *table)
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

/* What is not in the part is ours and stays: it counts when most of it would be removed. */
static bool removes_most(const struct preparation *whole, const struct preparation *part)
{
	struct plan counts = part->plan;
	size_t destinations = table_destination_count(&whole->wanted);

	counts.owned_services += whole->wanted.service_count - part->wanted.service_count;
	counts.owned_destinations +=
		destinations - table_destination_count(&part->wanted);
	return plan_removes_most(&counts);
}

static int bring_about(struct preparation *whole, struct preparation *part,
		       struct reconcile_report *report, struct err *err)
{
	const struct options *options = whole->session->options;
	int r = part_borrow_wanted(part, &whole->wanted);

	if (r < 0)
		return err_errno(err, -r, "planning");
	r = preparation_plan_part(part, report, err);
	if (r < 0)
		return r;
	if (options->removal_hold_usec && !whole->session->allow_removal &&
	    removes_most(whole, part))
		return PART_NEEDS_ALL;
	whole->session->held_since = 0;
	r = execution_run(part, false, report, err);
	if (r < 0)
		return r;
	whole->drains_begun = part->plan.drains_begun;
	return r == EXECUTION_AGAIN ? PART_NEEDS_ALL : PART_DONE;
}

/* What is contested stands in the history as brought about; only a whole reconcile reports it. */
static bool is_possible(const struct preparation *whole)
{
	const struct session *session = whole->session;
	uint64_t now = clock_usec(CLOCK_BOOTTIME);

	return session->record_read && !session->record_unsaved &&
	       session->history.services && !session->held_since &&
	       !session->wants_reconcile &&
	       quarrel_next(&session->quarrels, now) == UINT64_MAX &&
	       globals_equal(&session->history.globals, &whole->wanted.globals);
}

int part_bring_about(struct preparation *whole, struct reconcile_report *report,
		     struct err *err)
{
	struct session *session = whole->session;
	struct preparation part = { .session = session };
	static const struct service_key none;
	struct scope scope = { 0 };
	int r;

	if (implied_sysctls_add(whole) < 0)
		return err_errno(err, ENOMEM, "planning");
	if (!is_possible(whole))
		return PART_NEEDS_ALL;
	r = find_changes(&session->history, &whole->wanted, &scope);
	if (r < 0)
		(void)err_errno(err, -r, "planning");
	else if (scope.count * 2 > whole->wanted.service_count + 1)
		r = PART_NEEDS_ALL;
	else
		r = preparation_open(whole, err);
	/* What a service is for its clients has a ruleset, which is made of all of them. */
	if (r == 0 && (scope.count > 0 || rulesets_concern(whole))) {
		part.ipvs = whole->ipvs;
		part.scope = scope.keys ? scope.keys : &none;
		part.all_wanted = &whole->wanted;
		part.scope_count = scope.count;
		r = bring_about(whole, &part, report, err);
		part.ipvs = NULL; /* the whole's */
	}
	preparation_clear(&part);
	free(scope.keys);
	return r;
}
