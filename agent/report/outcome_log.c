/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/report/outcome_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/failure_groups.h"
#include "agent/report/report_json.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/message_id.h"

enum { SUMMARY_ROOM = 1024, LINES_MAX = 100 };

static const struct {
	int level;
	const char *message_id;
} outcomes[] = {
	[RECONCILE_IN_SYNC] = { LOG_INFO, MESSAGE_ID_IN_SYNC },
	[RECONCILE_DEGRADED] = { LOG_WARNING, MESSAGE_ID_DEGRADED },
	[RECONCILE_NO_STATE] = { LOG_WARNING, MESSAGE_ID_STATE_MISSING },
	[RECONCILE_BAD_STATE] = { LOG_ERR, MESSAGE_ID_STATE_REFUSED },
	[RECONCILE_TROUBLE] = { LOG_ERR, MESSAGE_ID_TROUBLE },
	[RECONCILE_HELD] = { LOG_WARNING, MESSAGE_ID_STATE_HELD },
};

static const uint64_t repeat_usec = 5 * 60 * 1000000ULL;

static int compare_details(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_known(const struct outcome_log *log, const char *detail)
{
	return log->detail_count > 0 && bsearch(&detail, log->details, log->detail_count,
						sizeof(*log->details), compare_details);
}

static void log_failure(const struct reconcile_failure *failure, const char *alike)
{
	char code[16];
	const struct log_field fields[] = {
		{ "IPVS_OBJECT", failure->object },
		{ "IPVS_SERVICE_NAME", failure->name },
		{ "ERRNO", code },
	};

	snprintf(code, sizeof(code), "%d", failure->code);
	log_event(LOG_ERR, MESSAGE_ID_OBJECT_FAILED, fields, ARRAY_SIZE(fields),
		  "%s%s%s%s: %s%s", failure->object, failure->name ? " (" : "",
		  failure->name ? failure->name : "", failure->name ? ")" : "",
		  failure->text, alike);
}

/* Failures come first, then a state's problems, then warnings. */
static size_t count_problems(const struct reconcile_report *report)
{
	return MIN_OF(report->problems.count, (size_t)STATE_PROBLEMS_MAX);
}

static size_t count_details(const struct reconcile_report *report)
{
	return report->failure_count + count_problems(report) + report->warning_count;
}

static char *make_detail(const struct reconcile_report *report, size_t i)
{
	char *detail;

	if (i < report->failure_count) {
		if (asprintf(&detail, "%s: %s", report->failures[i].object,
			     report->failures[i].text) < 0)
			return NULL;
		return detail;
	}
	i -= report->failure_count;
	if (i < count_problems(report))
		return strdup(report->problems.lines[i]);
	return strdup(report->warnings[i - count_problems(report)]);
}

/* A problem of the state, or a warning. */
static void log_detail(const struct reconcile_report *report, size_t i,
		       const char *detail)
{
	size_t problems = count_problems(report);

	if (i >= report->failure_count + problems)
		log_event(LOG_WARNING, MESSAGE_ID_WARNING, NULL, 0, "%s", detail);
	/* A single problem is what the summary says. */
	else if (problems > 1)
		log_write(LOG_ERR, "%s", detail);
}

static void keep_details(struct outcome_log *log, char **details, size_t count)
{
	if (count > 0)
		qsort(details, count, sizeof(*details), compare_details);
	for (size_t i = 0; i < log->detail_count; i++)
		free(log->details[i]);
	free(log->details);
	log->details = details;
	log->detail_count = count;
}

/* Those of a kind in one line. Returns how many lines it took, at most LINES_MAX of them written. */
static size_t log_failures(const struct reconcile_failure *failures, size_t count)
{
	cleanup_free struct failure_group *groups = NULL;
	size_t group_count = 0;

	if (failure_groups_make(failures, count, &groups, &group_count) < 0) {
		log_error("%zu failures; `ipvs-agent status` has all", count);
		return 1;
	}
	for (size_t i = 0; i < group_count && i < LINES_MAX; i++)
		log_failure(&failures[groups[i].first], groups[i].alike);
	return group_count;
}

/*
 * Logs the report's details that the last one did not have, and keeps them all. Where memory is
 * out some are logged again next time. Returns how many were new.
 */
static size_t log_details(struct outcome_log *log, const struct reconcile_report *report)
{
	size_t count = count_details(report), failures = report->failure_count;
	char **details = count ? calloc(count, sizeof(*details)) : NULL;
	/* Borrowed: those failures that are new. */
	cleanup_free struct reconcile_failure *fresh =
		calloc(failures + 1, sizeof(*fresh));
	size_t kept = 0, fresh_count = 0, lines = 0;

	for (size_t i = 0; details && fresh && i < count; i++) {
		char *detail = make_detail(report, i);
		bool known;

		if (!detail)
			continue;
		details[kept++] = detail;
		known = is_known(log, detail);
		if (i < failures && !known)
			fresh[fresh_count++] = report->failures[i];
		if (i + 1 == failures)
			lines = log_failures(fresh, fresh_count);
		if (i >= failures && !known && ++lines <= LINES_MAX)
			log_detail(report, i, detail);
	}
	if (lines > LINES_MAX)
		log_error("%zu more of the same kind; `ipvs-agent status` has all",
			  lines - LINES_MAX);
	keep_details(log, details, kept);
	return lines;
}

static void log_line(const struct reconcile_report *report, const char *text)
{
	char services[24], failed[24];
	const struct log_field fields[] = {
		{ "IPVS_OUTCOME", reconcile_outcome_name(report->outcome) },
		{ "IPVS_SERVICES", services },
		{ "IPVS_FAILURES", failed },
	};

	snprintf(services, sizeof(services), "%zu", report->services);
	snprintf(failed, sizeof(failed), "%zu", report->failure_count);
	log_event(outcomes[report->outcome].level, outcomes[report->outcome].message_id,
		  fields, ARRAY_SIZE(fields), "%s", text);
}

/* Whether there is something new to say. */
static bool log_summary(struct outcome_log *log, const struct reconcile_report *report)
{
	char summary[SUMMARY_ROOM];

	reconcile_report_format(report, summary, sizeof(summary));
	if (log->summary && strcmp(log->summary, summary) == 0)
		return false;
	log_line(report, summary);
	free(log->summary);
	log->summary = strdup(summary);
	return true;
}

static void log_repeated(const struct outcome_log *log,
			 const struct reconcile_report *report)
{
	char text[SUMMARY_ROOM + 64];

	snprintf(text, sizeof(text), "still so after %llu more reconciles: %s",
		 (unsigned long long)log->repeated, log->summary ? log->summary : "");
	log_line(report, text);
}

void outcome_log_report(struct outcome_log *log, const struct reconcile_report *report,
			uint64_t now)
{
	bool said = log_details(log, report) > 0;

	said |= log_summary(log, report);
	if (!said && report->outcome != RECONCILE_IN_SYNC) {
		log->repeated++;
		if (now - log->logged_usec < repeat_usec)
			return;
		log_repeated(log, report);
		said = true;
	}
	if (said) {
		log->repeated = 0;
		log->logged_usec = now;
	}
}

void outcome_log_clear(struct outcome_log *log)
{
	for (size_t i = 0; i < log->detail_count; i++)
		free(log->details[i]);
	free(log->details);
	free(log->summary);
	memset(log, 0, sizeof(*log));
}
