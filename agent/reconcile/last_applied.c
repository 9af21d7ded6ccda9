/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/last_applied.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/fingerprint.h"
#include "common/array.h"
#include "common/macro.h"

static struct last_applied_service know(const struct service *service)
{
	return (struct last_applied_service){
		.key = service->key,
		.fingerprint = fingerprint_service_kept(service),
	};
}

int last_applied_replace(struct last_applied *last_applied, const struct table *wanted,
			 const bool *failed, bool globals_failed)
{
	last_applied_clear(last_applied);
	last_applied->services =
		calloc(wanted->service_count + 1, sizeof(*last_applied->services));
	if (!last_applied->services ||
	    (!globals_failed &&
	     globals_copy(&wanted->globals, &last_applied->globals) < 0)) {
		last_applied_clear(last_applied);
		return -ENOMEM;
	}
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (failed[i])
			continue;
		last_applied->services[last_applied->service_count++] =
			know(&wanted->services[i]);
	}
	last_applied->globals_known = !globals_failed;
	return 0;
}

/* Merges what is known of others than those in scope with what came of those. */
int last_applied_update(struct last_applied *last_applied, const struct table *wanted,
			const bool *failed, const struct service_key *scope,
			size_t scope_count)
{
	struct last_applied_service *merged = calloc(
		last_applied->service_count + wanted->service_count + 1, sizeof(*merged));
	size_t count = 0, s = 0, w = 0;

	if (!merged)
		return -ENOMEM;
	for (size_t i = 0; i <= last_applied->service_count; i++) {
		const struct last_applied_service *known = &last_applied->services[i];
		bool last = i == last_applied->service_count;

		for (; w < wanted->service_count &&
		       (last ||
			service_key_compare(&wanted->services[w].key, &known->key) <= 0);
		     w++) {
			if (!failed[w])
				merged[count++] = know(&wanted->services[w]);
		}
		while (!last && s < scope_count &&
		       service_key_compare(&scope[s], &known->key) < 0)
			s++;
		if (!last && (s == scope_count ||
			      service_key_compare(&scope[s], &known->key) != 0))
			merged[count++] = *known;
	}
	free(last_applied->services);
	last_applied->services = merged;
	last_applied->service_count = count;
	return 0;
}

static int compare_services(const void *a, const void *b)
{
	const struct last_applied_service *left = a, *right = b;

	return service_key_compare(&left->key, &right->key);
}

static bool service_is_as_before(const struct last_applied *last_applied,
				 const struct service *wanted)
{
	struct last_applied_service key = { 0 }, *known;

	if (!wanted || last_applied->service_count == 0)
		return false;
	key.key = wanted->key;
	known = bsearch(&key, last_applied->services, last_applied->service_count,
			sizeof(*last_applied->services), compare_services);
	return known && known->fingerprint == fingerprint_service_kept(wanted);
}

static bool timeouts_are_as_before(const struct timeouts *before,
				   const struct timeouts *wanted)
{
	return (wanted->tcp || wanted->tcp_fin || wanted->udp) &&
	       before->tcp == wanted->tcp && before->tcp_fin == wanted->tcp_fin &&
	       before->udp == wanted->udp;
}

static bool sysctl_is_as_before(const struct globals *before, const struct sysctl *sysctl)
{
	const char *value = globals_find_sysctl(before, sysctl->name);

	return value && strcmp(value, sysctl->value) == 0;
}

static bool daemon_is_as_before(const struct globals *before,
				const struct globals *wanted, enum sync_role role)
{
	const struct sync_daemon *was = &before->daemons[sync_slot(role)];
	const struct sync_daemon *goal = &wanted->daemons[sync_slot(role)];

	return goal->role != SYNC_NONE && was->max_length == goal->max_length &&
	       fingerprint_sync_daemon(was) == fingerprint_sync_daemon(goal);
}

/* Drains begin, go on and end by themselves; only one that another program caused is drift. */
static bool is_of_a_drain(const struct operation *operation)
{
	switch (operation->reason) {
	case REASON_DRAINED:
	case REASON_EXPIRED:
		return true;
	case REASON_DRAIN:
		return operation->kind == OPERATION_SET_SERVICE;
	default:
		return false;
	}
}

/* The last service that was asked about: operations on one stand together in each group. */
struct last_answer {
	const struct service_key *key;
	bool as_before;
};

static bool service_operation_is_drift(const struct last_applied *last_applied,
				       const struct table *wanted,
				       const struct ownership *ownership,
				       const struct operation *operation,
				       struct last_answer *last)
{
	const struct service_key *key = &operation->service->key;

	if (is_of_a_drain(operation))
		return false;
	if (!last->key || service_key_compare(last->key, key) != 0) {
		last->key = key;
		last->as_before = ownership_find(ownership, key) &&
				  service_is_as_before(last_applied,
						       table_find_service(wanted, key));
	}
	return last->as_before;
}

void last_applied_mark_drift(const struct last_applied *last_applied,
			     const struct table *wanted,
			     const struct ownership *ownership, struct plan *plan)
{
	const struct globals *before = &last_applied->globals, *goal = &wanted->globals;
	struct last_answer last = { 0 };

	for (size_t i = 0; i < plan->operation_count; i++) {
		struct operation *operation = &plan->operations[i];

		switch (operation->kind) {
		case OPERATION_SET_SYSCTL:
			operation->drift = sysctl_is_as_before(before, operation->sysctl);
			break;
		case OPERATION_NEW_RULESET:
		case OPERATION_SET_RULESET:
		case OPERATION_CHANGE_RULESET:
		case OPERATION_DELETE_RULESET:
			break; /* whoever planned it knows */
		case OPERATION_SET_TIMEOUTS:
			operation->drift = timeouts_are_as_before(&before->timeouts,
								  &goal->timeouts);
			break;
		case OPERATION_STOP_SYNC_DAEMON:
		case OPERATION_START_SYNC_DAEMON:
			operation->drift = daemon_is_as_before(before, goal,
							       operation->daemon->role);
			break;
		default:
			operation->drift = service_operation_is_drift(
				last_applied, wanted, ownership, operation, &last);
		}
	}
}

/* --- what has changed since --- */

/* The next key of the last applied table, the wanted table and what is ours, and who has it. */
struct crossing {
	const struct last_applied *last_applied;
	const struct table *wanted;
	const struct ownership *ownership;
	size_t h, w, o;
	const struct service_key *key;
	const struct last_applied_service *known;
	const struct service *want;
	bool owned;
};

static const struct service_key *lesser(const struct service_key *a,
					const struct service_key *b)
{
	return !b || (a && service_key_compare(a, b) <= 0) ? a : b;
}

static bool cross_next(struct crossing *at)
{
	const struct last_applied_service *known =
		at->h < at->last_applied->service_count
			? &at->last_applied->services[at->h]
			: NULL;
	const struct service *want =
		at->w < at->wanted->service_count ? &at->wanted->services[at->w] : NULL;
	const struct owned_service *owned = at->o < at->ownership->service_count
						    ? &at->ownership->services[at->o]
						    : NULL;

	at->key = lesser(known ? &known->key : NULL, want ? &want->key : NULL);
	at->key = lesser(at->key, owned ? &owned->key : NULL);
	if (!at->key)
		return false;
	at->known =
		known && service_key_compare(&known->key, at->key) == 0 ? known : NULL;
	at->want = want && service_key_compare(&want->key, at->key) == 0 ? want : NULL;
	at->owned = owned && service_key_compare(&owned->key, at->key) == 0;
	at->h += at->known != NULL;
	at->w += at->want != NULL;
	at->o += at->owned;
	return true;
}

static bool is_change(const struct crossing *at)
{
	if (at->want)
		return !at->known ||
		       at->known->fingerprint != fingerprint_service_kept(at->want);
	return at->known || !ownership_has_drain(at->ownership, at->key);
}

int last_applied_find_changes(const struct last_applied *last_applied,
			      const struct table *wanted,
			      const struct ownership *ownership,
			      struct service_key **keys, size_t *count)
{
	struct crossing at = { .last_applied = last_applied,
			       .wanted = wanted,
			       .ownership = ownership };
	struct service_key *found = NULL;
	size_t found_count = 0, room = 0;

	while (cross_next(&at)) {
		if (!is_change(&at))
			continue;
		if (ARRAY_MAKE_ROOM(found, found_count, room) < 0) {
			free(found);
			return -ENOMEM;
		}
		found[found_count++] = *at.key;
	}
	*keys = found;
	*count = found_count;
	return 0;
}

static bool daemon_is_same(const struct sync_daemon *a, const struct sync_daemon *b)
{
	return a->role == b->role && a->max_length == b->max_length &&
	       fingerprint_sync_daemon(a) == fingerprint_sync_daemon(b);
}

static bool ours_are_wanted(const struct ownership *ownership,
			    const struct globals *wanted)
{
	const struct timeouts *before = &ownership->timeouts_before;

	if ((before->tcp && !wanted->timeouts.tcp) ||
	    (before->tcp_fin && !wanted->timeouts.tcp_fin) ||
	    (before->udp && !wanted->timeouts.udp))
		return false;
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		if (ownership->daemons[slot].mark != OWNERSHIP_NONE &&
		    wanted->daemons[slot].role == SYNC_NONE)
			return false;
	}
	for (size_t i = 0; i < ownership->before.sysctl_count; i++) {
		if (!globals_find_sysctl(wanted, ownership->before.sysctls[i].name))
			return false;
	}
	return true;
}

bool last_applied_has_globals(const struct last_applied *last_applied,
			      const struct globals *wanted,
			      const struct ownership *ownership)
{
	const struct globals *known = &last_applied->globals;

	if (!last_applied->globals_known ||
	    memcmp(&known->timeouts, &wanted->timeouts, sizeof(known->timeouts)) != 0 ||
	    known->sysctl_count != wanted->sysctl_count)
		return false;
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		if (!daemon_is_same(&known->daemons[slot], &wanted->daemons[slot]))
			return false;
	}
	for (size_t i = 0; i < known->sysctl_count; i++) {
		const char *value = globals_find_sysctl(wanted, known->sysctls[i].name);

		if (!value || strcmp(value, known->sysctls[i].value) != 0)
			return false;
	}
	return ours_are_wanted(ownership, wanted);
}

void last_applied_clear(struct last_applied *last_applied)
{
	free(last_applied->services);
	globals_clear(&last_applied->globals);
	memset(last_applied, 0, sizeof(*last_applied));
}
