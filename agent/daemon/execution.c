/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/execution.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/bookkeeping.h"
#include "agent/daemon/operation_log.h"
#include "agent/daemon/record.h"
#include "agent/kernel/scheduler.h"
#include "agent/kernel/sysctl.h"

/* --- schedulers that the kernel is not to load by itself --- */

static bool table_uses_scheduler(const struct table *table, const char *scheduler)
{
	for (size_t i = 0; i < table->service_count; i++) {
		if (strcmp(table->services[i].scheduler, scheduler) == 0)
			return true;
	}
	return false;
}

/* The last name asked about and the answer: states name few schedulers, usually one after another. */
struct scheduler_gate {
	const struct table *actual;
	bool no_autoload;
	const char *name;
	bool open;
};

static bool may_send_scheduler(struct scheduler_gate *gate, const char *scheduler)
{
	if (!gate->no_autoload && !scheduler_autoload_is_dangerous(scheduler))
		return true;
	if (!gate->name || strcmp(gate->name, scheduler) != 0) {
		gate->name = scheduler;
		gate->open = scheduler_is_loaded(scheduler) ||
			     table_uses_scheduler(gate->actual, scheduler);
	}
	return gate->open;
}

static void withhold_unloaded_schedulers(const struct preparation *preparation,
					 const struct options *options, int *results)
{
	struct scheduler_gate gate = { .actual = &preparation->actual,
				       .no_autoload = options->no_autoload };
	const struct plan *plan = &preparation->plan;

	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];

		if (operation->kind != OPERATION_NEW_SERVICE &&
		    operation->kind != OPERATION_SET_SERVICE)
			continue;
		if (!may_send_scheduler(&gate, operation->service->scheduler))
			results[i] = -ENOPKG;
	}
}

/* --- failures --- */

static int report_failure(struct reconcile_report *report,
			  const struct operation *operation, int code, const char *text)
{
	char object[SERVICE_KEY_TEXT + DESTINATION_KEY_TEXT + 128];
	const char *name = NULL;

	if (operation->kind >= OPERATION_NEW_SERVICE)
		name = operation->service->name;
	operation_format_object(operation, object, sizeof(object));
	return reconcile_report_add(report, object, name, text, code);
}

static int report_conflict(struct reconcile_report *report,
			   const struct conflict *conflict)
{
	char object[SERVICE_KEY_TEXT], text[256];

	if (conflict->daemon) {
		snprintf(object, sizeof(object), "sync daemon %s",
			 sync_role_name(conflict->daemon->role));
		snprintf(
			text, sizeof(text),
			"one that is not ours runs on %s with id %u; stop it: ipvsadm --stop-daemon %s",
			conflict->daemon_actual->interface,
			conflict->daemon_actual->sync_id,
			sync_role_name(conflict->daemon->role));
		return reconcile_report_add(report, object, NULL, text, EBUSY);
	}
	service_key_format(&conflict->service->key, object);
	snprintf(
		text, sizeof(text),
		"it is in the kernel already, not ours, and differs (scheduler %s, %zu destinations); delete it there, or make the state equal to it",
		conflict->service_actual->scheduler,
		conflict->service_actual->destination_count);
	return reconcile_report_add(report, object, conflict->service->name, text,
				    EEXIST);
}

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
	const struct preparation *preparation;
	bool *failed; /* one for each wanted service */
	bool last;
	bool stale;
};

static void note_failed_service(struct tally *tally, const struct service_key *key)
{
	const struct table *wanted = &tally->preparation->wanted;
	const struct service *service = table_find_service(wanted, key);

	if (!service || tally->failed[service - wanted->services])
		return;
	tally->failed[service - wanted->services] = true;
	tally->report->services_failed++;
}

static int tally_result(struct tally *tally, const struct operation *operation,
			int result)
{
	char text[512];

	if (result == 0 || is_gone_already(operation, result)) {
		tally->report->changes += result == 0;
		return 0;
	}
	if (is_stale(operation, result)) {
		tally->stale = true;
		if (!tally->last)
			return 0;
	}
	if (operation->kind >= OPERATION_NEW_SERVICE)
		note_failed_service(tally, &operation->service->key);
	/* Its service's failure says it all; a thousand destinations would not say it better. */
	if (result == -ECANCELED)
		return 0;
	ipvs_explain(operation, -result, text, sizeof(text));
	return report_failure(tally->report, operation, -result, text);
}

static int tally_all(struct tally *tally, const int *results)
{
	const struct plan *plan = &tally->preparation->plan;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		/* Sysctls report for themselves, with what the write found. */
		if (plan->operations[i].kind == OPERATION_SET_SYSCTL)
			tally->report->changes += results[i] == 0;
		else
			r = tally_result(tally, &plan->operations[i], results[i]);
	}
	for (size_t i = 0; r == 0 && i < plan->conflict_count; i++) {
		if (!plan->conflicts[i].daemon)
			note_failed_service(tally, &plan->conflicts[i].service->key);
		r = report_conflict(tally->report, &plan->conflicts[i]);
	}
	return r;
}

/* --- writing --- */

static int write_sysctls(const struct plan *plan, int *results,
			 struct reconcile_report *report)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		struct err err = { 0 };

		if (operation->kind != OPERATION_SET_SYSCTL)
			continue;
		report->kernel_writes++;
		results[i] = sysctl_write(operation->sysctl->name,
					  operation->sysctl->value, &err);
		if (results[i] < 0 &&
		    report_failure(report, operation, err.code, err.text) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int save_record(const struct preparation *preparation,
		       const struct options *options, struct reconcile_report *report,
		       struct err *err)
{
	uint64_t start = monotonic_usec();
	int r = record_write(options->run_directory, &preparation->ownership, err);

	report->times.record += monotonic_usec() - start;
	return r < 0 ? err_prefix(err, "the record of what is ours") : 0;
}

static int write_kernel(struct preparation *preparation, int *results,
			struct reconcile_report *report, struct err *err)
{
	uint64_t start = monotonic_usec();
	const struct plan *plan = &preparation->plan;
	int r = write_sysctls(plan, results, report);

	if (r == 0 && plan->operation_count > 0)
		r = ipvs_apply(preparation->ipvs, plan->operations, plan->operation_count,
			       results, err);
	report->times.kernel += monotonic_usec() - start;
	if (r == -ENOMEM)
		return err_errno(err, ENOMEM, "writing the table");
	/* Lost answers are marked in the results; they are a reason to read again. */
	return 0;
}

static int execute(struct preparation *preparation, const struct options *options,
		   int *results, struct tally *tally, struct err *err)
{
	bool changed = false;
	int r;

	withhold_unloaded_schedulers(preparation, options, results);
	r = bookkeeping_before(preparation, results, &changed);
	if (r < 0)
		return err_errno(err, -r, "the record of what is ours");
	if (changed)
		r = save_record(preparation, options, tally->report, err);
	if (r == 0)
		r = write_kernel(preparation, results, tally->report, err);
	if (r < 0)
		return r;
	operation_log_results(&preparation->plan, results);
	changed = false;
	r = tally_all(tally, results);
	if (r == 0)
		r = bookkeeping_after(preparation, results, &changed);
	if (r < 0)
		return err_errno(err, -r, "the record of what is ours");
	return changed ? save_record(preparation, options, tally->report, err) : 0;
}

int execution_run(struct preparation *preparation, const struct options *options,
		  bool last, struct reconcile_report *report, struct err *err)
{
	const struct plan *plan = &preparation->plan;
	/* One more than none: calloc(0) may answer NULL. */
	cleanup_free int *results = calloc(plan->operation_count + 1, sizeof(*results));
	cleanup_free bool *failed =
		calloc(preparation->wanted.service_count + 1, sizeof(*failed));
	struct tally tally = { .report = report,
			       .preparation = preparation,
			       .failed = failed,
			       .last = last };
	int r;

	if (!results || !failed)
		return err_errno(err, ENOMEM, "executing the plan");
	r = execute(preparation, options, results, &tally, err);
	if (r < 0)
		return r;
	return tally.stale && !last ? EXECUTION_AGAIN : EXECUTION_DONE;
}
