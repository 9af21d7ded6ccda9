/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/preflight.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/notify.h"
#include "preflight/checks.h"
#include "preflight/exec.h"
#include "preflight/modules.h"
#include "preflight/output.h"
#include "preflight/persist.h"
#include "preflight/probe.h"
#include "preflight/state_needs.h"
#include "preflight/tree.h"

enum { STATUS_TEXT = 1200, BARRIER_USEC = 5 * 1000 * 1000 };

static const char report_directory[] = "/run/ipvs-preflight";
static const char report_path[] = "/run/ipvs-preflight/report.json";

static int collect_needs(const struct preflight_options *options, struct needs *needs,
			 struct report *report)
{
	int r;

	r = needs_add_basic(needs);
	for (size_t i = 0; r == 0 && i < options->module_count; i++)
		r = needs_add_module(needs, options->modules[i], "asked for by --module");
	if (r == 0 && options->state_path)
		r = state_needs_read(options->state_path, needs, report);
	return r;
}

static void look_at_machine(const struct preflight_options *options,
			    const struct system *system, struct needs *needs,
			    struct report *report)
{
	struct inspection inspection = { .system = system,
					 .needs = needs,
					 .conn_tab_bits = options->conn_tab_bits };

	modules_load(system, needs, !options->check, options->conn_tab_bits, report);
	/* After loading and before the verdict: the probe decides if /proc is hidden. */
	probe_run(system, needs, report);
	modules_judge(needs, report);
	checks_run(&inspection, report);
}

/* Whether the service manager started this process itself, not a shell of a service. */
static bool is_service(void)
{
	return notify_enabled() || (getenv("INVOCATION_ID") && getppid() == 1);
}

static void write_report_file(const char *json, struct report *report)
{
	struct err err = { 0 };

	if (!json || !is_service() || access(report_directory, F_OK) < 0)
		return;
	if (file_replace(report_path, 0644, json, strlen(json), 0, &err) < 0)
		report_warning(report, "ReportFile", "%s", err.text);
}

static void print(const struct preflight_options *options, const struct report *report,
		  const char *status, const char *json)
{
	if (!options->json)
		output_text(report, status, stdout, stderr);
	else if (json)
		fputs(json, stdout);
	fflush(stdout);
}

static int error_code(const struct report *report)
{
	const struct finding *error = report_first_error(report);

	if (!error)
		return ENOMEM;
	return error->code ? error->code : ENOENT;
}

static int hand_off(const struct preflight_options *options, const struct report *report,
		    const char *status)
{
	struct err err = { 0 };

	if (report_first_error(report) || report->incomplete) {
		notify_send("STATUS=%s\nERRNO=%d", status, error_code(report));
		notify_barrier(BARRIER_USEC);
		return EXIT_NOT_READY;
	}
	if (options->exec) {
		if (exec_command(options->command, options->keep, options->keep_count,
				 &err) < 0) {
			log_error("%s", err.text);
			notify_send("STATUS=%s\nERRNO=%d", err.text, err.code);
			notify_barrier(BARRIER_USEC);
		}
		return EXIT_NOT_READY;
	}
	notify_send("READY=1\nSTATUS=%s", status);
	if (notify_barrier(BARRIER_USEC) < 0)
		log_warning("the service manager did not take READY within %d s",
			    BARRIER_USEC / 1000000);
	return EXIT_READY;
}

/* In a tree: those that every kernel has. */
static size_t count_modules(const struct preflight_options *options,
			    const struct needs *needs)
{
	size_t count = 0;

	if (!options->root[0])
		return modules_count_verified(needs);
	for (size_t i = 0; i < needs->count; i++)
		count += needs->items[i].presence != PRESENCE_MISSING;
	return count;
}

static int finish_preflight(const struct preflight_options *options,
			    const struct system *system, const struct needs *needs,
			    struct report *report)
{
	cleanup_free char *json = NULL;
	char status[STATUS_TEXT];

	for (size_t i = 0; i < options->ignore_count; i++)
		report_ignore(report, options->ignore[i], checks_known);
	report_status(report, count_modules(options, needs), status, sizeof(status));
	json = output_json(system, needs, report, status);
	if (!json)
		report->incomplete = true;
	write_report_file(json, report);
	print(options, report, status, json);
	return hand_off(options, report, status);
}

int preflight_run(const struct preflight_options *options)
{
	cleanup_report struct report report = { 0 };
	cleanup_needs struct needs needs = { 0 };
	struct system system;

	system_init(&system, options->root);
	if (!options->json) {
		printf("[preflight] Running pre-flight checks\n");
		fflush(stdout);
	}
	if (collect_needs(options, &needs, &report) < 0)
		report.incomplete = true;
	else if (options->root[0])
		tree_check(&system, &needs, &report);
	else
		look_at_machine(options, &system, &needs, &report);
	if (options->persist)
		persist_write(&system, &needs, options->conn_tab_bits, &report);
	return finish_preflight(options, &system, &needs, &report);
}
