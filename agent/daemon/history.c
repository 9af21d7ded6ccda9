/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/table/fingerprint.h"

static struct history_service know(const struct service *service)
{
	return (struct history_service){
		.key = service->key,
		.fingerprint = service_fingerprint(service),
	};
}

int history_replace(struct history *history, const struct table *wanted,
		    const bool *failed, bool globals_failed)
{
	history_clear(history);
	history->services = calloc(wanted->service_count + 1, sizeof(*history->services));
	if (!history->services ||
	    (!globals_failed && globals_copy(&wanted->globals, &history->globals) < 0)) {
		history_clear(history);
		return -ENOMEM;
	}
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (failed[i])
			continue;
		history->services[history->service_count++] = know(&wanted->services[i]);
	}
	return 0;
}

/* Merges what is known of others than those in scope with what came of those. */
int history_update(struct history *history, const struct table *wanted,
		   const bool *failed, const struct service_key *scope,
		   size_t scope_count)
{
	struct history_service *merged = calloc(
		history->service_count + wanted->service_count + 1, sizeof(*merged));
	size_t count = 0, s = 0, w = 0;

	if (!merged)
		return -ENOMEM;
	for (size_t i = 0; i <= history->service_count; i++) {
		const struct history_service *known = &history->services[i];
		bool last = i == history->service_count;

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
	free(history->services);
	history->services = merged;
	history->service_count = count;
	return 0;
}

static int compare_services(const void *a, const void *b)
{
	const struct history_service *left = a, *right = b;

	return service_key_compare(&left->key, &right->key);
}

static bool service_is_as_before(const struct history *history,
				 const struct service *wanted)
{
	struct history_service key = { 0 }, *known;

	if (!wanted || history->service_count == 0)
		return false;
	key.key = wanted->key;
	known = bsearch(&key, history->services, history->service_count,
			sizeof(*history->services), compare_services);
	return known && known->fingerprint == service_fingerprint(wanted);
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

/* Drains begin, go on and end by themselves; only one that somebody else caused is drift. */
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

static bool service_operation_is_drift(const struct history *history,
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
		last->as_before =
			ownership_find(ownership, key) &&
			service_is_as_before(history, table_find_service(wanted, key));
	}
	return last->as_before;
}

void history_mark_drift(const struct history *history, const struct table *wanted,
			const struct ownership *ownership, struct plan *plan)
{
	const struct globals *before = &history->globals, *goal = &wanted->globals;
	struct last_answer last = { 0 };

	for (size_t i = 0; i < plan->operation_count; i++) {
		struct operation *operation = &plan->operations[i];

		switch (operation->kind) {
		case OPERATION_SET_SYSCTL:
			operation->drift = sysctl_is_as_before(before, operation->sysctl);
			break;
		case OPERATION_NEW_RULESET:
		case OPERATION_SET_RULESET:
		case OPERATION_DELETE_RULESET:
			break; /* whoever planned it knows */
		case OPERATION_SET_TIMEOUTS:
			operation->drift = timeouts_are_as_before(&before->timeouts,
								  &goal->timeouts);
			break;
		case OPERATION_STOP_DAEMON:
		case OPERATION_START_DAEMON:
			operation->drift = daemon_is_as_before(before, goal,
							       operation->daemon->role);
			break;
		default:
			operation->drift = service_operation_is_drift(
				history, wanted, ownership, operation, &last);
		}
	}
}

void history_clear(struct history *history)
{
	free(history->services);
	globals_clear(&history->globals);
	memset(history, 0, sizeof(*history));
}
