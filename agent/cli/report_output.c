/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/report_output.h"

#include <stdio.h>

#include "agent/cli/commands.h"
#include "agent/report/failure_groups.h"
#include "agent/report/report_json.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/plural.h"
#include "common/printable.h"

static int print_json(const struct reconcile_report *report)
{
	json_t *json = report_to_json(report, SIZE_MAX);
	int r = -1;

	if (json)
		r = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(json);
	putchar('\n');
	return r;
}

static void print_failures(const struct reconcile_report *report)
{
	cleanup_free struct failure_group *groups = NULL;
	size_t count = 0;

	if (failure_groups_make(report->failures, report->failure_count, &groups,
				&count) < 0)
		log_error("out of memory: cannot print %zu failure%s",
			  report->failure_count, PLURAL(report->failure_count));
	for (size_t i = 0; i < count; i++) {
		const struct reconcile_failure *failure =
			&report->failures[groups[i].first];

		if (failure->name)
			log_error("%s (%s): %s%s", failure->name, failure->object,
				  failure->text, groups[i].alike);
		else
			log_error("%s: %s%s", failure->object, failure->text,
				  groups[i].alike);
	}
}

static void print_changes(const struct reconcile_report *report, const char *summary)
{
	printf("%s (%zu change%s)\n", summary, report->changes, PLURAL(report->changes));
	for (size_t i = 0; i < report->changed.count; i++)
		printf("  %s\n", report->changed.lines[i]);
	if (report->changed.count > 0 && report->changes > report->changed.count)
		printf("  … and %zu more\n", report->changes - report->changed.count);
}

static void print_text(const struct reconcile_report *report)
{
	char summary[2048];

	for (size_t i = 0; i < report->problems.count && i < STATE_PROBLEMS_MAX; i++)
		fprintf(stderr, "%s\n", report->problems.lines[i]);
	if (report->problems.count > STATE_PROBLEMS_MAX)
		fprintf(stderr, "and %zu more\n",
			report->problems.count - STATE_PROBLEMS_MAX);
	print_failures(report);
	for (size_t i = 0; i < report->warning_count; i++)
		log_warning("%s", report->warnings[i]);
	reconcile_report_format(report, summary, sizeof(summary));
	printable_make(summary);
	if (report->outcome == RECONCILE_IN_SYNC || report->outcome == RECONCILE_DEGRADED)
		print_changes(report, summary);
	else if (report->outcome == RECONCILE_HELD)
		log_error(
			"%s; `ipvs-agent apply --allow-removal` does it; everything else in the state is applied (%zu change%s)",
			summary, report->changes, PLURAL(report->changes));
	else if (report->problems.count == 0)
		log_error("%s", summary);
	else
		log_error("nothing was changed");
}

static int exit_status(const struct reconcile_report *report)
{
	switch (report->outcome) {
	case RECONCILE_IN_SYNC:
		return EXIT_DONE;
	case RECONCILE_DEGRADED:
		if (report->changes == 0 && report->services_failed == report->services)
			return EXIT_FAILED;
		return EXIT_PARTLY;
	default:
		return EXIT_FAILED;
	}
}

int report_output(const struct reconcile_report *report, bool json)
{
	if (!json)
		print_text(report);
	else if (print_json(report) < 0)
		return EXIT_FAILED;
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return exit_status(report);
}
