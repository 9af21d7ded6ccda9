/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/execute.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/service_ownership.h"
#include "agent/reconcile/failure.h"
#include "agent/reconcile/ruleset_write.h"
#include "agent/reconcile/stale_conntrack.h"
#include "agent/report/operation_log.h"
#include "agent/reconcile/skip_rules.h"
#include "agent/kernel/router_advertisement.h"
#include "agent/kernel/sysctl.h"
#include "agent/model/fingerprint.h"
#include "common/clock.h"

/* A value that the kernel rounds up is more than was asked for by a page or so. */
static const long long MADE_MORE_MAX = 4096;

/* --- what came of it --- */

/* Another's write since the dump, or a lost answer: reason to read again, not yet an error. */
static bool is_stale(const struct operation *operation, int result)
{
	switch (result) {
	case -EINPROGRESS:
		return true;
	case -EEXIST:
		return operation->kind == OPERATION_NEW_SERVICE ||
		       operation->kind == OPERATION_NEW_DESTINATION;
	case -ESRCH:
		return operation->kind == OPERATION_SET_SERVICE ||
		       operation->kind == OPERATION_NEW_DESTINATION ||
		       operation->kind == OPERATION_SET_DESTINATION;
	case -ENOENT:
		return operation->kind == OPERATION_SET_DESTINATION;
	default:
		return false;
	}
}

/* What was to be deleted is not there: just as well. */
static bool is_gone_already(const struct operation *operation, int result)
{
	return (result == -ESRCH || result == -ENOENT) &&
	       (operation->kind == OPERATION_DELETE_SERVICE ||
		operation->kind == OPERATION_DELETE_DESTINATION);
}

struct tally {
	struct reconcile_report *report;
	const struct snapshot *snapshot;
	bool *failed;	 /* one for each wanted service */
	bool *unsettled; /* likewise: failed, but for those that are only contested */
	bool last;
	bool stale;
};

static void note_failed_service(struct tally *tally, const struct service_key *key,
				bool contested)
{
	const struct table *wanted = &tally->snapshot->wanted;
	const struct service *service = table_find_service(wanted, key);
	size_t at;

	if (!service)
		return;
	at = (size_t)(service - wanted->services);
	/* One that is contested was brought about: what differs in it stays drift. */
	tally->unsettled[at] |= !contested;
	tally->report->services_failed += !tally->failed[at];
	tally->failed[at] = true;
}

static void note_success(struct tally *tally, const struct operation *operation)
{
	char object[OPERATION_OBJECT_TEXT];

	tally->report->changes++;
	if (!operation->drift)
		return;
	tally->report->drift++;
	operation_format_object(operation, object, sizeof(object));
	drift_backoff_note(&tally->snapshot->session->drift_backoffs, object,
			   clock_usec(CLOCK_BOOTTIME));
}

static int tally_result(struct tally *tally, const struct operation *operation,
			int result)
{
	if (result == 0)
		note_success(tally, operation);
	if (result == 0 || is_gone_already(operation, result))
		return 0;
	if (operation->kind >= OPERATION_NEW_SERVICE)
		note_failed_service(tally, &operation->service->key,
				    result == SKIPPED_CONTESTED);
	if (is_stale(operation, result)) {
		tally->stale = true;
		if (!tally->last)
			return 0;
	}
	/* Nothing is wrong with it: the next reconcile goes on with it. */
	if (result == -EINTR) {
		tally->snapshot->session->interrupted++;
		return 0;
	}
	/* Its service's failure says it all; a thousand destinations would not say it better. */
	if (result == -ECANCELED)
		return 0;
	return failure_report(tally->snapshot, tally->report, operation, result);
}

static int tally_all(struct tally *tally, const int *results)
{
	const struct plan *plan = &tally->snapshot->plan;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		bool skipped = results[i] <= SKIPPED_BACK_OFF;

		/* These report for themselves, with what the write found. */
		bool reported = operation->kind == OPERATION_SET_SYSCTL ||
				operation_is_of_ruleset(operation);

		if (!reported || results[i] == 0 || skipped)
			r = tally_result(tally, operation, results[i]);
	}
	for (size_t i = 0; r == 0 && i < plan->conflict_count; i++) {
		if (plan->conflicts[i].service)
			note_failed_service(tally, &plan->conflicts[i].service->key,
					    false);
		r = failure_report_conflict(tally->report, &plan->conflicts[i]);
	}
	return r;
}

/* Also where another program's stands in the way: ours is not in the kernel. */
static bool globals_failed(const struct plan *plan, const int *results)
{
	for (size_t i = 0; i < plan->conflict_count; i++) {
		if (plan->conflicts[i].daemon)
			return true;
	}
	for (size_t i = 0; i < plan->operation_count; i++) {
		if (plan->operations[i].kind < OPERATION_NEW_SERVICE && results[i] != 0 &&
		    results[i] != SKIPPED_CONTESTED)
			return true;
	}
	return false;
}

/* --- writing --- */

static bool is_number(const char *text, long long *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

/*
 * Whether the kernel took the value and made its own of it (nf_conntrack_buckets fills whole pages), and
 * did not just keep what it had (sync_ports of 5.10, where it is no power of two).
 */
static bool is_made_of(const char *made, const struct operation *operation)
{
	long long wanted, number;

	if (!operation->sysctl_before ||
	    !sysctl_value_equal(made, operation->sysctl_before))
		return true;
	/* It may have been made of the same value before. */
	return is_number(operation->sysctl->value, &wanted) && is_number(made, &number) &&
	       number > wanted && number - wanted <= MAX_OF(MADE_MORE_MAX, wanted / 8);
}

static int note_made(struct snapshot *snapshot, const struct operation *operation,
		     const char *made, struct err *err)
{
	const struct sysctl *sysctl = operation->sysctl;

	if (!is_made_of(made, operation))
		return err_set(err, EIO, "sysctl %s: the kernel keeps %s, not %s",
			       sysctl->name, made, sysctl->value);
	snapshot->made_sysctls = true;
	if (ownership_note_made(&snapshot->session->ownership, sysctl->name,
				sysctl->value, made) < 0)
		return err_errno(err, ENOMEM, "sysctl %s", sysctl->name);
	return 0;
}

/* What the state did not ask for must not cost the node its way out. */
static int write_sysctl(struct snapshot *snapshot, const struct operation *operation,
			struct err *err)
{
	const struct sysctl *sysctl = operation->sysctl;
	cleanup_free char *made = NULL;
	char link[IF_NAMESIZE];
	int r;

	if (sysctl->implied && strcmp(sysctl->name, GLOBALS_FORWARDING6_SYSCTL) == 0 &&
	    router_advertisement_would_go(link))
		return err_set(
			err, EBUSY,
			"%s stays as it is: with %s the kernel would drop the default route that %s has by router advertisement; set net.ipv6.conf.%s.accept_ra to 2 first",
			sysctl->name, sysctl->value, link, link);
	r = sysctl_write(sysctl->name, sysctl->value, &made, err);
	return r == 0 && made ? note_made(snapshot, operation, made, err) : r;
}

static int write_sysctls(struct snapshot *snapshot, int *results,
			 struct reconcile_report *report)
{
	const struct plan *plan = &snapshot->plan;

	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		struct err err = { 0 };

		if (operation->kind != OPERATION_SET_SYSCTL || results[i] != 0)
			continue;
		report->kernel_writes++;
		results[i] = write_sysctl(snapshot, operation, &err);
		if (results[i] < 0 && failure_report_sysctl(report, operation, &err) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int save_record(struct snapshot *snapshot, bool good_state_only,
		       struct reconcile_report *report, struct err *err)
{
	struct session *session = snapshot->session;
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	int r = good_state_only ? session_note_good(session, err)
				: session_write_record(session, err);

	report->times.record += clock_usec(CLOCK_MONOTONIC) - start;
	return r;
}

/*
 * Notes where another state than the last good one is begun: should this process die in it, the next
 * one must not take what it finds for somebody else's changes.
 */
static bool leave_good_state(struct snapshot *snapshot)
{
	struct ownership *ownership = &snapshot->session->ownership;

	/* A part is made of changes of the state. */
	if (ownership->good_fingerprint == 0 || ownership->good_left ||
	    snapshot->plan.operation_count == 0 ||
	    (!snapshot->scope &&
	     ownership->good_fingerprint == fingerprint_table(&snapshot->wanted)))
		return false;
	ownership->good_left = true;
	return true;
}

/*
 * The record before the first write. Where it cannot be written nothing becomes ours, and what
 * would is not sent.
 */
static int write_ahead(struct snapshot *snapshot, int *results,
		       struct reconcile_report *report)
{
	struct service_ownership_mark mark;
	bool changed = snapshot->session->record_unsaved, left;
	struct err err = { 0 };
	int r;

	service_ownership_confirm(snapshot, &changed);
	service_ownership_remember(snapshot, &mark);
	r = service_ownership_before(snapshot, results, &changed);
	left = leave_good_state(snapshot);
	if (r < 0 || (!changed && !left) ||
	    save_record(snapshot, !changed, report, &err) == 0)
		return r;
	service_ownership_forget(snapshot, &mark);
	skip_creations(snapshot, results);
	return failure_report_record(report, &err);
}

static int write_kernel(struct snapshot *snapshot, int *results,
			struct reconcile_report *report)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	struct progress *progress = &snapshot->session->progress;
	const struct plan *plan = &snapshot->plan;
	struct err err = { 0 };
	int r;

	progress->pursuit.done = 0;
	progress->all = plan->operation_count;
	ipvs_pursue(snapshot->ipvs, &progress->pursuit);
	r = write_sysctls(snapshot, results, report);

	if (r == 0)
		r = rulesets_write(snapshot, results, report);
	/* Lost answers are marked in the results; they are a reason to read again. */
	if (r == 0 && plan->operation_count > 0 &&
	    ipvs_apply(snapshot->ipvs, plan->operations, plan->operation_count, results,
		       &err) == -ENOMEM)
		r = -ENOMEM;
	report->times.kernel += clock_usec(CLOCK_MONOTONIC) - start;
	return r;
}

/* The record after the answers; one that cannot be written has been reported before, or is now. */
static int write_behind(struct snapshot *snapshot, const int *results,
			struct reconcile_report *report)
{
	bool changed = false, was_unsaved = snapshot->session->record_unsaved;
	struct err err = { 0 };
	int r = service_ownership_after(snapshot, results, &changed);

	if (r < 0 || !changed || save_record(snapshot, false, report, &err) == 0 ||
	    was_unsaved)
		return r;
	return failure_report_record(report, &err);
}

static int execute(struct snapshot *snapshot, int *results, struct tally *tally)
{
	struct session *session = snapshot->session;
	const struct plan *plan = &snapshot->plan;
	bool globals_wrong;
	int r;

	skip_operations(snapshot, results);
	r = write_ahead(snapshot, results, tally->report);
	if (r == 0)
		r = write_kernel(snapshot, results, tally->report);
	if (r < 0)
		return r;
	operation_log_results(plan, results);
	r = operation_log_keep(plan, results, tally->report);
	if (r < 0)
		return r;
	r = tally_all(tally, results);
	if (r == 0)
		r = stale_conntrack_forget(snapshot, results, tally->report);
	globals_wrong = globals_failed(plan, results);
	if (r == 0)
		r = snapshot->scope
			    ? last_applied_update(&session->last_applied,
						  &snapshot->wanted, tally->unsettled,
						  snapshot->scope, snapshot->scope_count)
			    : last_applied_replace(&session->last_applied,
						   &snapshot->wanted, tally->unsettled,
						   globals_wrong);
	return r < 0 ? r : write_behind(snapshot, results, tally->report);
}

int execute_plan(struct snapshot *snapshot, bool last, struct reconcile_report *report,
		 struct err *err)
{
	const struct plan *plan = &snapshot->plan;
	/* One more than none: calloc(0) may answer NULL. */
	cleanup_free int *results = calloc(plan->operation_count + 1, sizeof(*results));
	size_t services = snapshot->wanted.service_count + 1;
	cleanup_free bool *failed = calloc(services, sizeof(*failed));
	cleanup_free bool *unsettled = calloc(services, sizeof(*unsettled));
	struct tally tally = { .report = report,
			       .snapshot = snapshot,
			       .failed = failed,
			       .unsettled = unsettled,
			       .last = last };
	int r;

	if (!results || !failed || !unsettled)
		return err_errno(err, ENOMEM, "executing the plan");
	r = execute(snapshot, results, &tally);
	if (r < 0)
		return err_errno(err, -r, "executing the plan");
	report->draining = snapshot->session->ownership.drain_count;
	if (snapshot->session->interrupted > 0)
		return EXECUTE_DONE;
	return tally.stale && !last ? EXECUTE_AGAIN : EXECUTE_DONE;
}
