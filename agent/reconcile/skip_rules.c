/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/skip_rules.h"

#include <errno.h>
#include <string.h>

#include "agent/kernel/scheduler.h"
#include "common/clock.h"

/* --- schedulers that the kernel is not to load by itself --- */

static bool table_uses_scheduler(const struct table *table, const char *scheduler)
{
	for (size_t i = 0; i < table->service_count; i++) {
		if (strcmp(table->services[i].scheduler, scheduler) == 0)
			return true;
	}
	return false;
}

/* The last name asked about and the answer: states name few schedulers, usually one after another. */
struct scheduler_gate {
	const struct table *actual;
	bool no_autoload;
	const char *name;
	bool open;
};

static bool may_send_scheduler(struct scheduler_gate *gate, const char *scheduler)
{
	if (!gate->no_autoload && !scheduler_autoload_is_dangerous(scheduler))
		return true;
	if (!gate->name || strcmp(gate->name, scheduler) != 0) {
		gate->name = scheduler;
		gate->open = scheduler_is_loaded(scheduler) ||
			     table_uses_scheduler(gate->actual, scheduler);
	}
	return gate->open;
}

/* --- back-off and contested objects --- */

static int waiting_result(struct session *session, const struct operation *operation,
			  uint64_t now)
{
	char object[OPERATION_OBJECT_TEXT];

	operation_format_object(operation, object, sizeof(object));
	if (error_backoff_find_waiting(&session->error_backoffs, object, now))
		return SKIPPED_BACK_OFF;
	if (operation->drift && drift_backoff_find(&session->drift_backoffs, object, now))
		return SKIPPED_CONTESTED;
	return 0;
}

/* A sync daemon is not stopped unless it may be started again. */
static void join_daemon_operations(const struct plan *plan, int *results)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *start = &plan->operations[i];

		if (start->kind != OPERATION_START_SYNC_DAEMON || !start->daemon_before ||
		    results[i] == 0)
			continue;
		/* The stop of the same role stands just before. */
		results[i - 1] = results[i];
	}
}

void skip_operations(struct snapshot *snapshot, int *results)
{
	struct session *session = snapshot->session;
	struct scheduler_gate gate = { .actual = &snapshot->actual,
				       .no_autoload = session->options->no_autoload };
	bool anything_waits =
		session->error_backoffs.count || session->drift_backoffs.count;
	const struct plan *plan = &snapshot->plan;
	uint64_t now = clock_usec(CLOCK_BOOTTIME);

	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];

		if (anything_waits)
			results[i] = waiting_result(session, operation, now);
		if (results[i] != 0 || (operation->kind != OPERATION_NEW_SERVICE &&
					operation->kind != OPERATION_SET_SERVICE))
			continue;
		if (!may_send_scheduler(&gate, operation->service->scheduler))
			results[i] = -ENOPKG;
	}
	join_daemon_operations(plan, results);
}

/* --- what the record must name first --- */

static bool is_named(const struct ownership *ownership, const struct operation *operation)
{
	const struct timeouts *set = &operation->timeouts;
	const struct timeouts *before = &ownership->timeouts_before;
	const struct owned_service *owned;

	switch (operation->kind) {
	case OPERATION_SET_SYSCTL:
		return globals_find_sysctl(&ownership->before, operation->sysctl->name);
	case OPERATION_SET_TIMEOUTS:
		return (!set->tcp || before->tcp) && (!set->tcp_fin || before->tcp_fin) &&
		       (!set->udp || before->udp);
	case OPERATION_STOP_SYNC_DAEMON:
		return ownership->daemons[sync_slot(operation->daemon->role)].mark !=
		       OWNERSHIP_NONE;
	case OPERATION_SET_RULESET:
	case OPERATION_CHANGE_RULESET:
	case OPERATION_DELETE_RULESET:
		return ownership->rulesets[ruleset_slot(operation->ruleset->family)]
			       .mark != OWNERSHIP_NONE;
	case OPERATION_START_SYNC_DAEMON:
	case OPERATION_NEW_RULESET:
	case OPERATION_NEW_SERVICE:
		return false;
	case OPERATION_SET_SERVICE:
		/* One that is only intended there is known by the attributes that this changes. */
		owned = ownership_find(ownership, &operation->service->key);
		return owned && owned->recorded;
	default:
		return ownership_find(ownership, &operation->service->key);
	}
}

void skip_creations(const struct snapshot *snapshot, int *results)
{
	const struct plan *plan = &snapshot->plan;

	for (size_t i = 0; i < plan->operation_count; i++) {
		if (results[i] == 0 &&
		    !is_named(&snapshot->session->ownership, &plan->operations[i]))
			results[i] = SKIPPED_UNRECORDED;
	}
	join_daemon_operations(plan, results);
}
