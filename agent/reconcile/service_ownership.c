/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/service_ownership.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/ruleset_write.h"
#include "agent/model/fingerprint.h"

static int mark(struct ownership *ownership, const struct service_key *key,
		enum ownership_mark wanted, uint64_t fingerprint, bool *changed)
{
	const struct owned_service *owned = ownership_find(ownership, key);

	if (owned && owned->mark == wanted && owned->fingerprint == fingerprint)
		return 0;
	*changed = true;
	return ownership_mark(ownership, key, wanted, fingerprint);
}

/* --- what is found --- */

/* False where it is to be struck out. */
static bool confirm_service(struct owned_service *owned, const struct service *actual,
			    bool *changed)
{
	if (!actual || !owned_service_is_ours(owned, actual))
		return false;
	if (owned->mark != OWNERSHIP_OWNED) {
		owned->mark = OWNERSHIP_OWNED;
		owned->fingerprint = 0;
		*changed = true;
	}
	return true;
}

static void confirm_services(struct snapshot *snapshot, bool *changed)
{
	struct ownership *ownership = &snapshot->session->ownership;
	size_t kept = 0;

	for (size_t i = 0; i < ownership->service_count; i++) {
		struct owned_service *owned = &ownership->services[i];

		if (!snapshot_covers(snapshot, &owned->key) ||
		    confirm_service(owned,
				    table_find_service(&snapshot->actual, &owned->key),
				    changed))
			ownership->services[kept++] = *owned;
	}
	*changed |= kept != ownership->service_count;
	ownership->service_count = kept;
}

static void confirm_daemons(struct snapshot *snapshot, bool *changed)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		struct owned_daemon *owned = &snapshot->session->ownership.daemons[slot];
		const struct sync_daemon *actual =
			&snapshot->actual.globals.daemons[slot];
		bool ours =
			actual->role != SYNC_NONE && owned_daemon_is_ours(owned, actual);
		enum ownership_mark now = ours ? OWNERSHIP_OWNED : OWNERSHIP_NONE;

		*changed |= owned->mark != now;
		*owned = (struct owned_daemon){ .mark = now,
						.link = ours ? owned->link : 0 };
	}
}

void service_ownership_confirm(struct snapshot *snapshot, bool *changed)
{
	confirm_services(snapshot, changed);
	rulesets_confirm(snapshot, changed);
	if (!snapshot->scope)
		confirm_daemons(snapshot, changed);
}

/* --- what is about to be --- */

/* One that replaces one of ours is ours whether it comes to the exchange or not. */
static void intend_daemon(struct ownership *ownership, const struct sync_daemon *daemon,
			  bool *changed)
{
	struct owned_daemon *owned = &ownership->daemons[sync_slot(daemon->role)];

	if (owned->mark == OWNERSHIP_OWNED)
		return;
	*owned = (struct owned_daemon){ .mark = OWNERSHIP_INTENDED,
					.fingerprint = fingerprint_sync_daemon(daemon) };
	*changed = true;
}

static int mark_intended(struct snapshot *snapshot, const int *results, bool *changed)
{
	struct ownership *ownership = &snapshot->session->ownership;
	const struct plan *plan = &snapshot->plan;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];

		if (results[i] != 0)
			continue;
		if (operation->kind == OPERATION_NEW_SERVICE)
			r = mark(ownership, &operation->service->key, OWNERSHIP_INTENDED,
				 fingerprint_service(operation->service), changed);
		else if (operation->kind == OPERATION_START_SYNC_DAEMON)
			intend_daemon(ownership, operation->daemon, changed);
	}
	return r;
}

/* Services of the state that are there and no conflict: equal, or taken over by the policy. */
static int adopt(struct snapshot *snapshot, bool *changed)
{
	const struct plan *plan = &snapshot->plan;
	size_t conflict = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < snapshot->wanted.service_count; i++) {
		const struct service *service = &snapshot->wanted.services[i];

		/* Conflicts stand in the order of the wanted services. */
		if (conflict < plan->conflict_count &&
		    plan->conflicts[conflict].service == service) {
			conflict++;
			continue;
		}
		if (table_find_service(&snapshot->actual, &service->key))
			r = mark(&snapshot->session->ownership, &service->key,
				 OWNERSHIP_OWNED, 0, changed);
	}
	return r;
}

static void keep_timeout(uint32_t wanted, uint32_t actual, uint32_t *before,
			 bool *changed)
{
	if (wanted == 0 || *before != 0)
		return;
	*before = actual;
	*changed = true;
}

static int keep_found_values(struct snapshot *snapshot, bool *changed)
{
	const struct globals *wanted = &snapshot->wanted.globals;
	const struct globals *actual = &snapshot->actual.globals;
	struct ownership *ownership = &snapshot->session->ownership;
	struct timeouts *before = &ownership->timeouts_before;

	keep_timeout(wanted->timeouts.tcp, actual->timeouts.tcp, &before->tcp, changed);
	keep_timeout(wanted->timeouts.tcp_fin, actual->timeouts.tcp_fin, &before->tcp_fin,
		     changed);
	keep_timeout(wanted->timeouts.udp, actual->timeouts.udp, &before->udp, changed);
	for (size_t i = 0; i < wanted->sysctl_count; i++) {
		const char *name = wanted->sysctls[i].name;
		const char *found = globals_find_sysctl(actual, name);

		if (!found || globals_find_sysctl(&ownership->before, name))
			continue;
		*changed = true;
		if (globals_add_sysctl(&ownership->before, name, found) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A daemon found running as wanted is ours from now on, like a service. */
static void adopt_daemons(struct snapshot *snapshot, bool *changed)
{
	if (snapshot->session->options->adopt == ADOPT_NONE)
		return;
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *wanted =
			&snapshot->wanted.globals.daemons[slot];
		const struct sync_daemon *actual =
			&snapshot->actual.globals.daemons[slot];
		struct owned_daemon *owned = &snapshot->session->ownership.daemons[slot];

		if (wanted->role == SYNC_NONE || !sync_daemon_equal(wanted, actual) ||
		    owned->link != 0)
			continue;
		*changed |= owned->mark == OWNERSHIP_NONE;
		owned->mark = OWNERSHIP_OWNED;
		/* Not known so far: what it was started on is taken to be what is there. */
		owned->link = if_nametoindex(actual->interface);
		*changed |= owned->link != 0;
	}
}

/* Those of the plan, and in a part those of the services that it does not have. */
static int take_drains(struct snapshot *snapshot, bool *changed)
{
	struct ownership *ownership = &snapshot->session->ownership;
	const struct plan *plan = &snapshot->plan;
	size_t before = ownership->drain_count, kept = 0, known = 0;

	for (size_t i = 0; i < before; i++) {
		const struct drain *drain = &ownership->drains[i];

		if (!snapshot_covers(snapshot, &drain->service))
			ownership->drains[kept++] = *drain;
		else
			known += plan_has_drain(plan, drain);
	}
	ownership->drain_count = kept;
	for (size_t i = 0; i < plan->drain_count; i++) {
		if (ownership_set_drain(ownership, &plan->drains[i]) < 0)
			return -ENOMEM;
	}
	*changed |= ownership->drain_count != before || known != plan->drain_count;
	return 0;
}

int service_ownership_before(struct snapshot *snapshot, const int *results, bool *changed)
{
	int r;

	r = take_drains(snapshot, changed);
	if (r == 0)
		r = adopt(snapshot, changed);
	if (r == 0)
		r = mark_intended(snapshot, results, changed);
	if (r == 0)
		rulesets_intend(snapshot, results, changed);
	if (r < 0 || snapshot->scope)
		return r;
	adopt_daemons(snapshot, changed);
	return keep_found_values(snapshot, changed);
}

void service_ownership_remember(const struct snapshot *snapshot,
				struct service_ownership_mark *mark)
{
	const struct ownership *ownership = &snapshot->session->ownership;

	mark->timeouts_before = ownership->timeouts_before;
	memcpy(mark->daemons, ownership->daemons, sizeof(mark->daemons));
	memcpy(mark->rulesets, ownership->rulesets, sizeof(mark->rulesets));
	mark->sysctl_count = ownership->before.sysctl_count;
}

/* Those of a service that was to be taken over: a look at them would write to it. */
static void drop_strange_drains(struct ownership *ownership)
{
	size_t kept = 0;

	for (size_t i = 0; i < ownership->drain_count; i++) {
		if (ownership_find(ownership, &ownership->drains[i].service))
			ownership->drains[kept++] = ownership->drains[i];
	}
	ownership->drain_count = kept;
}

/* Drains of what is ours stay: their deadlines are worth keeping. */
void service_ownership_forget(struct snapshot *snapshot,
			      const struct service_ownership_mark *mark)
{
	struct ownership *ownership = &snapshot->session->ownership;
	struct globals *before = &ownership->before;

	ownership_drop_fresh(ownership);
	drop_strange_drains(ownership);
	ownership->timeouts_before = mark->timeouts_before;
	memcpy(ownership->daemons, mark->daemons, sizeof(mark->daemons));
	memcpy(ownership->rulesets, mark->rulesets, sizeof(mark->rulesets));
	while (before->sysctl_count > mark->sysctl_count) {
		struct sysctl *last = &before->sysctls[--before->sysctl_count];

		free(last->name);
		free(last->value);
	}
}

/* Where what is ours left the state and the value found before is back, it is ours no more. */
static void release_timeout(uint32_t wanted, uint32_t set, uint32_t *before,
			    bool *changed)
{
	if (wanted != 0 || *before == 0 || set != *before)
		return;
	*before = 0;
	*changed = true;
}

static void release_timeouts(struct snapshot *snapshot, const struct timeouts *set,
			     bool *changed)
{
	const struct timeouts *wanted = &snapshot->wanted.globals.timeouts;
	struct timeouts *before = &snapshot->session->ownership.timeouts_before;

	release_timeout(wanted->tcp, set->tcp, &before->tcp, changed);
	release_timeout(wanted->tcp_fin, set->tcp_fin, &before->tcp_fin, changed);
	release_timeout(wanted->udp, set->udp, &before->udp, changed);
}

static int note_service(struct snapshot *snapshot, const struct operation *operation,
			int result, bool *changed)
{
	struct ownership *ownership = &snapshot->session->ownership;
	const struct service_key *key = &operation->service->key;
	const struct owned_service *owned = ownership_find(ownership, key);

	if (operation->kind == OPERATION_DELETE_SERVICE) {
		if (result != 0 && result != -ESRCH)
			return 0;
		ownership_strike(ownership, key);
		*changed = true;
		return 0;
	}
	if (result == 0)
		return mark(ownership, key, OWNERSHIP_OWNED, 0, changed);
	/*
	 * Unknown stays intended. So does one that is there although the dump did not show it,
	 * unless it was intended just now: then somebody else made it.
	 */
	if (result == -EINPROGRESS || (result == -EEXIST && owned && !owned->fresh))
		return 0;
	*changed |= owned != NULL;
	ownership_strike(ownership, key);
	return 0;
}

static void note_daemon(struct snapshot *snapshot, const struct operation *operation,
			int result, bool *changed)
{
	struct owned_daemon *owned =
		&snapshot->session->ownership.daemons[sync_slot(operation->daemon->role)];
	bool starts = operation->kind == OPERATION_START_SYNC_DAEMON;

	if (result == 0) {
		*owned = (struct owned_daemon){ 0 };
		if (starts)
			*owned = (struct owned_daemon){
				.mark = OWNERSHIP_OWNED,
				.link = if_nametoindex(operation->daemon->interface),
			};
		*changed = true;
	} else if (starts && result != -EINPROGRESS &&
		   owned->mark == OWNERSHIP_INTENDED) {
		*owned = (struct owned_daemon){ .mark = OWNERSHIP_NONE };
		*changed = true;
	}
}

/* Sysctls that left the state and have their old value again, and those that went with their link. */
static void release_sysctls(struct snapshot *snapshot, const int *results, bool *changed)
{
	struct globals *before = &snapshot->session->ownership.before;
	const struct plan *plan = &snapshot->plan;
	size_t kept = 0;

	for (size_t i = 0; i < before->sysctl_count; i++) {
		struct sysctl *sysctl = &before->sysctls[i];
		bool failed = false;

		for (size_t k = 0; k < plan->operation_count &&
				   plan->operations[k].kind == OPERATION_SET_SYSCTL;
		     k++)
			/* By its address: of what was freed before, the text is gone. */
			failed |= plan->operations[k].sysctl->name == sysctl->name &&
				  results[k] != 0;
		if (!globals_sysctl_is_absent(&snapshot->actual.globals, sysctl->name) &&
		    (failed ||
		     globals_find_sysctl(&snapshot->wanted.globals, sysctl->name))) {
			before->sysctls[kept++] = *sysctl;
			continue;
		}
		free(sysctl->name);
		free(sysctl->value);
		*changed = true;
	}
	before->sysctl_count = kept;
}

/* What the kernel made of a value matters only as long as that is wanted. */
static void forget_made_sysctls(struct snapshot *snapshot, bool *changed)
{
	struct ownership *ownership = &snapshot->session->ownership;

	for (size_t i = ownership->made_count; i-- > 0;) {
		const char *name = ownership->made[i].name;

		if (globals_find_sysctl(&snapshot->wanted.globals, name) ||
		    globals_find_sysctl(&ownership->before, name))
			continue;
		ownership_forget_made(ownership, i);
		*changed = true;
	}
}

static int note_result(struct snapshot *snapshot, const struct operation *operation,
		       int result, bool *changed)
{
	switch (operation->kind) {
	case OPERATION_NEW_SERVICE:
	case OPERATION_DELETE_SERVICE:
		return note_service(snapshot, operation, result, changed);
	case OPERATION_START_SYNC_DAEMON:
	case OPERATION_STOP_SYNC_DAEMON:
		note_daemon(snapshot, operation, result, changed);
		return 0;
	case OPERATION_SET_TIMEOUTS:
		if (result == 0)
			release_timeouts(snapshot, &operation->timeouts, changed);
		return 0;
	default:
		return 0;
	}
}

int service_ownership_after(struct snapshot *snapshot, const int *results, bool *changed)
{
	const struct plan *plan = &snapshot->plan;
	int r = 0;

	/* Found back already, without a write of ours. */
	if (!snapshot->scope)
		release_timeouts(snapshot, &snapshot->actual.globals.timeouts, changed);
	for (size_t i = 0; r == 0 && i < plan->operation_count; i++)
		r = note_result(snapshot, &plan->operations[i], results[i], changed);
	rulesets_note(snapshot, results, changed);
	/* Last: the plan's sysctl operations borrow from what this frees. */
	if (!snapshot->scope) {
		release_sysctls(snapshot, results, changed);
		forget_made_sysctls(snapshot, changed);
	}
	*changed |= snapshot->made_sysctls;
	snapshot->made_sysctls = false;
	ownership_settle(&snapshot->session->ownership);
	return r;
}
