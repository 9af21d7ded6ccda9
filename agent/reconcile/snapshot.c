/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/snapshot.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/implied_sysctls.h"
#include "agent/store/last_good.h"
#include "agent/store/ownership_file.h"
#include "agent/kernel/sysctl.h"
#include "agent/model/fingerprint.h"
#include "agent/model/sysctl_name.h"
#include "common/clock.h"
#include "common/log.h"

static void clear_wanted(struct preparation *preparation)
{
	if (preparation->wanted_in_part)
		free(preparation->wanted.services);
	if (preparation->wanted_borrowed || preparation->wanted_in_part) {
		globals_clear(&preparation->wanted.globals);
		memset(&preparation->wanted, 0, sizeof(preparation->wanted));
	} else {
		table_clear(&preparation->wanted);
	}
	preparation->wanted_borrowed = preparation->wanted_in_part = false;
}

static int compare_keys(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

bool preparation_covers(const struct preparation *preparation,
			const struct service_key *key)
{
	return !preparation->scope ||
	       bsearch(key, preparation->scope, preparation->scope_count,
		       sizeof(*preparation->scope), compare_keys);
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
		session->record_unsaved |= record_is_missing(run_directory);
		return 0;
	}
	r = record_check_namespace(run_directory, &found);
	if (r == 0)
		r = record_load(run_directory, &session->ownership, &found);
	if (r < 0)
		return err_set(err, found.code, "%s", found.text);
	if (r != RECORD_LOADED && r != RECORD_NONE)
		log_warning(
			"%s: it owns nothing; services that it named count as others'",
			found.text);
	session->record_read = true;
	return 0;
}

/* Without the record it is not known what is ours; the plan then says why. */
static int admit(struct preparation *preparation)
{
	admission_clear(&preparation->admission);
	if (!admission_is_needed(preparation) ||
	    load_record(preparation->session, NULL) < 0)
		return 0;
	return admission_check(preparation);
}

int preparation_fall_back(struct preparation *preparation,
			  struct reconcile_report *report)
{
	struct session *session = preparation->session;
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
	plan_clear(&preparation->plan);
	clear_wanted(preparation);
	r = last_good_read(session->options->data_directory, &session->settings,
			   &session->ownership, &preparation->wanted, &when, &err);
	if (r < 0)
		return r;
	if (r == LAST_GOOD_NONE) {
		log_debug("no last good state: %s", err.text);
		return 0;
	}
	notes_clear(&session->last_good_notes);
	if (notes_copy_health_checks(&preparation->wanted.notes,
				     &session->last_good_notes) < 0)
		return -ENOMEM;
	report->falls_back = true;
	report->last_good = when;
	report->services = preparation->wanted.service_count;
	report->destinations = table_destination_count(&preparation->wanted);
	return admit(preparation);
}

/* --- the removal hold --- */

static int read_accepted(struct preparation *preparation)
{
	struct session *session = preparation->session;
	int r;

	/* Without a record of it, it need not be what the kernel has. */
	if (session->ownership.good_fingerprint == 0)
		return 0;
	r = last_good_read(session->options->data_directory, &session->settings,
			   &session->ownership, &preparation->accepted,
			   &preparation->accepted_when, NULL);
	if (r < 0)
		return r;
	preparation->accepted_known = r == LAST_GOOD_READ;
	return 0;
}

/* What is held back counts as named by the state where that cannot be read. */
static struct hold_view view_of(const struct preparation *preparation)
{
	const struct table *state = &preparation->session->state.table;

	return (struct hold_view){
		.wanted = &preparation->wanted,
		.named = preparation->names_state ? state : &preparation->wanted,
		.actual = &preparation->actual,
		.accepted = preparation->accepted_known ? &preparation->accepted : NULL,
		.ownership = &preparation->session->ownership,
	};
}

int preparation_count_removed(struct preparation *preparation, struct hold_counts *counts)
{
	struct hold_view view;

	if (!preparation->accepted_known) {
		int r = read_accepted(preparation);

		if (r < 0)
			return r;
	}
	view = view_of(preparation);
	*counts = hold_count(&view);
	return 0;
}

/* Their endpoints are those of the new state, where that has the Service still. */
static int keep_health_checks(struct preparation *preparation)
{
	struct notes *kept = &preparation->session->last_good_notes;
	const struct notes *before = &preparation->accepted.notes;
	size_t own;
	int r;

	notes_clear(kept);
	r = notes_copy_health_checks(&preparation->wanted.notes, kept);
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

int preparation_hold(struct preparation *preparation)
{
	const struct hold_view view = view_of(preparation);
	struct table in_force = { 0 };
	int r = hold_make(&view, &in_force);

	if (r == 0)
		r = keep_health_checks(preparation);
	if (r < 0) {
		table_clear(&in_force);
		return r;
	}
	plan_clear(&preparation->plan);
	clear_wanted(preparation);
	preparation->wanted = in_force;
	return 0;
}

/* --- the state --- */

static int borrow_wanted(struct preparation *preparation, const struct table *table,
			 struct reconcile_report *report)
{
	preparation->wanted.services = table->services;
	preparation->wanted.service_count = table->service_count;
	preparation->wanted.notes = table->notes;
	preparation->wanted_borrowed = preparation->names_state = true;
	report->services = table->service_count;
	report->destinations = table_destination_count(table);
	return globals_copy(&table->globals, &preparation->wanted.globals);
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

int preparation_read_state(struct preparation *preparation,
			   struct reconcile_report *report)
{
	struct session *session = preparation->session;
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
			r = preparation_fall_back(preparation, report);
	} else if (r == STATE_OK) {
		session->warnings.state_changed |= changed;
		r = borrow_wanted(preparation, table, report);
		if (r == 0)
			r = admit(preparation);
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
static int read_service(struct preparation *preparation, const struct service_key *key,
			struct err *err)
{
	struct service found = { 0 }, *added;
	int r = ipvs_get_service(preparation->ipvs, key, &found, err);

	if (r < 0)
		return r == -ESRCH ? 0 : r;
	added = table_add_service(&preparation->actual);
	if (!added) {
		service_clear(&found);
		return err_errno(err, ENOMEM, "reading the table");
	}
	*added = found;
	return 0;
}

/* Asks for what is ours and the dump did not have: a dump is no snapshot. */
static int confirm_absent(struct preparation *preparation, struct err *err)
{
	const struct ownership *ownership = &preparation->session->ownership;
	struct table *actual = &preparation->actual;
	size_t known = actual->service_count, a = 0;

	for (size_t i = 0; i < ownership->service_count; i++) {
		const struct service_key *key = &ownership->services[i].key;
		int r;

		while (a < known &&
		       service_key_compare(&actual->services[a].key, key) < 0)
			a++;
		if (a < known && service_key_compare(&actual->services[a].key, key) == 0)
			continue;
		r = read_service(preparation, key, err);
		if (r < 0)
			return r;
	}
	table_sort(actual);
	return 0;
}

int preparation_open(struct preparation *preparation, struct err *err)
{
	return preparation->ipvs ? 0 : ipvs_open(&preparation->ipvs, err);
}

/* Which of our sync daemons are bound to a link that is not there any more. */
static void find_lost_daemons(struct preparation *preparation)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		struct sync_daemon *actual = &preparation->actual.globals.daemons[slot];
		unsigned int link = preparation->session->ownership.daemons[slot].link;

		actual->lost = actual->role != SYNC_NONE && link != 0 &&
			       if_nametoindex(actual->interface) != link;
	}
}

static int read_kernel(struct preparation *preparation, struct err *err)
{
	struct globals *actual = &preparation->actual.globals;
	int r = preparation_open(preparation, err);

	if (r == 0)
		r = ipvs_dump(preparation->ipvs, &preparation->actual, err);
	if (r == 0)
		r = confirm_absent(preparation, err);
	if (r < 0)
		return r;
	find_lost_daemons(preparation);
	r = implied_sysctls_add(preparation);
	if (r == 0)
		r = read_sysctls(&preparation->wanted.globals, actual);
	if (r == 0)
		r = read_sysctls(&preparation->session->ownership.before, actual);
	return r < 0 ? err_errno(err, -r, "reading sysctls") : 0;
}

/*
 * At the first plan of a process: where the record says that this very state was brought about
 * before, what differs from it now was changed by somebody since.
 */
static int take_up_history(struct preparation *preparation)
{
	struct session *session = preparation->session;
	cleanup_free bool *failed = NULL;

	if (session->history.services || session->ownership.good_left ||
	    session->ownership.good_fingerprint !=
		    fingerprint_table(&preparation->wanted))
		return 0;
	failed = calloc(preparation->wanted.service_count + 1, sizeof(*failed));
	if (!failed)
		return -ENOMEM;
	return history_replace(&session->history, &preparation->wanted, failed, false);
}

static int make_plan(struct preparation *preparation, struct err *err)
{
	struct session *session = preparation->session;
	const struct options *options = session->options;
	const struct plan_policy policy = {
		.adopt = options->adopt,
		.no_drain = options->no_drain,
		.drain_udp = options->drain_udp,
		.drain_timeout_msec = options->drain_timeout_usec / 1000,
		.now_msec = clock_usec(CLOCK_BOOTTIME) / 1000,
		.services_only = preparation->scope != NULL,
	};
	int r;

	plan_clear(&preparation->plan);
	r = take_up_history(preparation);
	if (r == 0)
		r = plan_make(&preparation->wanted, &preparation->actual,
			      &session->ownership, &policy, &preparation->plan);
	if (r < 0)
		return err_errno(err, -r, "planning");
	history_mark_drift(&session->history, &preparation->wanted, &session->ownership,
			   &preparation->plan);
	return rulesets_plan(preparation, err);
}

/* The plan once more, with the sysctls that a service needs while it drains. */
static int plan_for_drains(struct preparation *preparation, struct err *err)
{
	struct globals *wanted = &preparation->wanted.globals;
	size_t named = wanted->sysctl_count;
	int r = implied_sysctls_add_for_drains(preparation);

	if (r == 0 && wanted->sysctl_count == named)
		return 0;
	if (r == 0)
		r = read_sysctls(wanted, &preparation->actual.globals);
	return r < 0 ? err_errno(err, -r, "planning") : make_plan(preparation, err);
}

int preparation_plan(struct preparation *preparation, struct reconcile_report *report,
		     struct err *err)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC), dumped;
	int r;

	plan_clear(&preparation->plan);
	table_clear(&preparation->actual);
	r = load_record(preparation->session, err);
	if (r == 0)
		r = read_kernel(preparation, err);
	dumped = clock_usec(CLOCK_MONOTONIC);
	report->times.dump += dumped - start;
	if (r == 0)
		r = make_plan(preparation, err);
	if (r == 0)
		r = plan_for_drains(preparation, err);
	report->times.plan += clock_usec(CLOCK_MONOTONIC) - dumped;
	report->foreign_services = preparation->plan.foreign_services;
	return r;
}

int preparation_plan_part(struct preparation *preparation,
			  struct reconcile_report *report, struct err *err)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC), read;
	int r = 0;

	for (size_t i = 0; r == 0 && i < preparation->scope_count; i++)
		r = read_service(preparation, &preparation->scope[i], err);
	read = clock_usec(CLOCK_MONOTONIC);
	report->times.dump += read - start;
	if (r == 0)
		r = make_plan(preparation, err);
	report->times.plan += clock_usec(CLOCK_MONOTONIC) - read;
	return r;
}

void preparation_clear(struct preparation *preparation)
{
	plan_clear(&preparation->plan);
	clear_wanted(preparation);
	admission_clear(&preparation->admission);
	table_clear(&preparation->actual);
	table_clear(&preparation->accepted);
	rulesets_clear(&preparation->rulesets);
	ipvs_close(preparation->ipvs);
	memset(preparation, 0, sizeof(*preparation));
}
