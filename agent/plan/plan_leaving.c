/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/plan_leaving.h"

#include <errno.h>
#include <netinet/in.h>

#include "common/array.h"

/*
 * A destination is deleted only when it was seen at weight 0 without a connection: one that had
 * none when the table was read may have got one since. So the first plan sets the weight, and the
 * next one, made at once from a fresh look, deletes.
 */

enum fate {
	FATE_DELETE,  /* at once: drains are not wanted here */
	FATE_DRAINED, /* deleted, nothing is left */
	FATE_EXPIRED, /* deleted with what is left */
	FATE_DRAIN,   /* stays at weight 0 */
};

static bool may_drain(const struct planning *planning, const struct service *service)
{
	uint8_t protocol = service->key.protocol;

	if (planning->policy->no_drain)
		return false;
	return planning->policy->drain_udp ||
	       (protocol != IPPROTO_UDP && protocol != IPPROTO_SCTP);
}

static enum fate fate_of(const struct planning *planning, const struct service *service,
			 const struct destination *destination, const struct drain *drain)
{
	if (!may_drain(planning, service))
		return FATE_DELETE;
	/* Templates of persistent clients count in neither number (ip_vs_conn.c). */
	if (destination->weight == 0 && destination->active_connections == 0 &&
	    destination->inactive_connections == 0)
		return FATE_DRAINED;
	if (drain && drain->deadline_msec != 0 &&
	    drain->deadline_msec <= planning->policy->now_msec)
		return FATE_EXPIRED;
	return FATE_DRAIN;
}

/* The next destination of actual, from *a on, that wanted does not have; NULL at the end. */
static const struct destination *next_leaving(const struct service *wanted,
					      const struct service *actual, size_t *w,
					      size_t *a)
{
	for (; *a < actual->destination_count; ++*a) {
		const struct destination *have = &actual->destinations[*a];
		int order = 1;

		while (wanted && *w < wanted->destination_count) {
			order = destination_key_compare(&wanted->destinations[*w], have);
			if (order >= 0)
				break;
			++*w;
			order = 1;
		}
		if (order != 0)
			return &actual->destinations[(*a)++];
	}
	return NULL;
}

struct leaving leaving_examine(const struct planning *planning,
			       const struct service *wanted, const struct service *actual)
{
	const struct destination *have;
	struct leaving leaving = { 0 };
	size_t w = 0, a = 0;

	while ((have = next_leaving(wanted, actual, &w, &a))) {
		const struct drain *drain =
			ownership_find_drain(planning->ownership, &actual->key, have);

		if (fate_of(planning, actual, have, drain) == FATE_DRAIN)
			leaving.stay++;
		else
			leaving.go++;
	}
	return leaving;
}

size_t leaving_drains(const struct planning *planning, const struct service *actual)
{
	size_t count = 0;

	if (!ownership_has_drain(planning->ownership, &actual->key))
		return 0;
	for (size_t i = 0; i < actual->destination_count; i++)
		count += ownership_find_drain(planning->ownership, &actual->key,
					      &actual->destinations[i]) != NULL;
	return count;
}

static int keep_drain(const struct planning *planning, const struct service *service,
		      const struct destination *destination, const struct drain *known)
{
	struct plan *plan = planning->plan;
	uint64_t timeout = planning->policy->drain_timeout_msec;
	struct drain drain = {
		.service = service->key,
		.address = destination->address,
		.port = destination->port,
		.deadline_msec = timeout ? planning->policy->now_msec + timeout : 0,
	};

	if (known)
		drain = *known;
	if (ARRAY_MAKE_ROOM(plan->drains, plan->drain_count, plan->drain_room) < 0)
		return -ENOMEM;
	plan->drains[plan->drain_count++] = drain;
	return 0;
}

static int plan_drain(const struct planning *planning, const struct service *service,
		      const struct destination *have, const struct drain *known)
{
	struct plan *plan = planning->plan;
	struct operation operation = {
		.kind = OPERATION_SET_DESTINATION,
		.reason = REASON_DRAIN,
		.service = service,
		.destination_before = have,
	};
	struct destination *quiet;
	int r = keep_drain(planning, service, have, known);

	if (r < 0 || have->weight == 0)
		return r;
	plan->drains_begun++;
	quiet = plan_copy_destination(plan, have);
	if (!quiet)
		return -ENOMEM;
	quiet->weight = 0;
	operation.destination = quiet;
	return plan_add(plan, &operation);
}

static int plan_departure(const struct planning *planning, const struct service *service,
			  const struct destination *have, const struct drain *drain)
{
	static const enum operation_reason reasons[] = {
		[FATE_DELETE] = REASON_STATE,
		[FATE_DRAINED] = REASON_DRAINED,
		[FATE_EXPIRED] = REASON_EXPIRED,
	};
	enum fate fate = fate_of(planning, service, have, drain);

	if (fate == FATE_DRAIN)
		return plan_drain(planning, service, have, drain);
	return plan_add(planning->plan,
			&(struct operation){ .kind = OPERATION_DELETE_DESTINATION,
					     .reason = reasons[fate],
					     .service = service,
					     .destination = have });
}

int plan_leaving_destinations(const struct planning *planning,
			      const struct service *wanted, const struct service *actual)
{
	const struct destination *have;
	size_t w = 0, a = 0;
	int r = 0;

	while (r == 0 && (have = next_leaving(wanted, actual, &w, &a))) {
		const struct drain *drain =
			ownership_find_drain(planning->ownership, &actual->key, have);

		planning->plan->removed_destinations += drain == NULL;
		r = plan_departure(planning, actual, have, drain);
	}
	return r;
}

/* Deleting a service takes its destinations along; only the expired ones have a word of their own. */
static int plan_end_of_service(const struct planning *planning,
			       const struct service *actual)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < actual->destination_count; i++) {
		const struct destination *have = &actual->destinations[i];
		const struct drain *drain =
			ownership_find_drain(planning->ownership, &actual->key, have);

		planning->plan->removed_destinations += drain == NULL;
		if (fate_of(planning, actual, have, drain) == FATE_EXPIRED)
			r = plan_departure(planning, actual, have, drain);
	}
	if (r < 0)
		return r;
	return plan_add(planning->plan,
			&(struct operation){ .kind = OPERATION_DELETE_SERVICE,
					     .service = actual });
}

int plan_leaving_service(const struct planning *planning, const struct service *actual)
{
	if (leaving_examine(planning, NULL, actual).stay == 0)
		return plan_end_of_service(planning, actual);
	return plan_leaving_destinations(planning, NULL, actual);
}
