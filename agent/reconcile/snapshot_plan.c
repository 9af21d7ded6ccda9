/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/snapshot_plan.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/implied_sysctls.h"
#include "agent/reconcile/rulesets.h"
#include "agent/kernel/sysctl.h"
#include "agent/model/fingerprint.h"
#include "agent/model/sysctl_name.h"
#include "agent/plan/planner.h"
#include "common/clock.h"

static bool lacks_link(const char *sysctl)
{
	char link[IF_NAMESIZE];

	return sysctl_link(sysctl, link) && if_nametoindex(link) == 0;
}

/* The present values of those sysctls that the state names or that are ours. */
static int read_sysctls(const struct globals *names, struct globals *actual)
{
	for (size_t i = 0; i < names->sysctl_count; i++) {
		const char *name = names->sysctls[i].name;
		cleanup_free char *value = NULL;
		int r;

		if (globals_find_sysctl(actual, name) ||
		    globals_sysctl_is_absent(actual, name))
			continue;
		/* One that cannot be read is left out; setting it will then say why. */
		r = sysctl_read(name, &value, NULL);
		if (r == 0)
			r = globals_add_sysctl(actual, name, value);
		else if (r == -ENOENT && lacks_link(name))
			r = globals_add_absent_sysctl(actual, name);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
}

/* Adds the service to actual where the kernel has it. */
static int read_service(struct snapshot *snapshot, const struct service_key *key,
			struct err *err)
{
	struct service found = { 0 }, *added;
	int r = ipvs_get_service(snapshot->ipvs, key, &found, err);

	if (r < 0)
		return r == -ESRCH ? 0 : r;
	added = table_add_service(&snapshot->actual);
	if (!added) {
		service_clear(&found);
		return err_errno(err, ENOMEM, "reading the table");
	}
	*added = found;
	return 0;
}

/* Asks for what is ours and the dump did not have: a dump is no snapshot. */
static int confirm_absent(struct snapshot *snapshot, struct err *err)
{
	const struct ownership *ownership = &snapshot->session->ownership;
	struct table *actual = &snapshot->actual;
	size_t known = actual->service_count, a = 0;

	for (size_t i = 0; i < ownership->service_count; i++) {
		const struct service_key *key = &ownership->services[i].key;
		int r;

		while (a < known &&
		       service_key_compare(&actual->services[a].key, key) < 0)
			a++;
		if (a < known && service_key_compare(&actual->services[a].key, key) == 0)
			continue;
		r = read_service(snapshot, key, err);
		if (r < 0)
			return r;
	}
	table_sort(actual);
	return 0;
}

/* Which of our sync daemons are bound to a link that is not there any more. */
static void find_lost_daemons(struct snapshot *snapshot)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		struct sync_daemon *actual = &snapshot->actual.globals.daemons[slot];
		unsigned int link = snapshot->session->ownership.daemons[slot].link;

		actual->lost = actual->role != SYNC_NONE && link != 0 &&
			       if_nametoindex(actual->interface) != link;
	}
}

static int read_kernel(struct snapshot *snapshot, struct err *err)
{
	struct globals *actual = &snapshot->actual.globals;
	int r = snapshot_open(snapshot, err);

	if (r == 0)
		r = ipvs_dump(snapshot->ipvs, &snapshot->actual, err);
	if (r == 0)
		r = confirm_absent(snapshot, err);
	if (r < 0)
		return r;
	find_lost_daemons(snapshot);
	r = implied_sysctls_add(snapshot);
	if (r == 0)
		r = read_sysctls(&snapshot->wanted.globals, actual);
	if (r == 0)
		r = read_sysctls(&snapshot->session->ownership.before, actual);
	return r < 0 ? err_errno(err, -r, "reading sysctls") : 0;
}

/*
 * At the first plan of a process: where the record says that this very state was brought about
 * before, what differs from it now was changed by somebody since.
 */
static int take_up_history(struct snapshot *snapshot)
{
	struct session *session = snapshot->session;
	cleanup_free bool *failed = NULL;

	if (session->last_applied.services || session->ownership.good_left ||
	    session->ownership.good_fingerprint != fingerprint_table(&snapshot->wanted))
		return 0;
	failed = calloc(snapshot->wanted.service_count + 1, sizeof(*failed));
	if (!failed)
		return -ENOMEM;
	return last_applied_replace(&session->last_applied, &snapshot->wanted, failed,
				    false);
}

static int make_plan(struct snapshot *snapshot, struct err *err)
{
	struct session *session = snapshot->session;
	const struct options *options = session->options;
	const struct plan_policy policy = {
		.adopt = options->adopt,
		.no_drain = options->no_drain,
		.drain_udp = options->drain_udp,
		.drain_timeout_msec = options->drain_timeout_usec / 1000,
		.now_msec = clock_usec(CLOCK_BOOTTIME) / 1000,
		.services_only = snapshot->scope != NULL,
	};
	int r;

	plan_clear(&snapshot->plan);
	r = take_up_history(snapshot);
	if (r == 0)
		r = plan_make(&snapshot->wanted, &snapshot->actual, &session->ownership,
			      &policy, &snapshot->plan);
	if (r < 0)
		return err_errno(err, -r, "planning");
	last_applied_mark_drift(&session->last_applied, &snapshot->wanted,
				&session->ownership, &snapshot->plan);
	return rulesets_plan(snapshot, err);
}

/* The plan once more, with the sysctls that a service needs while it drains. */
static int plan_for_drains(struct snapshot *snapshot, struct err *err)
{
	struct globals *wanted = &snapshot->wanted.globals;
	size_t named = wanted->sysctl_count;
	int r = implied_sysctls_add_for_drains(snapshot);

	if (r == 0 && wanted->sysctl_count == named)
		return 0;
	if (r == 0)
		r = read_sysctls(wanted, &snapshot->actual.globals);
	return r < 0 ? err_errno(err, -r, "planning") : make_plan(snapshot, err);
}

int snapshot_plan(struct snapshot *snapshot, struct reconcile_report *report,
		  struct err *err)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC), dumped;
	int r;

	plan_clear(&snapshot->plan);
	table_clear(&snapshot->actual);
	r = session_load_record(snapshot->session, err);
	if (r == 0)
		r = read_kernel(snapshot, err);
	dumped = clock_usec(CLOCK_MONOTONIC);
	report->times.dump += dumped - start;
	if (r == 0)
		r = make_plan(snapshot, err);
	if (r == 0)
		r = plan_for_drains(snapshot, err);
	report->times.plan += clock_usec(CLOCK_MONOTONIC) - dumped;
	report->foreign_services = snapshot->plan.foreign_services;
	return r;
}

int snapshot_plan_part(struct snapshot *snapshot, struct reconcile_report *report,
		       struct err *err)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC), read;
	int r = 0;

	for (size_t i = 0; r == 0 && i < snapshot->scope_count; i++)
		r = read_service(snapshot, &snapshot->scope[i], err);
	read = clock_usec(CLOCK_MONOTONIC);
	report->times.dump += read - start;
	if (r == 0)
		r = make_plan(snapshot, err);
	report->times.plan += clock_usec(CLOCK_MONOTONIC) - read;
	return r;
}
