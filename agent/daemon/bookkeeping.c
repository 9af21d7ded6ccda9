/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/bookkeeping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int mark(struct ownership *ownership, const struct service_key *key,
		enum ownership_mark wanted, bool *changed)
{
	const struct owned_service *owned = ownership_find(ownership, key);

	if (owned && owned->mark == wanted)
		return 0;
	*changed = true;
	return ownership_mark(ownership, key, wanted);
}

static int mark_intended(struct preparation *preparation, const int *results,
			 bool *changed)
{
	const struct plan *plan = &preparation->plan;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		if (plan->operations[i].kind == OPERATION_NEW_SERVICE && results[i] == 0)
			r = mark(&preparation->ownership,
				 &plan->operations[i].service->key, OWNERSHIP_INTENDED,
				 changed);
	}
	return r;
}

/* Conflicts stand in the order of the wanted services. */
static int adopt_equal(struct preparation *preparation, bool *changed)
{
	const struct plan *plan = &preparation->plan;
	size_t conflict = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < preparation->wanted.service_count; i++) {
		const struct service *service = &preparation->wanted.services[i];

		if (conflict < plan->conflict_count &&
		    plan->conflicts[conflict].service == service) {
			conflict++;
			continue;
		}
		if (table_find_service(&preparation->actual, &service->key))
			r = mark(&preparation->ownership, &service->key, OWNERSHIP_OWNED,
				 changed);
	}
	return r;
}

static void strike_absent(struct preparation *preparation, bool *changed)
{
	struct ownership *ownership = &preparation->ownership;
	size_t kept = 0;

	for (size_t i = 0; i < ownership->service_count; i++) {
		const struct service_key *key = &ownership->services[i].key;

		if (table_find_service(&preparation->actual, key) ||
		    table_find_service(&preparation->wanted, key))
			ownership->services[kept++] = ownership->services[i];
	}
	*changed |= kept != ownership->service_count;
	ownership->service_count = kept;
}

static void keep_timeout(uint32_t wanted, uint32_t actual, uint32_t *before,
			 bool *changed)
{
	if (wanted == 0 || *before != 0)
		return;
	*before = actual;
	*changed = true;
}

static int keep_found_values(struct preparation *preparation, bool *changed)
{
	const struct globals *wanted = &preparation->wanted.globals;
	const struct globals *actual = &preparation->actual.globals;
	struct ownership *ownership = &preparation->ownership;
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
static void adopt_daemons(struct preparation *preparation, bool *changed)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *wanted =
			&preparation->wanted.globals.daemons[slot];
		const struct sync_daemon *actual =
			&preparation->actual.globals.daemons[slot];
		bool *owned = &preparation->ownership.daemon_owned[slot];

		if (*owned || wanted->role == SYNC_NONE ||
		    !sync_daemon_equal(wanted, actual))
			continue;
		*owned = true;
		*changed = true;
	}
}

int bookkeeping_before(struct preparation *preparation, const int *results, bool *changed)
{
	int r;

	strike_absent(preparation, changed);
	adopt_daemons(preparation, changed);
	r = adopt_equal(preparation, changed);
	if (r == 0)
		r = mark_intended(preparation, results, changed);
	return r < 0 ? r : keep_found_values(preparation, changed);
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

static void release_timeouts(struct preparation *preparation, const struct timeouts *set,
			     bool *changed)
{
	const struct timeouts *wanted = &preparation->wanted.globals.timeouts;
	struct timeouts *before = &preparation->ownership.timeouts_before;

	release_timeout(wanted->tcp, set->tcp, &before->tcp, changed);
	release_timeout(wanted->tcp_fin, set->tcp_fin, &before->tcp_fin, changed);
	release_timeout(wanted->udp, set->udp, &before->udp, changed);
}

static int note_service(struct preparation *preparation,
			const struct operation *operation, int result, bool *changed)
{
	struct ownership *ownership = &preparation->ownership;
	const struct service_key *key = &operation->service->key;

	if (operation->kind == OPERATION_DELETE_SERVICE) {
		if (result != 0 && result != -ESRCH)
			return 0;
		ownership_strike(ownership, key);
		*changed = true;
		return 0;
	}
	if (result == 0)
		return mark(ownership, key, OWNERSHIP_OWNED, changed);
	/* Unknown, or there by another's hand or from a dump that missed it: stays intended. */
	if (result == -EINPROGRESS || result == -EEXIST)
		return 0;
	*changed |= ownership_find(ownership, key) != NULL;
	ownership_strike(ownership, key);
	return 0;
}

static void note_daemon(struct preparation *preparation,
			const struct operation *operation, int result, bool *changed)
{
	bool *owned =
		&preparation->ownership.daemon_owned[sync_slot(operation->daemon->role)];
	bool now = operation->kind == OPERATION_START_DAEMON;

	if (result != 0)
		return;
	*changed |= *owned != now;
	*owned = now;
}

/* Sysctls that left the state and have their old value again. */
static void release_sysctls(struct preparation *preparation, const int *results,
			    bool *changed)
{
	struct globals *before = &preparation->ownership.before;
	const struct plan *plan = &preparation->plan;
	size_t kept = 0;

	for (size_t i = 0; i < before->sysctl_count; i++) {
		struct sysctl *sysctl = &before->sysctls[i];
		bool failed = false;

		for (size_t k = 0; k < plan->operation_count &&
				   plan->operations[k].kind == OPERATION_SET_SYSCTL;
		     k++)
			failed |= plan->operations[k].sysctl == sysctl && results[k] != 0;
		if (failed ||
		    globals_find_sysctl(&preparation->wanted.globals, sysctl->name)) {
			before->sysctls[kept++] = *sysctl;
			continue;
		}
		free(sysctl->name);
		free(sysctl->value);
		*changed = true;
	}
	before->sysctl_count = kept;
}

static int note_result(struct preparation *preparation, const struct operation *operation,
		       int result, bool *changed)
{
	switch (operation->kind) {
	case OPERATION_NEW_SERVICE:
	case OPERATION_DELETE_SERVICE:
		return note_service(preparation, operation, result, changed);
	case OPERATION_START_DAEMON:
	case OPERATION_STOP_DAEMON:
		note_daemon(preparation, operation, result, changed);
		return 0;
	case OPERATION_SET_TIMEOUTS:
		if (result == 0)
			release_timeouts(preparation, &operation->timeouts, changed);
		return 0;
	default:
		return 0;
	}
}

int bookkeeping_after(struct preparation *preparation, const int *results, bool *changed)
{
	const struct plan *plan = &preparation->plan;
	int r = 0;

	/* Found back already, without a write of ours. */
	release_timeouts(preparation, &preparation->actual.globals.timeouts, changed);
	for (size_t i = 0; r == 0 && i < plan->operation_count; i++)
		r = note_result(preparation, &plan->operations[i], results[i], changed);
	/* Last: the plan's sysctl operations borrow from what this frees. */
	release_sysctls(preparation, results, changed);
	return r;
}
