/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/snapshot.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/implied_sysctls.h"
#include "agent/store/last_good.h"
#include "agent/store/ownership_file.h"
#include "agent/plan/planner.h"
#include "agent/kernel/sysctl.h"
#include "agent/model/fingerprint.h"
#include "agent/model/sysctl_name.h"
#include "common/clock.h"
#include "common/log.h"

static void clear_wanted(struct snapshot *snapshot)
{
	if (snapshot->wanted_in_part)
		free(snapshot->wanted.services);
	if (snapshot->wanted_borrowed || snapshot->wanted_in_part) {
		globals_clear(&snapshot->wanted.globals);
		memset(&snapshot->wanted, 0, sizeof(snapshot->wanted));
	} else {
		table_clear(&snapshot->wanted);
	}
	snapshot->wanted_borrowed = snapshot->wanted_in_part = false;
}

static int compare_keys(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

bool snapshot_covers(const struct snapshot *snapshot, const struct service_key *key)
{
	return !snapshot->scope || bsearch(key, snapshot->scope, snapshot->scope_count,
					   sizeof(*snapshot->scope), compare_keys);
}

static int refuse_state(struct reconcile_report *report, enum reconcile_outcome outcome)
{
	report->outcome = outcome;
	report->shortage = report->problems.shortage;
	report->message = strdup(report->problems.count ? report->problems.lines[0] : "");
	return report->message ? 0 : -ENOMEM;
}

static int load_record(struct session *session, struct err *err)
{
	const char *run_directory = session->options->run_directory;
	struct err found = { 0 };
	int r;

	if (session->record_read) {
		/* Somebody took it away: what we know is written again. */
		session->record_unsaved |= ownership_file_is_missing(run_directory);
		return 0;
	}
	r = ownership_file_check_namespace(run_directory, &found);
	if (r == 0)
		r = ownership_file_load(run_directory, &session->ownership, &found);
	if (r < 0)
		return err_set(err, found.code, "%s", found.text);
	if (r != OWNERSHIP_FILE_LOADED && r != OWNERSHIP_FILE_NONE)
		log_warning(
			"%s: it owns nothing; services that it named count as others'",
			found.text);
	session->record_read = true;
	return 0;
}

/* Without the record it is not known what is ours; the plan then says why. */
static int admit(struct snapshot *snapshot)
{
	vip_admission_clear(&snapshot->admission);
	if (!vip_admission_is_needed(snapshot) ||
	    load_record(snapshot->session, NULL) < 0)
		return 0;
	return vip_admission_check(snapshot);
}

int snapshot_fall_back(struct snapshot *snapshot, struct reconcile_report *report)
{
	struct session *session = snapshot->session;
	struct err err = { 0 };
	int64_t when = 0;
	int r;

	/* Without the record it cannot be known whether the file is of the last state. */
	if (!session->falls_back || load_record(session, &err) < 0)
		return 0;
	/* What a held state has added and moved would go again, by a state that says nothing. */
	if (session->holds) {
		log_debug("no last good state: the kernel has more than that");
		return 0;
	}
	plan_clear(&snapshot->plan);
	clear_wanted(snapshot);
	r = last_good_read(session->options->data_directory, &session->settings,
			   &session->ownership, &snapshot->wanted, &when, &err);
	if (r < 0)
		return r;
	if (r == LAST_GOOD_NONE) {
		log_debug("no last good state: %s", err.text);
		return 0;
	}
	notes_clear(&session->last_good_notes);
	if (notes_copy_health_checks(&snapshot->wanted.notes, &session->last_good_notes) <
	    0)
		return -ENOMEM;
	report->falls_back = true;
	report->last_good = when;
	report->services = snapshot->wanted.service_count;
	report->destinations = table_destination_count(&snapshot->wanted);
	return admit(snapshot);
}

/* --- the removal hold --- */

static int read_accepted(struct snapshot *snapshot)
{
	struct session *session = snapshot->session;
	int r;

	/* Without a record of it, it need not be what the kernel has. */
	if (session->ownership.good_fingerprint == 0)
		return 0;
	r = last_good_read(session->options->data_directory, &session->settings,
			   &session->ownership, &snapshot->accepted,
			   &snapshot->accepted_when, NULL);
	if (r < 0)
		return r;
	snapshot->accepted_known = r == LAST_GOOD_READ;
	return 0;
}

/* What is held back counts as named by the state where that cannot be read. */
static struct hold_view view_of(const struct snapshot *snapshot)
{
	const struct table *state = &snapshot->session->state.table;

	return (struct hold_view){
		.wanted = &snapshot->wanted,
		.named = snapshot->names_state ? state : &snapshot->wanted,
		.actual = &snapshot->actual,
		.accepted = snapshot->accepted_known ? &snapshot->accepted : NULL,
		.ownership = &snapshot->session->ownership,
	};
}

int snapshot_count_removed(struct snapshot *snapshot, struct hold_counts *counts)
{
	struct hold_view view;

	if (!snapshot->accepted_known) {
		int r = read_accepted(snapshot);

		if (r < 0)
			return r;
	}
	view = view_of(snapshot);
	*counts = hold_count(&view);
	return 0;
}

/* Their endpoints are those of the new state, where that has the Service still. */
static int keep_health_checks(struct snapshot *snapshot)
{
	struct notes *kept = &snapshot->session->last_good_notes;
	const struct notes *before = &snapshot->accepted.notes;
	size_t own;
	int r;

	notes_clear(kept);
	r = notes_copy_health_checks(&snapshot->wanted.notes, kept);
	own = kept->health_check_count;
	for (size_t i = 0; r == 0 && i < before->health_check_count; i++) {
		const struct health_check *check = &before->health_checks[i];
		bool is_there = false;

		for (size_t k = 0; k < own; k++)
			is_there |= kept->health_checks[k].port == check->port;
		if (!is_there)
			r = notes_add_health_check(kept, check);
	}
	return r;
}

int snapshot_hold(struct snapshot *snapshot)
{
	const struct hold_view view = view_of(snapshot);
	struct table in_force = { 0 };
	int r = hold_make(&view, &in_force);

	if (r == 0)
		r = keep_health_checks(snapshot);
	if (r < 0) {
		table_clear(&in_force);
		return r;
	}
	plan_clear(&snapshot->plan);
	clear_wanted(snapshot);
	snapshot->wanted = in_force;
	return 0;
}

/* --- the state --- */

static int borrow_wanted(struct snapshot *snapshot, const struct table *table,
			 struct reconcile_report *report)
{
	snapshot->wanted.services = table->services;
	snapshot->wanted.service_count = table->service_count;
	snapshot->wanted.notes = table->notes;
	snapshot->wanted_borrowed = snapshot->names_state = true;
	report->services = table->service_count;
	report->destinations = table_destination_count(table);
	return globals_copy(&table->globals, &snapshot->wanted.globals);
}

/* A link of ours can have another name than the one that it is to have. */
static void know_own_link(struct session *session)
{
	struct owned_link *link = &session->ownership.link;
	bool known = load_record(session, NULL) == 0 && link->name[0];

	session->own_link.name = session->options->link;
	session->own_link.hardware = known ? link->hardware : NULL;
	session->settings = session->options->cluster;
	session->settings.node_addresses_context = &session->own_link;
}

int snapshot_read_state(struct snapshot *snapshot, struct reconcile_report *report)
{
	struct session *session = snapshot->session;
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	const struct table *table = NULL;
	bool changed;
	int r;

	know_own_link(session);
	session->state.settings = &session->settings;
	r = state_cache_read(&session->state, session->options->state_path, &table,
			     &changed, &report->problems);
	if (r == STATE_MISSING || r == STATE_INVALID) {
		r = refuse_state(report, r == STATE_MISSING ? RECONCILE_NO_STATE
							    : RECONCILE_BAD_STATE);
		if (r == 0)
			r = snapshot_fall_back(snapshot, report);
	} else if (r == STATE_OK) {
		session->warnings.state_changed |= changed;
		r = borrow_wanted(snapshot, table, report);
		if (r == 0)
			r = admit(snapshot);
	}
	report->times.read = clock_usec(CLOCK_MONOTONIC) - start;
	return r;
}

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

int snapshot_open(struct snapshot *snapshot, struct err *err)
{
	return snapshot->ipvs ? 0 : ipvs_open(&snapshot->ipvs, err);
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
	r = load_record(snapshot->session, err);
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

void snapshot_clear(struct snapshot *snapshot)
{
	plan_clear(&snapshot->plan);
	clear_wanted(snapshot);
	vip_admission_clear(&snapshot->admission);
	table_clear(&snapshot->actual);
	table_clear(&snapshot->accepted);
	rulesets_clear(&snapshot->rulesets);
	ipvs_close(snapshot->ipvs);
	memset(snapshot, 0, sizeof(*snapshot));
}
