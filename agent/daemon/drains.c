/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/drains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/execution.h"
#include "common/clock.h"
#include "common/log.h"

static int copy_service(const struct service *from, struct table *to)
{
	struct service *copy = table_add_service(to);

	if (!copy)
		return -ENOMEM;
	*copy = *from;
	copy->destination_room = copy->destination_count;
	copy->name = from->name ? strdup(from->name) : NULL;
	copy->destinations =
		calloc(from->destination_count + 1, sizeof(*copy->destinations));
	if (!copy->destinations || (from->name && !copy->name))
		return -ENOMEM;
	if (from->destination_count > 0)
		memcpy(copy->destinations, from->destinations,
		       from->destination_count * sizeof(*copy->destinations));
	return 0;
}

/* The first drain behind i that is of another service. */
static size_t next_service(const struct ownership *ownership, size_t i)
{
	const struct service_key *key = &ownership->drains[i].service;

	while (i < ownership->drain_count &&
	       service_key_compare(&ownership->drains[i].service, key) == 0)
		i++;
	return i;
}

int drains_keep_wanted(struct session *session, const struct preparation *preparation)
{
	const struct ownership *ownership = &session->ownership;
	int r = 0;

	table_clear(&session->draining);
	for (size_t i = 0; r == 0 && i < ownership->drain_count;
	     i = next_service(ownership, i)) {
		const struct service *wanted = table_find_service(
			&preparation->wanted, &ownership->drains[i].service);

		if (wanted)
			r = copy_service(wanted, &session->draining);
	}
	return r;
}

static bool drain_is_over(const struct drain *drain, const struct service *actual,
			  uint64_t now_msec)
{
	const struct destination key = { .address = drain->address, .port = drain->port };
	const struct destination *found = service_find_destination(actual, &key);

	if (!found || found->weight != 0)
		return true;
	if (found->active_connections == 0 && found->inactive_connections == 0)
		return true;
	return drain->deadline_msec != 0 && drain->deadline_msec <= now_msec;
}

static bool any_is_over(const struct ownership *ownership, size_t from, size_t to,
			const struct service *actual)
{
	uint64_t now_msec = clock_usec(CLOCK_BOOTTIME) / 1000;

	for (size_t i = from; i < to; i++) {
		if (drain_is_over(&ownership->drains[i], actual, now_msec))
			return true;
	}
	return false;
}

/*
 * Adds the service of the drains from..to to actual where a drain in it is over. -ESRCH where the
 * kernel does not have it any more.
 */
static int look_at_service(const struct ownership *ownership, size_t from, size_t to,
			   struct ipvs *ipvs, struct table *actual, struct err *err)
{
	struct service probe = { .key = ownership->drains[from].service }, *added;
	int r = ipvs_get_destinations(ipvs, &probe, err);
	bool over = r == 0 && any_is_over(ownership, from, to, &probe);

	service_clear(&probe);
	if (!over)
		return r;
	r = ipvs_get_service(ipvs, &ownership->drains[from].service, &probe, err);
	if (r < 0)
		return r;
	added = table_add_service(actual);
	if (!added) {
		service_clear(&probe);
		return err_errno(err, ENOMEM, "looking at drains");
	}
	*added = probe;
	return 0;
}

static int look_at_all(struct session *session, struct ipvs *ipvs, struct table *actual,
		       struct err *err)
{
	const struct ownership *ownership = &session->ownership;

	for (size_t i = 0, next; i < ownership->drain_count; i = next) {
		int r;

		next = next_service(ownership, i);
		r = look_at_service(ownership, i, next, ipvs, actual, err);
		if (r == -ESRCH)
			session->wants_reconcile = true;
		else if (r < 0)
			return r;
	}
	return 0;
}

/* wanted is a part of session->draining, whose objects it borrows. */
static int take_wanted(const struct session *session, const struct table *actual,
		       struct table *wanted)
{
	wanted->services = calloc(actual->service_count + 1, sizeof(*wanted->services));
	if (!wanted->services)
		return -ENOMEM;
	for (size_t i = 0; i < actual->service_count; i++) {
		const struct service *found =
			table_find_service(&session->draining, &actual->services[i].key);

		if (found)
			wanted->services[wanted->service_count++] = *found;
	}
	return 0;
}

static void give_back(struct table *wanted)
{
	free(wanted->services);
	memset(wanted, 0, sizeof(*wanted));
}

/* When the last drain is over a sysctl may have to get its old value back. */
static bool leaves_something(const struct session *session, const struct plan *plan)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		if (plan->operations[i].kind == OPERATION_DELETE_SERVICE &&
		    plan->operations[i].service->persistence_timeout)
			return session->ownership.before.sysctl_count > 0;
	}
	return false;
}

static int look(struct session *session, struct preparation *part,
		struct reconcile_report *report, struct err *err)
{
	bool more;
	int r = look_at_all(session, part->ipvs, &part->actual, err);

	if (r < 0 || part->actual.service_count == 0)
		return r;
	r = take_wanted(session, &part->actual, &part->wanted);
	if (r < 0)
		return err_errno(err, -r, "looking at drains");
	r = preparation_plan_part(part, err);
	if (r < 0)
		return r;
	more = leaves_something(session, &part->plan) || part->plan.conflict_count;
	r = execution_run(part, false, report, err);
	if (r == EXECUTION_AGAIN || more)
		session->wants_reconcile = true;
	return r < 0 ? r : 0;
}

int drains_look(struct session *session, struct ipvs *ipvs,
		struct reconcile_report *report)
{
	size_t failures = report->failure_count;
	struct preparation part = { .session = session, .ipvs = ipvs, .part = true };
	struct err err = { 0 };
	int r = look(session, &part, report, &err);

	give_back(&part.wanted);
	part.ipvs = NULL; /* the caller's */
	preparation_clear(&part);
	/* What waits for its next attempt has been reported by a reconcile already. */
	for (size_t i = failures; i < report->failure_count; i++)
		session->wants_reconcile |= !report->failures[i].waiting;
	if (r < 0 && err.code != ENOMEM) {
		log_debug("looking at drains: %s", err.text);
		session->wants_reconcile = true;
		r = 0;
	}
	return r;
}
