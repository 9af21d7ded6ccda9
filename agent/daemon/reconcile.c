/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/execution.h"
#include "agent/daemon/preparation.h"

/* How often the table is read again within one reconcile when it changed under our hands. */
enum { ROUNDS = 3 };

static void drop_failures(struct reconcile_report *report)
{
	for (size_t i = 0; i < report->failure_count; i++) {
		free(report->failures[i].object);
		free(report->failures[i].name);
		free(report->failures[i].text);
	}
	report->failure_count = 0;
	report->services_failed = 0;
}

static int run_rounds(struct preparation *preparation, const struct options *options,
		      struct reconcile_report *report, struct err *err)
{
	int r = EXECUTION_AGAIN;

	for (int round = 1; r == EXECUTION_AGAIN; round++) {
		drop_failures(report);
		r = preparation_plan(preparation, options, report, err);
		if (r == 0)
			r = execution_run(preparation, options, round == ROUNDS, report,
					  err);
	}
	return r;
}

static int report_trouble(struct reconcile_report *report, const struct err *err)
{
	report->outcome = RECONCILE_TROUBLE;
	report->message = strdup(err->text);
	return report->message ? 0 : -ENOMEM;
}

/* From the wanted table, whose report says IN_SYNC so far, to the report's end. */
static int bring_about(struct preparation *preparation, const struct options *options,
		       struct reconcile_report *report)
{
	struct err err = { 0 };
	int r = run_rounds(preparation, options, report, &err);

	if (preparation->ipvs) {
		const struct ipvs_counts *counts = ipvs_get_counts(preparation->ipvs);

		report->kernel_reads += counts->reads;
		report->kernel_writes += counts->writes;
	}
	if (r < 0)
		return report_trouble(report, &err);
	report->outcome = report->failure_count ? RECONCILE_DEGRADED : RECONCILE_IN_SYNC;
	return 0;
}

int reconcile_run(const struct options *options, struct reconcile_report *report)
{
	cleanup_preparation struct preparation preparation = { 0 };
	int r;

	r = preparation_read_state(&preparation, options, report);
	if (r < 0 || report->outcome != RECONCILE_IN_SYNC)
		return r;
	return bring_about(&preparation, options, report);
}

int reconcile_cleanup(const struct options *options, struct reconcile_report *report)
{
	cleanup_preparation struct preparation preparation = { 0 };

	return bring_about(&preparation, options, report);
}
