/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/snapshot_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/last_good.h"
#include "common/clock.h"
#include "common/log.h"

static int refuse_state(struct reconcile_report *report, enum reconcile_outcome outcome)
{
	report->outcome = outcome;
	report->shortage = report->problems.shortage;
	report->message = strdup(report->problems.count ? report->problems.lines[0] : "");
	return report->message ? 0 : -ENOMEM;
}

/* Without the record it is not known what is ours; the plan then says why. */
static int admit(struct snapshot *snapshot)
{
	const struct session *session = snapshot->session;
	const struct guard_rules *rules = &session->options->guard;
	struct vip_admission *admission = &snapshot->admission;
	const struct table *wanted = &snapshot->wanted;
	cleanup_free bool *refused = NULL;
	int r;

	vip_admission_clear(admission);
	if (!vip_admission_is_needed(rules, wanted) ||
	    session_load_record(snapshot->session, NULL) < 0)
		return 0;
	refused = calloc(wanted->service_count + 1, sizeof(*refused));
	if (!refused)
		return -ENOMEM;
	r = vip_admission_check(admission, rules, wanted, &session->ownership, refused);
	return r == 0 && admission->count > 0 ? snapshot_take_out(snapshot, refused) : r;
}

/*
 * Replaces wanted by the last good state, if there is one and the session falls back; sets
 * report->falls_back then.
 */
static int fall_back(struct snapshot *snapshot, struct reconcile_report *report)
{
	struct session *session = snapshot->session;
	struct err err = { 0 };
	int64_t when = 0;
	int r;

	/* Without the record it cannot be known whether the file is of the last state. */
	if (!session->falls_back || session_load_record(session, &err) < 0)
		return 0;
	/* What a held state has added and moved would go again, by a state that says nothing. */
	if (session->holds) {
		log_debug("no last good state: the kernel has more than that");
		return 0;
	}
	plan_clear(&snapshot->plan);
	snapshot_clear_wanted(snapshot);
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
	snapshot_clear_wanted(snapshot);
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
	bool known = session_load_record(session, NULL) == 0 && link->name[0];

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
			r = fall_back(snapshot, report);
	} else if (r == STATE_OK) {
		session->warnings.state_changed |= changed;
		r = borrow_wanted(snapshot, table, report);
		if (r == 0)
			r = admit(snapshot);
	}
	report->times.read = clock_usec(CLOCK_MONOTONIC) - start;
	return r;
}
