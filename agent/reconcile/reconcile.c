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
#include "agent/reconcile/snapshot.h"
#include "common/clock.h"
#include "common/descriptors.h"

/* How often the table is read again within one reconcile when it changed under our hands. */
enum { ROUNDS = 3 };

enum { HELD = 2 }; /* beside enum execution_outcome */

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
static int is_hold_due(struct preparation *preparation, struct hold_counts *counts)
{
	const struct plan *plan = &preparation->plan;
	int r;

	if (!hold_may_be_due(plan->removed_services, plan->removed_destinations))
		return 0;
	r = preparation_count_removed(preparation, counts);
	return r < 0 ? r : hold_is_due(counts);
}

/* HELD where what the plan removes waits, so that another plan is to be made; 0: go on with it. */
static int hold_removal(struct preparation *preparation, struct reconcile_report *report)
{
	struct session *session = preparation->session;
	struct hold_counts counts = { 0 };
	int r;

	if (report->outcome != RECONCILE_IN_SYNC)
		return 0;
	if (session->options->removal_hold_usec == 0 || session->allow_removal) {
		session->held_since = 0;
		return 0;
	}
	r = is_hold_due(preparation, &counts);
	if (r <= 0 || may_remove(session)) {
		/* For the further rounds, too: what is left after lost answers may be most again. */
		session->allow_removal |= r > 0;
		session->held_since = 0;
		return MIN_OF(r, 0);
	}
	r = report_hold(&counts, report);
	report->held_until = hold_end(session);
	if (r == 0)
		r = preparation_hold(preparation);
	report->falls_back = preparation->accepted_known;
	report->last_good = preparation->accepted_when;
	report->services = preparation->wanted.service_count;
	report->destinations = table_destination_count(&preparation->wanted);
	return r < 0 ? r : HELD;
}

/* --- the rounds --- */

static int run_round(struct preparation *preparation, bool last,
		     struct reconcile_report *report, struct err *err)
{
	int r = preparation_plan(preparation, report, err);

	if (r == 0)
		r = hold_removal(preparation, report);
	if (r == HELD)
		r = preparation_plan(preparation, report, err);
	return r == 0 ? execution_run(preparation, last, report, err) : r;
}

static int run_rounds(struct preparation *preparation, struct reconcile_report *report,
		      struct err *err)
{
	int r = EXECUTION_AGAIN;

	for (int round = 1; r == EXECUTION_AGAIN; round++) {
		reconcile_report_restart(report);
		r = run_round(preparation, round == ROUNDS, report, err);
	}
	return r;
}

/* What has just begun to drain and has no connection goes at once. */
static int finish_drains(struct preparation *preparation, struct reconcile_report *report)
{
	struct session *session = preparation->session;
	bool begun = preparation->drains_begun > 0;
	int r = drains_keep_wanted(session, preparation);

	session->wants_reconcile = false;
	if (r == 0 && begun)
		r = drains_look(session, preparation->ipvs, report);
	return r;
}

/* All of it, and once more where the look at the drains lost answers or met another's writes. */
static int run_all(struct preparation *preparation, struct reconcile_report *report,
		   struct err *err)
{
	int r = run_rounds(preparation, report, err);

	preparation->drains_begun = preparation->plan.drains_begun;
	if (r == 0)
		r = finish_drains(preparation, report);
	if (r == 0 && preparation->session->wants_reconcile)
		r = run_rounds(preparation, report, err);
	return r;
}

/* The changes alone where that is possible, else all. */
static int run_changes(struct preparation *preparation, struct reconcile_report *report,
		       struct err *err)
{
	int r = part_bring_about(preparation, report, err);

	if (r == PART_NEEDS_ALL) {
		reconcile_report_restart(report);
		return run_all(preparation, report, err);
	}
	report->part = r == 0;
	report->foreign_services = preparation->session->foreign_services;
	return r < 0 ? r : finish_drains(preparation, report);
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

static void add_counts(const struct preparation *preparation,
		       struct reconcile_report *report)
{
	const struct ipvs_counts *counts;

	if (!preparation->ipvs)
		return;
	counts = ipvs_get_counts(preparation->ipvs);
	report->kernel_reads += counts->reads;
	report->kernel_writes += counts->writes;
}

static int settle(struct session *session, struct reconcile_report *report)
{
	uint64_t random = 0, now = clock_usec(CLOCK_BOOTTIME);

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = now;
	quarrel_settle(&session->quarrels, now);
	if (drains_report(session, report) < 0)
		return -ENOMEM;
	if (report->outcome == RECONCILE_IN_SYNC && report->failure_count > 0)
		report->outcome = RECONCILE_DEGRADED;
	return retry_update(&session->retries, report, now, clock_usec(CLOCK_REALTIME),
			    random);
}

static int report_made_sysctls(const struct preparation *preparation,
			       struct reconcile_report *report)
{
	const struct ownership *ownership = &preparation->session->ownership;
	const struct globals *wanted = &preparation->wanted.globals;
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
static int finish(const struct preparation *preparation, struct reconcile_report *report)
{
	int r = addresses_bring_about(preparation, report);

	if (r == 0)
		r = report_made_sysctls(preparation, report);
	if (r == 0)
		r = admission_report(&preparation->admission, report);
	if (r == 0)
		r = report_state_failures(&preparation->session->state.table.notes,
					  report);
	return r == 0 ? kube_proxy_report(preparation->session, &preparation->wanted,
					  report)
		      : r;
}

/* A sysctl of our own link can only be set when the addresses' part has made that. */
static int run_again_for_links(struct preparation *preparation,
			       struct reconcile_report *report, struct err *err)
{
	int r;

	if (!link_came_for_sysctl(preparation) || preparation->session->interrupted > 0)
		return 0;
	reconcile_report_restart(report);
	r = run_rounds(preparation, report, err);
	return r == 0 ? finish(preparation, report) : r;
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
static int bring_about(struct preparation *preparation, bool changes_only,
		       struct reconcile_report *report)
{
	struct session *session = preparation->session;
	struct err err = { 0 };
	int r;

	/* The last good state is not what the history knows of. */
	if (changes_only && report->outcome == RECONCILE_IN_SYNC)
		r = run_changes(preparation, report, &err);
	else
		r = run_all(preparation, report, &err);
	if (r == 0)
		r = finish(preparation, report);
	if (r == 0)
		r = run_again_for_links(preparation, report, &err);
	if (r == 0)
		r = report_interruption(session, report);

	session->allow_removal = false;
	add_counts(preparation, report);
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
	cleanup_preparation struct preparation preparation = { .session = session };
	int r;

	session->progress.all = 0;
	session->interrupted = 0;
	r = preparation_read_state(&preparation, report);
	if (r < 0)
		return r;
	if (report->outcome != RECONCILE_IN_SYNC)
		session->held_since = 0;
	if (report->outcome != RECONCILE_IN_SYNC && !report->falls_back) {
		r = drains_report(session, report);
		/* Nothing will be tried before the state changes. */
		retry_clear(&session->retries);
		return r;
	}
	r = bring_about(&preparation, changes_only, report);
	if (r < 0)
		return r;
	session->foreign_services = report->foreign_services;
	if (report->outcome != RECONCILE_TROUBLE)
		session->holds = report->outcome == RECONCILE_HELD;
	r = report_omissions(&session->state.table.notes, report);
	if (r == 0 && is_in_kernel(report))
		r = service_warnings_report(session, &preparation.wanted, report);
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
	cleanup_preparation struct preparation preparation = { .session = session };
	int r;

	/* What it is told to remove is no accident. */
	session->allow_removal = true;
	r = bring_about(&preparation, false, report);
	if (r < 0 || report->outcome == RECONCILE_TROUBLE)
		return r;
	return forget_last_good(session, report);
}

static int look_at_addresses(struct session *session, struct reconcile_report *report)
{
	size_t failures = report->failure_count;
	int r = addresses_look(session, report);

	/* What waits for its next attempt has been reported by a reconcile already. */
	for (size_t i = failures; i < report->failure_count; i++)
		session->wants_reconcile |= !report->failures[i].waiting;
	/* So that what is put back again and again is known as that before the next reconcile. */
	quarrel_settle(&session->quarrels, clock_usec(CLOCK_BOOTTIME));
	return r;
}

int reconcile_addresses(struct session *session, struct reconcile_report *report)
{
	return look_at_addresses(session, report);
}

int reconcile_drains(struct session *session, struct reconcile_report *report)
{
	cleanup_preparation struct preparation preparation = { .session = session };
	struct err err = { 0 };
	int r;

	if (session->ownership.drain_count == 0)
		return 0;
	r = ipvs_open(&preparation.ipvs, &err);
	if (r < 0) {
		session->wants_reconcile = true;
		return 0;
	}
	r = drains_look(session, preparation.ipvs, report);
	/* What has ended may have been the last service of an address. */
	if (r == 0 && report->changes > 0)
		r = look_at_addresses(session, report);
	add_counts(&preparation, report);
	return r < 0 ? r : drains_report(session, report);
}
