/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/planner.h"

#include <errno.h>
#include <string.h>

#include "agent/plan/plan_globals.h"
#include "agent/plan/plan_leaving.h"

/*
 * Both tables are sorted by key, so one merge finds for each key which side has it. The merge is
 * done once for each group of operations: services that are created and edited, then destinations,
 * then what leaves.
 */

static int add_destination(struct plan *plan, enum operation_kind kind,
			   const struct service *service,
			   const struct destination *destination,
			   const struct destination *before)
{
	return plan_add(plan, &(struct operation){ .kind = kind,
						   .service = service,
						   .destination = destination,
						   .destination_before = before });
}

/* --- whose a service is --- */

static bool service_is_ours(const struct planning *planning, const struct service *actual)
{
	const struct owned_service *owned =
		ownership_find(planning->ownership, &actual->key);

	return owned && owned_service_is_ours(owned, actual);
}

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

/* Whether a service of the state that is in the kernel may be written to. */
static bool may_write(const struct planning *planning, const struct service *actual)
{
	return planning->policy->adopt == ADOPT_ALL || service_is_ours(planning, actual);
}

static int plan_conflict(const struct planning *planning, const struct service *wanted,
			 const struct service *actual)
{
	bool equal = service_matches(wanted, actual);

	if (equal && planning->policy->adopt != ADOPT_NONE)
		return 0;
	return plan_add_conflict(planning->plan,
				 &(struct conflict){ .service = wanted,
						     .service_actual = actual,
						     .equal = equal });
}

/* --- services --- */

static bool refuses_at_weight_0(const struct service *service)
{
	return strcmp(service->scheduler, "sh") == 0 ||
	       strcmp(service->scheduler, "mh") == 0;
}

/* The service as it is to be now: as wanted, with the fallback flag while destinations drain. */
static const struct service *goal_of(const struct planning *planning,
				     const struct service *wanted,
				     const struct service *actual)
{
	struct service *goal;

	if (!refuses_at_weight_0(wanted) ||
	    (wanted->scheduler_flags & SCHEDULER_FLAG_1) ||
	    leaving_examine(planning, wanted, actual).stay == 0)
		return wanted;
	goal = plan_copy_service(planning->plan, wanted);
	if (goal)
		goal->scheduler_flags |= SCHEDULER_FLAG_1;
	return goal;
}

/*
 * Whether the edit has to wait for what leaves: without the fallback flag the scheduler would refuse
 * the clients of those at weight 0.
 */
static bool is_late(const struct planning *planning, const struct service *wanted,
		    const struct service *goal, const struct service *actual)
{
	if (goal->scheduler_flags & SCHEDULER_FLAG_1)
		return false;
	if (refuses_at_weight_0(actual) && (actual->scheduler_flags & SCHEDULER_FLAG_1))
		return true;
	return refuses_at_weight_0(goal) &&
	       leaving_examine(planning, wanted, actual).go > 0;
}

/*
 * The edit of a service that is ours, if it needs one: before its destinations change, or late, when
 * those that drained are gone or have their weight again.
 */
static int plan_service_edit(const struct planning *planning,
			     const struct service *wanted, const struct service *actual,
			     bool late)
{
	const struct service *goal = goal_of(planning, wanted, actual);
	struct operation set = { .kind = OPERATION_SET_SERVICE,
				 .service = goal,
				 .service_before = actual };

	if (!goal)
		return -ENOMEM;
	if (service_equal(goal, actual) ||
	    is_late(planning, wanted, goal, actual) != late)
		return 0;
	if (goal != wanted ||
	    (late && ownership_has_drain(planning->ownership, &actual->key)))
		set.reason = REASON_DRAIN;
	return plan_add(planning->plan, &set);
}

static int plan_new_destinations(const struct planning *planning,
				 const struct service *wanted)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->destination_count; i++)
		r = add_destination(planning->plan, OPERATION_NEW_DESTINATION, wanted,
				    &wanted->destinations[i], NULL);
	return r;
}

/* New and changed destinations of a service that is on both sides. */
static int plan_destination_edits(const struct planning *planning,
				  const struct service *wanted,
				  const struct service *actual)
{
	struct plan *plan = planning->plan;
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
			r = add_destination(plan, OPERATION_NEW_DESTINATION, wanted, want,
					    NULL);
		else if (!destination_equal(want, have))
			r = add_destination(plan, OPERATION_SET_DESTINATION, wanted, want,
					    have);
		w++;
		a += order == 0;
	}
	return r;
}

/* --- the merges --- */

static int plan_service(const struct planning *planning, const struct service *wanted,
			const struct service *actual)
{
	if (!actual)
		return plan_add(planning->plan,
				&(struct operation){ .kind = OPERATION_NEW_SERVICE,
						     .service = wanted });
	if (!wanted)
		return 0;
	if (!may_write(planning, actual))
		return plan_conflict(planning, wanted, actual);
	return plan_service_edit(planning, wanted, actual, false);
}

static int plan_destinations(const struct planning *planning,
			     const struct service *wanted, const struct service *actual)
{
	if (!wanted)
		return 0;
	if (!actual)
		return plan_new_destinations(planning, wanted);
	if (!may_write(planning, actual))
		return 0;
	return plan_destination_edits(planning, wanted, actual);
}

/* A service that leaves and drains already was allowed to, and so was a destination. */
static void count_ours(const struct planning *planning, const struct service *wanted,
		       const struct service *actual)
{
	size_t draining = leaving_drains(planning, actual);
	bool was_leaving = draining > 0 && draining == actual->destination_count;

	planning->plan->owned_services += wanted || !was_leaving;
	planning->plan->removed_services += !wanted && !was_leaving;
	if (!wanted || !wanted->of_cluster)
		planning->plan->owned_destinations +=
			actual->destination_count - draining;
}

static int plan_leaving(const struct planning *planning, const struct service *wanted,
			const struct service *actual)
{
	struct plan *plan = planning->plan;
	size_t removed = plan->removed_destinations;
	bool ours = actual && service_is_ours(planning, actual);
	int r;

	if (!actual)
		return 0;
	if (ours)
		count_ours(planning, wanted, actual);
	if (!wanted && !ours)
		plan->foreign_services++;
	if (!wanted)
		return ours ? plan_leaving_service(planning, actual) : 0;
	if (!may_write(planning, actual))
		return 0;
	r = plan_leaving_destinations(planning, wanted, actual);
	/* What a service that is taken over has too many was never ours; endpoints come and go. */
	if (!ours || wanted->of_cluster)
		plan->removed_destinations = removed;
	return r < 0 ? r : plan_service_edit(planning, wanted, actual, true);
}

typedef int (*pair_handler)(const struct planning *planning, const struct service *wanted,
			    const struct service *actual);

/* How far the two tables have been gone through. */
struct position {
	size_t wanted, actual;
};

static bool is_at_end(const struct planning *planning, const struct position *at)
{
	return at->wanted == planning->wanted->service_count &&
	       at->actual == planning->actual->service_count;
}

/*
 * Calls handle for the next keys of either table, at most so many, with NULL for the side that does
 * not have one.
 */
static int for_next_pairs(const struct planning *planning, pair_handler handle,
			  size_t most, struct position *at)
{
	const struct table *wanted = planning->wanted, *actual = planning->actual;
	int r = 0;

	for (size_t i = 0; r == 0 && i < most && !is_at_end(planning, at); i++) {
		int order;

		if (at->wanted == wanted->service_count)
			order = 1;
		else if (at->actual == actual->service_count)
			order = -1;
		else
			order = service_key_compare(&wanted->services[at->wanted].key,
						    &actual->services[at->actual].key);
		r = handle(planning, order <= 0 ? &wanted->services[at->wanted] : NULL,
			   order >= 0 ? &actual->services[at->actual] : NULL);
		at->wanted += order <= 0;
		at->actual += order >= 0;
	}
	return r;
}

/* What comes and what changes, group after group: services, then their destinations. */
static int plan_staying(const struct planning *planning)
{
	struct position at = { 0 };
	int r = 0;

	while (r == 0 && !is_at_end(planning, &at)) {
		struct position services = at;

		r = for_next_pairs(planning, plan_service, PLAN_GROUP, &services);
		if (r == 0)
			r = for_next_pairs(planning, plan_destinations, PLAN_GROUP, &at);
	}
	return r;
}

int plan_make(const struct table *wanted, const struct table *actual,
	      const struct ownership *ownership, const struct plan_policy *policy,
	      struct plan *plan)
{
	const struct planning planning = {
		.wanted = wanted,
		.actual = actual,
		.ownership = ownership,
		.policy = policy,
		.plan = plan,
	};
	struct position start = { 0 };
	int r = policy->services_only ? 0 : plan_globals_before(&planning);

	if (r == 0)
		r = plan_staying(&planning);
	if (r == 0)
		r = for_next_pairs(&planning, plan_leaving, SIZE_MAX, &start);
	return r < 0 || policy->services_only ? r : plan_sync_daemon_starts(&planning);
}
