/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/table/plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

/*
 * Both tables are sorted by key, so one merge finds for each key which side has it. The merge is
 * done twice: first for what is created and edited, then for what is deleted.
 */

static int add_operation(struct plan *plan, const struct operation *operation)
{
	int r = ARRAY_MAKE_ROOM(plan->operations, plan->operation_count,
				plan->operation_room);

	if (r < 0)
		return r;
	plan->operations[plan->operation_count++] = *operation;
	return 0;
}

static int add_conflict(struct plan *plan, const struct conflict *conflict)
{
	int r = ARRAY_MAKE_ROOM(plan->conflicts, plan->conflict_count,
				plan->conflict_room);

	if (r < 0)
		return r;
	plan->conflicts[plan->conflict_count++] = *conflict;
	return 0;
}

static int add_destination_operation(struct plan *plan, enum operation_kind kind,
				     const struct service *service,
				     const struct destination *destination,
				     const struct destination *before)
{
	return add_operation(plan, &(struct operation){ .kind = kind,
							.service = service,
							.destination = destination,
							.destination_before = before });
}

/* --- destinations --- */

/* New and changed destinations of a service that is on both sides. */
static int plan_destination_edits(struct plan *plan, const struct service *wanted,
				  const struct service *actual)
{
	size_t w = 0, a = 0;
	int r = 0;

	while (r == 0 && w < wanted->destination_count) {
		const struct destination *want = &wanted->destinations[w], *have = NULL;
		int order = -1;

		if (a < actual->destination_count) {
			have = &actual->destinations[a];
			order = destination_key_compare(want, have);
		}
		if (order > 0) {
			a++;
			continue;
		}
		if (order < 0)
			r = add_destination_operation(plan, OPERATION_NEW_DESTINATION,
						      wanted, want, NULL);
		else if (!destination_equal(want, have))
			r = add_destination_operation(plan, OPERATION_SET_DESTINATION,
						      wanted, want, have);
		w++;
		a += order == 0;
	}
	return r;
}

static int plan_destination_deletions(struct plan *plan, const struct service *wanted,
				      const struct service *actual)
{
	size_t w = 0;

	for (size_t a = 0; a < actual->destination_count; a++) {
		const struct destination *have = &actual->destinations[a];
		int r;

		while (w < wanted->destination_count &&
		       destination_key_compare(&wanted->destinations[w], have) < 0)
			w++;
		if (w < wanted->destination_count &&
		    destination_key_compare(&wanted->destinations[w], have) == 0)
			continue;
		plan->removed_destinations++;
		r = add_destination_operation(plan, OPERATION_DELETE_DESTINATION, actual,
					      have, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- services --- */

/* Whether the kernel has exactly what is wanted, destinations included. */
static bool service_matches(const struct service *wanted, const struct service *actual)
{
	if (!service_equal(wanted, actual) ||
	    wanted->destination_count != actual->destination_count)
		return false;
	for (size_t i = 0; i < wanted->destination_count; i++) {
		if (destination_key_compare(&wanted->destinations[i],
					    &actual->destinations[i]) != 0 ||
		    !destination_equal(&wanted->destinations[i],
				       &actual->destinations[i]))
			return false;
	}
	return true;
}

/*
 * Whether a service that is in the kernel may be written to. A key that is only intended was
 * perhaps made by somebody else meanwhile; it is ours where it has the attributes we meant.
 */
static bool is_ours(const struct ownership *ownership, const struct service *wanted,
		    const struct service *actual)
{
	const struct owned_service *owned = ownership_find(ownership, &actual->key);

	if (!owned)
		return false;
	if (owned->mark == OWNERSHIP_OWNED)
		return true;
	return wanted && service_equal(wanted, actual);
}

static int plan_new_service(struct plan *plan, const struct service *wanted)
{
	int r = add_operation(plan, &(struct operation){ .kind = OPERATION_NEW_SERVICE,
							 .service = wanted });

	for (size_t i = 0; r == 0 && i < wanted->destination_count; i++)
		r = add_destination_operation(plan, OPERATION_NEW_DESTINATION, wanted,
					      &wanted->destinations[i], NULL);
	return r;
}

static int plan_service_edit(struct plan *plan, const struct service *wanted,
			     const struct service *actual,
			     const struct ownership *ownership)
{
	int r = 0;

	if (!is_ours(ownership, wanted, actual)) {
		if (service_matches(wanted, actual))
			return 0;
		return add_conflict(plan, &(struct conflict){ .service = wanted,
							      .service_actual = actual });
	}
	if (!service_equal(wanted, actual))
		r = add_operation(plan,
				  &(struct operation){ .kind = OPERATION_SET_SERVICE,
						       .service = wanted,
						       .service_before = actual });
	return r < 0 ? r : plan_destination_edits(plan, wanted, actual);
}

static int plan_edits(const struct table *wanted, const struct table *actual,
		      const struct ownership *ownership, struct plan *plan)
{
	size_t a = 0;

	for (size_t w = 0; w < wanted->service_count; w++) {
		const struct service *want = &wanted->services[w];
		int r;

		while (a < actual->service_count &&
		       service_key_compare(&actual->services[a].key, &want->key) < 0)
			a++;
		if (a < actual->service_count &&
		    service_key_compare(&actual->services[a].key, &want->key) == 0)
			r = plan_service_edit(plan, want, &actual->services[a],
					      ownership);
		else
			r = plan_new_service(plan, want);
		if (r < 0)
			return r;
	}
	return 0;
}

static int plan_service_deletion(struct plan *plan, const struct service *actual,
				 const struct ownership *ownership)
{
	if (!is_ours(ownership, NULL, actual)) {
		plan->foreign_services++;
		return 0;
	}
	plan->removed_services++;
	plan->removed_destinations += actual->destination_count;
	return add_operation(plan, &(struct operation){ .kind = OPERATION_DELETE_SERVICE,
							.service = actual });
}

static int plan_deletions(const struct table *wanted, const struct table *actual,
			  const struct ownership *ownership, struct plan *plan)
{
	size_t w = 0;

	for (size_t a = 0; a < actual->service_count; a++) {
		const struct service *have = &actual->services[a];
		int r = 0;

		while (w < wanted->service_count &&
		       service_key_compare(&wanted->services[w].key, &have->key) < 0)
			w++;
		if (w == wanted->service_count ||
		    service_key_compare(&wanted->services[w].key, &have->key) != 0)
			r = plan_service_deletion(plan, have, ownership);
		else if (is_ours(ownership, &wanted->services[w], have))
			r = plan_destination_deletions(plan, &wanted->services[w], have);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- globals --- */

/* One timeout's wish: the state's, else what was found before where it is ours, else none. */
static uint32_t timeout_goal(uint32_t wanted, uint32_t before)
{
	return wanted ? wanted : before;
}

static void plan_timeout(uint32_t wanted, uint32_t before, uint32_t actual, uint32_t *set,
			 uint32_t *replaced, bool *any)
{
	uint32_t goal = timeout_goal(wanted, before);

	if (goal == 0 || goal == actual)
		return;
	*set = goal;
	*replaced = actual;
	*any = true;
}

static int plan_timeouts(const struct timeouts *wanted, const struct timeouts *actual,
			 const struct timeouts *before, struct plan *plan)
{
	struct operation operation = { .kind = OPERATION_SET_TIMEOUTS };
	struct timeouts *set = &operation.timeouts,
			*replaced = &operation.timeouts_before;
	bool any = false;

	plan_timeout(wanted->tcp, before->tcp, actual->tcp, &set->tcp, &replaced->tcp,
		     &any);
	plan_timeout(wanted->tcp_fin, before->tcp_fin, actual->tcp_fin, &set->tcp_fin,
		     &replaced->tcp_fin, &any);
	plan_timeout(wanted->udp, before->udp, actual->udp, &set->udp, &replaced->udp,
		     &any);
	return any ? add_operation(plan, &operation) : 0;
}

static int plan_sysctl(const struct sysctl *goal, const struct globals *actual,
		       struct plan *plan)
{
	const char *have = globals_find_sysctl(actual, goal->name);

	if (have && sysctl_value_equal(goal->value, have))
		return 0;
	return add_operation(plan, &(struct operation){ .kind = OPERATION_SET_SYSCTL,
							.sysctl = goal,
							.sysctl_before = have });
}

static int plan_sysctls(const struct globals *wanted, const struct globals *actual,
			const struct globals *before, struct plan *plan)
{
	int r = 0;

	/* What left the state gets back the value found before. */
	for (size_t i = 0; r == 0 && i < before->sysctl_count; i++) {
		if (!globals_find_sysctl(wanted, before->sysctls[i].name))
			r = plan_sysctl(&before->sysctls[i], actual, plan);
	}
	for (size_t i = 0; r == 0 && i < wanted->sysctl_count; i++)
		r = plan_sysctl(&wanted->sysctls[i], actual, plan);
	return r;
}

/* A sync daemon has no edit: one that differs is stopped and started. */
static bool daemon_must_stop(const struct sync_daemon *wanted,
			     const struct sync_daemon *actual, bool owned)
{
	return owned && actual->role != SYNC_NONE && !sync_daemon_equal(wanted, actual);
}

static int plan_daemon_stops(const struct table *wanted, const struct table *actual,
			     const struct ownership *ownership, struct plan *plan)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *want = &wanted->globals.daemons[slot];
		const struct sync_daemon *have = &actual->globals.daemons[slot];
		int r;

		if (want->role != SYNC_NONE ||
		    !daemon_must_stop(want, have, ownership->daemon_owned[slot]))
			continue;
		r = add_operation(plan,
				  &(struct operation){ .kind = OPERATION_STOP_DAEMON,
						       .daemon = have });
		if (r < 0)
			return r;
	}
	return 0;
}

static int plan_daemon_start(struct plan *plan, const struct sync_daemon *want,
			     const struct sync_daemon *have, bool owned)
{
	struct operation start = { .kind = OPERATION_START_DAEMON, .daemon = want };
	int r;

	if (have->role != SYNC_NONE) {
		if (sync_daemon_equal(want, have))
			return 0;
		if (!owned)
			return add_conflict(plan,
					    &(struct conflict){ .daemon = want,
								.daemon_actual = have });
		r = add_operation(plan,
				  &(struct operation){ .kind = OPERATION_STOP_DAEMON,
						       .daemon = have });
		if (r < 0)
			return r;
		start.daemon_before = have;
	}
	return add_operation(plan, &start);
}

static int plan_daemon_starts(const struct table *wanted, const struct table *actual,
			      const struct ownership *ownership, struct plan *plan)
{
	int r = 0;

	for (int slot = 0; r == 0 && slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *want = &wanted->globals.daemons[slot];

		if (want->role != SYNC_NONE)
			r = plan_daemon_start(plan, want, &actual->globals.daemons[slot],
					      ownership->daemon_owned[slot]);
	}
	return r;
}

int plan_make(const struct table *wanted, const struct table *actual,
	      const struct ownership *ownership, struct plan *plan)
{
	int r;

	r = plan_sysctls(&wanted->globals, &actual->globals, &ownership->before, plan);
	if (r == 0)
		r = plan_timeouts(&wanted->globals.timeouts, &actual->globals.timeouts,
				  &ownership->timeouts_before, plan);
	if (r == 0)
		r = plan_daemon_stops(wanted, actual, ownership, plan);
	if (r == 0)
		r = plan_edits(wanted, actual, ownership, plan);
	if (r == 0)
		r = plan_deletions(wanted, actual, ownership, plan);
	if (r == 0)
		r = plan_daemon_starts(wanted, actual, ownership, plan);
	return r;
}

void plan_clear(struct plan *plan)
{
	free(plan->operations);
	free(plan->conflicts);
	memset(plan, 0, sizeof(*plan));
}
