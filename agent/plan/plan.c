/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/hold.h"
#include "common/array.h"

/* --- the plan's own objects --- */

/* A list, so that none moves. */
struct plan_copy {
	struct plan_copy *next;
	union {
		struct service service; /* its name and destinations are not its own */
		struct destination destination;
		struct sysctl sysctl; /* nor are its texts */
	};
};

static struct plan_copy *add_copy(struct plan *plan)
{
	struct plan_copy *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	copy->next = plan->copies;
	plan->copies = copy;
	return copy;
}

struct service *plan_copy_service(struct plan *plan, const struct service *service)
{
	struct plan_copy *copy = add_copy(plan);

	if (!copy)
		return NULL;
	copy->service = *service;
	copy->service.fingerprint = 0;
	return &copy->service;
}

struct destination *plan_copy_destination(struct plan *plan,
					  const struct destination *destination)
{
	struct plan_copy *copy = add_copy(plan);

	if (!copy)
		return NULL;
	copy->destination = *destination;
	return &copy->destination;
}

struct sysctl *plan_copy_sysctl(struct plan *plan, const struct sysctl *sysctl)
{
	struct plan_copy *copy = add_copy(plan);

	if (!copy)
		return NULL;
	copy->sysctl = *sysctl;
	return &copy->sysctl;
}

int plan_add(struct plan *plan, const struct operation *operation)
{
	int r = ARRAY_MAKE_ROOM(plan->operations, plan->operation_count,
				plan->operation_room);

	if (r < 0)
		return r;
	plan->operations[plan->operation_count++] = *operation;
	return 0;
}

int plan_add_conflict(struct plan *plan, const struct conflict *conflict)
{
	int r = ARRAY_MAKE_ROOM(plan->conflicts, plan->conflict_count,
				plan->conflict_room);

	if (r < 0)
		return r;
	plan->conflicts[plan->conflict_count++] = *conflict;
	return 0;
}

int plan_add_ruleset(struct plan *plan, enum operation_kind kind,
		     const struct ruleset *ruleset, bool drift)
{
	const struct operation operation = { .kind = kind,
					     .drift = drift,
					     .ruleset = ruleset };
	size_t at = 0;
	int r = plan_add(plan, &operation);

	if (r < 0)
		return r;
	while (plan->operations[at].kind <= OPERATION_DELETE_RULESET &&
	       at + 1 < plan->operation_count)
		at++;
	memmove(&plan->operations[at + 1], &plan->operations[at],
		(plan->operation_count - 1 - at) * sizeof(operation));
	plan->operations[at] = operation;
	return 0;
}

int plan_add_ruleset_conflict(struct plan *plan, const struct ruleset *ruleset)
{
	return plan_add_conflict(plan, &(struct conflict){ .ruleset = ruleset });
}

static int compare_drains(const void *a, const void *b)
{
	return drain_compare(a, b);
}

bool plan_has_drain(const struct plan *plan, const struct drain *drain)
{
	const struct drain *found = NULL;

	if (plan->drain_count > 0)
		found = bsearch(drain, plan->drains, plan->drain_count,
				sizeof(*plan->drains), compare_drains);
	return found && found->deadline_msec == drain->deadline_msec;
}

bool plan_removes_most(const struct plan *plan)
{
	const struct hold_counts counts = {
		.services = plan->owned_services,
		.services_removed = plan->removed_services,
		.destinations = plan->owned_destinations,
		.destinations_removed = plan->removed_destinations,
	};

	return hold_is_due(&counts);
}

void plan_clear(struct plan *plan)
{
	while (plan->copies) {
		struct plan_copy *copy = plan->copies;

		plan->copies = copy->next;
		free(copy);
	}
	free(plan->operations);
	free(plan->conflicts);
	free(plan->drains);
	memset(plan, 0, sizeof(*plan));
}
