/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "agent/reconcile/vip_reconcile.h"
#include "agent/reconcile/drains.h"
#include "agent/reconcile/execute.h"
#include "agent/reconcile/kube_proxy.h"
#include "agent/store/last_good.h"
#include "agent/reconcile/link_needs.h"
#include "agent/reconcile/incremental.h"
#include "agent/reconcile/snapshot_plan.h"
#include "agent/reconcile/snapshot_state.h"
#include "common/clock.h"
#include "common/descriptors.h"

/* How often the table is read again within one reconcile when it changed under our hands. */
enum { ROUNDS = 3 };

enum { HELD = 2 }; /* beside enum execute_outcome */

/* --- the removal hold --- */

static bool may_remove(struct session *session)
{
	uint64_t hold = session->options->removal_hold_usec;
	uint64_t now = clock_usec(CLOCK_BOOTTIME);

	if (session->held_since == 0)
		session->held_since = now;
	return session->falls_back && now - session->held_since >= hold;
}

/* When the hold is over by itself; a command's never is. */
static int64_t hold_end(const struct session *session)
{
	uint64_t now = clock_usec(CLOCK_BOOTTIME);
	uint64_t due = session->held_since + session->options->removal_hold_usec;

	if (!session->falls_back)
		return 0;
	return (int64_t)((clock_usec(CLOCK_REALTIME) + (due > now ? due - now : 0)) /
			 1000000);
}

static int report_hold(const struct hold_counts *counts, struct reconcile_report *report)
{
	bool services = counts->services_removed * 2 > counts->services;
	char text[128];

	snprintf(text, sizeof(text), "would remove %zu of %zu %s",
		 services ? counts->services_removed : counts->destinations_removed,
		 services ? counts->services : counts->destinations,
		 services ? "services" : "destinations");
	report->outcome = RECONCILE_HELD;
	report->message = strdup(text);
	return report->message ? 0 : -ENOMEM;
}

/* Whether the plan removes so much of what was in force that it waits. */
static int is_hold_due(struct snapshot *snapshot, struct hold_counts *counts)
{
	const struct plan *plan = &snapshot->plan;
	int r;

	if (!hold_may_be_due(plan->removed_services, plan->removed_destinations))
		return 0;
	r = snapshot_count_removed(snapshot, counts);
	return r < 0 ? r : hold_is_due(counts);
}

/* HELD where what the plan removes waits, so that another plan is to be made; 0: go on with it. */
static int hold_removal(struct snapshot *snapshot, struct reconcile_report *report)
{
	struct session *session = snapshot->session;
	struct hold_counts counts = { 0 };
	int r;

	if (report->outcome != RECONCILE_IN_SYNC)
		return 0;
	if (session->options->removal_hold_usec == 0 || session->allow_removal) {
		session->held_since = 0;
		return 0;
	}
	r = is_hold_due(snapshot, &counts);
	if (r <= 0 || may_remove(session)) {
		/* For the further rounds, too: what is left after lost answers may be most again. */
		session->allow_removal |= r > 0;
		session->held_since = 0;
		return MIN_OF(r, 0);
	}
	r = report_hold(&counts, report);
	report->held_until = hold_end(session);
	if (r == 0)
		r = snapshot_hold(snapshot);
	report->falls_back = snapshot->accepted_known;
	report->last_good = snapshot->accepted_when;
	report->services = snapshot->wanted.service_count;
	report->destinations = table_destination_count(&snapshot->wanted);
	return r < 0 ? r : HELD;
}

/* --- the rounds --- */

static int run_round(struct snapshot *snapshot, bool last,
		     struct reconcile_report *report, struct err *err)
{
	int r = snapshot_plan(snapshot, report, err);

	if (r == 0)
		r = hold_removal(snapshot, report);
	if (r == HELD)
		r = snapshot_plan(snapshot, report, err);
	return r == 0 ? execute_plan(snapshot, last, report, err) : r;
}

static int run_rounds(struct snapshot *snapshot, struct reconcile_report *report,
		      struct err *err)
{
	int r = EXECUTE_AGAIN;

	for (int round = 1; r == EXECUTE_AGAIN; round++) {
		reconcile_report_restart(report);
		r = run_round(snapshot, round == ROUNDS, report, err);
	}
	return r;
}

/* What has just begun to drain and has no connection goes at once. */
static int finish_drains(struct snapshot *snapshot, struct reconcile_report *report)
{
	struct session *session = snapshot->session;
	bool begun = snapshot->drains_begun > 0;
	int r = drains_keep_wanted(session, snapshot);

	session->wants_reconcile = false;
	if (r == 0 && begun)
		r = drains_look(session, snapshot->ipvs, report);
	return r;
}

/* All of it, and once more where the look at the drains lost answers or met another's writes. */
static int run_all(struct snapshot *snapshot, struct reconcile_report *report,
		   struct err *err)
{
	int r = run_rounds(snapshot, report, err);

	snapshot->drains_begun = snapshot->plan.drains_begun;
	if (r == 0)
		r = finish_drains(snapshot, report);
	if (r == 0 && snapshot->session->wants_reconcile)
		r = run_rounds(snapshot, report, err);
	return r;
}

/* The changes alone where that is possible, else all. */
static int run_changes(struct snapshot *snapshot, struct reconcile_report *report,
		       struct err *err)
{
	int r = incremental_apply(snapshot, report, err);

	if (r == INCREMENTAL_NEEDS_ALL) {
		reconcile_report_restart(report);
		return run_all(snapshot, report, err);
	}
	report->part = r == 0;
	report->foreign_services = snapshot->session->foreign_services;
	return r < 0 ? r : finish_drains(snapshot, report);
}

/* --- the end --- */

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int keep_last_good(struct session *session, struct reconcile_report *report)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	struct ownership *ownership = &session->ownership;
	bool changed = false, left = ownership->good_left;
	struct err err = { 0 };
	int r = 0;

	ownership->good_left = false;
	if (last_good_write(session->options->data_directory, &session->state,
			    is_directory(session->options->state_path),
			    &session->ownership, &changed, &err) < 0)
		r = reconcile_report_warn(
			report, "the last good state cannot be kept: %s", err.text);
	/* The next process must not take what failed for another program's change. */
	ownership->good_left = report->failure_count > 0;
	changed |= ownership->good_left != left;
	if (r == 0 && changed && !session->record_unsaved &&
	    session_note_good(session, &err) < 0)
		r = reconcile_report_warn(report, "the record cannot be written: %s",
					  err.text);
	report->times.record += clock_usec(CLOCK_MONOTONIC) - start;
	return r;
}

static int report_trouble(struct reconcile_report *report, const struct err *err)
{
	free(report->message);
	report->outcome = RECONCILE_TROUBLE;
	report->shortage = errno_is_shortage(err->code) ? err->code : 0;
	report->message = strdup(err->text);
	return report->message ? 0 : -ENOMEM;
}

static void add_counts(const struct snapshot *snapshot, struct reconcile_report *report)
{
	const struct ipvs_counts *counts;

	if (!snapshot->ipvs)
		return;
	counts = ipvs_get_counts(snapshot->ipvs);
	report->kernel_reads += counts->reads;
	report->kernel_writes += counts->writes;
}

static int settle(struct session *session, struct reconcile_report *report)
{
	uint64_t random = 0, now = clock_usec(CLOCK_BOOTTIME);

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = now;
	drift_backoff_settle(&session->drift_backoffs, now);
	if (drains_report(session, report) < 0)
		return -ENOMEM;
	if (report->outcome == RECONCILE_IN_SYNC && report->failure_count > 0)
		report->outcome = RECONCILE_DEGRADED;
	return error_backoff_update(&session->error_backoffs, report, now,
				    clock_usec(CLOCK_REALTIME), random);
}

static int report_made_sysctls(const struct snapshot *snapshot,
			       struct reconcile_report *report)
{
	const struct ownership *ownership = &snapshot->session->ownership;
	const struct globals *wanted = &snapshot->wanted.globals;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->sysctl_count; i++) {
		const struct sysctl *sysctl = &wanted->sysctls[i];
		const char *made =
			ownership_find_made(ownership, sysctl->name, sysctl->value);

		if (made)
			r = reconcile_report_warn(report,
						  "sysctl %s: the kernel made %s of %s",
						  sysctl->name, made, sysctl->value);
	}
	return r;
}

/* What is wrong with the state itself, until the state changes. */
static int report_state_failures(const struct notes *notes,
				 struct reconcile_report *report)
{
	int r = 0;

	if (report->falls_back)
		return 0;
	for (size_t i = 0; r == 0 && i < notes->failure_count; i++) {
		const struct omission *failure = &notes->failures[i];

		r = reconcile_report_add(report, failure->object, NULL, failure->reason,
					 EINVAL);
		if (r == 0)
			report->failures[report->failure_count - 1].waiting = true;
	}
	return r;
}

/* What comes after the services: their addresses, and a word on those that were refused. */
static int finish(const struct snapshot *snapshot, struct reconcile_report *report)
{
	int r = vips_apply(snapshot, report);

	if (r == 0)
		r = report_made_sysctls(snapshot, report);
	if (r == 0)
		r = vip_admission_report(&snapshot->admission, report);
	if (r == 0)
		r = report_state_failures(&snapshot->session->state.table.notes, report);
	return r == 0 ? kube_proxy_report(snapshot->session, &snapshot->wanted, report)
		      : r;
}

/* A sysctl of our own link can only be set when the addresses' part has made that. */
static int run_again_for_links(struct snapshot *snapshot, struct reconcile_report *report,
			       struct err *err)
{
	int r;

	if (!link_came_for_sysctl(snapshot) || snapshot->session->interrupted > 0)
		return 0;
	reconcile_report_restart(report);
	r = run_rounds(snapshot, report, err);
	return r == 0 ? finish(snapshot, report) : r;
}

/* What was left is no failure of an object, but nothing is in sync before it is done. */
static int report_interruption(struct session *session, struct reconcile_report *report)
{
	char text[128];
	int r;

	if (session->interrupted == 0)
		return 0;
	session->wants_reconcile = true;
	snprintf(
		text, sizeof(text),
		"interrupted, since another state or an order waits: %zu operations are left to the next reconcile",
		session->interrupted);
	r = reconcile_report_add(report, "reconcile", NULL, text, EINTR);
	if (r == 0)
		report->failures[report->failure_count - 1].waiting = true;
	return r;
}

/* From the wanted table, whose report says IN_SYNC so far unless it falls back, to the end. */
static int bring_about(struct snapshot *snapshot, bool changes_only,
		       struct reconcile_report *report)
{
	struct session *session = snapshot->session;
	struct err err = { 0 };
	int r;

	/* The last good state is not what the last applied table knows of. */
	if (changes_only && report->outcome == RECONCILE_IN_SYNC)
		r = run_changes(snapshot, report, &err);
	else
		r = run_all(snapshot, report, &err);
	if (r == 0)
		r = finish(snapshot, report);
	if (r == 0)
		r = run_again_for_links(snapshot, report, &err);
	if (r == 0)
		r = report_interruption(session, report);

	session->allow_removal = false;
	add_counts(snapshot, report);
	if (r < 0 && err.code == 0)
		return r;
	if (r < 0) {
		/* What the kernel has now is not known: not a part, all is to be looked at. */
		session->wants_reconcile = true;
		return report_trouble(report, &err);
	}
	return settle(session, report);
}

/* What the state has and cannot be served; not of the last good state, whose day is over. */
static int report_omissions(const struct notes *notes, struct reconcile_report *report)
{
	size_t kept = notes_kept(notes);
	int r = 0;

	if (report->falls_back && report->outcome != RECONCILE_HELD)
		return 0;
	for (size_t i = 0; r == 0 && i < kept; i++)
		r = reconcile_report_warn(report, "%s: %s", notes->omissions[i].object,
					  notes->omissions[i].reason);
	if (r == 0 && notes->omission_count > kept)
		r = reconcile_report_warn(report, "and %zu more that cannot be served",
					  notes->omission_count - kept);
	for (size_t i = 0; r == 0 && i < notes->warning_count; i++)
		r = reconcile_report_warn(report, "%s", notes->warnings[i]);
	return r;
}

/* Whether the wanted services, or those of the last good state, are in the kernel. */
static bool is_in_kernel(const struct reconcile_report *report)
{
	return report->outcome == RECONCILE_IN_SYNC ||
	       report->outcome == RECONCILE_DEGRADED ||
	       (report->falls_back && report->outcome != RECONCILE_TROUBLE);
}

static int run(struct session *session, bool changes_only,
	       struct reconcile_report *report)
{
	cleanup_snapshot struct snapshot snapshot = { .session = session };
	int r;

	session->progress.all = 0;
	session->interrupted = 0;
	r = snapshot_read_state(&snapshot, report);
	if (r < 0)
		return r;
	if (report->outcome != RECONCILE_IN_SYNC)
		session->held_since = 0;
	if (report->outcome != RECONCILE_IN_SYNC && !report->falls_back) {
		r = drains_report(session, report);
		/* Nothing will be tried before the state changes. */
		error_backoff_clear(&session->error_backoffs);
		return r;
	}
	r = bring_about(&snapshot, changes_only, report);
	if (r < 0)
		return r;
	session->foreign_services = report->foreign_services;
	if (report->outcome != RECONCILE_TROUBLE)
		session->holds = report->outcome == RECONCILE_HELD;
	r = report_omissions(&session->state.table.notes, report);
	if (r == 0 && is_in_kernel(report))
		r = service_warnings_report(&session->warnings, &snapshot.wanted,
					    &session->ownership, report);
	if (r < 0)
		return r;
	if (session->interrupted == 0 && (report->outcome == RECONCILE_IN_SYNC ||
					  report->outcome == RECONCILE_DEGRADED))
		r = keep_last_good(session, report);
	return r;
}

int reconcile_run(struct session *session, struct reconcile_report *report)
{
	return run(session, false, report);
}

int reconcile_changes(struct session *session, struct reconcile_report *report)
{
	return run(session, true, report);
}

static int forget_last_good(struct session *session, struct reconcile_report *report)
{
	const struct options *options = session->options;
	bool known = session->ownership.good_fingerprint != 0;
	struct err err = { 0 };
	int r = 0;

	if (last_good_remove(options->data_directory, &session->ownership, &err) < 0)
		r = reconcile_report_warn(
			report,
			"the last good state cannot be removed, and would come back where there is no state: %s",
			err.text);
	if (r == 0 && known && session_write_record(session, &err) < 0)
		r = reconcile_report_warn(report, "%s", err.text);
	return r;
}

int reconcile_cleanup(struct session *session, struct reconcile_report *report)
{
	cleanup_snapshot struct snapshot snapshot = { .session = session };
	int r;

	/* What it is told to remove is no accident. */
	session->allow_removal = true;
	r = bring_about(&snapshot, false, report);
	if (r < 0 || report->outcome == RECONCILE_TROUBLE)
		return r;
	return forget_last_good(session, report);
}

static int look_at_addresses(struct session *session, struct reconcile_report *report)
{
	size_t failures = report->failure_count;
	int r = vips_check(session, report);

	/* What waits for its next attempt has been reported by a reconcile already. */
	for (size_t i = failures; i < report->failure_count; i++)
		session->wants_reconcile |= !report->failures[i].waiting;
	/* So that what is put back again and again is known as that before the next reconcile. */
	drift_backoff_settle(&session->drift_backoffs, clock_usec(CLOCK_BOOTTIME));
	return r;
}

int reconcile_addresses(struct session *session, struct reconcile_report *report)
{
	return look_at_addresses(session, report);
}

int reconcile_drains(struct session *session, struct reconcile_report *report)
{
	cleanup_snapshot struct snapshot snapshot = { .session = session };
	struct err err = { 0 };
	int r;

	if (session->ownership.drain_count == 0)
		return 0;
	r = ipvs_open(&snapshot.ipvs, &err);
	if (r < 0) {
		session->wants_reconcile = true;
		return 0;
	}
	r = drains_look(session, snapshot.ipvs, report);
	/* What has ended may have been the last service of an address. */
	if (r == 0 && report->changes > 0)
		r = look_at_addresses(session, report);
	add_counts(&snapshot, report);
	return r < 0 ? r : drains_report(session, report);
}
