/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/drains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/execute.h"
#include "agent/reconcile/rulesets.h"
#include "agent/reconcile/snapshot_plan.h"
#include "agent/reconcile/incremental.h"
#include "agent/report/timestamp.h"
#include "common/clock.h"
#include "common/log.h"

static int copy_service(const struct service *from, struct table *to)
{
	struct service *copy = table_add_service(to);

	if (!copy)
		return -ENOMEM;
	*copy = *from;
	copy->destination_room = copy->destination_count;
	copy->access = NULL; /* a drain changes nothing of it */
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

int drains_keep_wanted(struct session *session, const struct snapshot *snapshot)
{
	const struct ownership *ownership = &session->ownership;
	int r = 0;

	table_clear(&session->draining);
	for (size_t i = 0; r == 0 && i < ownership->drain_count;
	     i = next_service(ownership, i)) {
		const struct service *wanted = table_find_service(
			&snapshot->wanted, &ownership->drains[i].service);

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

/* The keys of the services in which a drain is over, sorted. */
static int find_scope(const struct ownership *ownership, struct ipvs *ipvs,
		      struct service_key *scope, size_t *count, struct err *err)
{
	for (size_t i = 0, next; i < ownership->drain_count; i = next) {
		struct service probe = { .key = ownership->drains[i].service };
		int r = ipvs_get_destinations(ipvs, &probe, err);

		next = next_service(ownership, i);
		if (r == 0 && any_is_over(ownership, i, next, &probe))
			scope[(*count)++] = ownership->drains[i].service;
		service_clear(&probe);
		if (r < 0)
			return r;
	}
	return 0;
}

/* When the last drain is over sysctls may have to get their old values back, a ruleset to go. */
static bool leaves_something(const struct session *session, const struct plan *plan)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		if (plan->operations[i].kind == OPERATION_DELETE_SERVICE &&
		    (plan->operations[i].service->persistence_timeout ||
		     rulesets_are_owned(&session->ownership)))
			return session->ownership.before.sysctl_count > 0;
	}
	return false;
}

static int look(struct session *session, struct snapshot *part,
		struct reconcile_report *report, struct err *err)
{
	bool more;
	int r = incremental_borrow_wanted(part, &session->draining);

	if (r < 0)
		return err_errno(err, -r, "looking at drains");
	r = snapshot_plan_part(part, report, err);
	if (r < 0)
		return r;
	more = leaves_something(session, &part->plan) || part->plan.conflict_count;
	r = execute_plan(part, false, report, err);
	if (r == EXECUTE_AGAIN || more)
		session->wants_reconcile = true;
	return r < 0 ? r : 0;
}

int drains_look(struct session *session, struct ipvs *ipvs,
		struct reconcile_report *report)
{
	size_t failures = report->failure_count;
	cleanup_free struct service_key *scope =
		calloc(session->ownership.drain_count + 1, sizeof(*scope));
	struct snapshot part = { .session = session, .ipvs = ipvs, .scope = scope };
	struct err err = { 0 };
	int r;

	if (!scope)
		return -ENOMEM;
	r = find_scope(&session->ownership, ipvs, scope, &part.scope_count, &err);
	if (r == 0 && part.scope_count > 0)
		r = look(session, &part, report, &err);
	part.ipvs = NULL; /* the caller's */
	snapshot_clear(&part);
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

static int report_drain(const struct drain *drain, struct reconcile_report *report)
{
	char service[SERVICE_KEY_TEXT], address[ADDRESS_TEXT], when[TIMESTAMP_TEXT];
	char line[SERVICE_KEY_TEXT + ADDRESS_TEXT + TIMESTAMP_TEXT + 64];
	uint64_t now = clock_usec(CLOCK_BOOTTIME), due = drain->deadline_msec * 1000;
	bool v6 = drain->address.family == AF_INET6;

	timestamp_format(clock_usec(CLOCK_REALTIME) + (due > now ? due - now : 0), when);
	snprintf(line, sizeof(line), "%s -> %s%s%s:%u%s%s",
		 service_key_format(&drain->service, service), v6 ? "[" : "",
		 address_format(&drain->address, address), v6 ? "]" : "", drain->port,
		 drain->deadline_msec ? ", at most until "
				      : ", as long as it has connections",
		 drain->deadline_msec ? when : "");
	return report_lines_add(&report->drains, line);
}

int drains_report(const struct session *session, struct reconcile_report *report)
{
	const struct ownership *ownership = &session->ownership;
	int r = 0;

	report->draining = ownership->drain_count;
	report_lines_clear(&report->drains);
	for (size_t i = 0;
	     r == 0 && i < MIN_OF(ownership->drain_count, (size_t)REPORT_LINES_MAX); i++)
		r = report_drain(&ownership->drains[i], report);
	return r;
}
