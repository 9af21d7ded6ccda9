/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/report/reconcile_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "common/cleanup.h"
#include "common/plural.h"

enum { WHEN_TEXT = 32 };

int reconcile_report_add(struct reconcile_report *report, const char *object,
			 const char *name, const char *text, int code)
{
	cleanup_free char *object_copy = strdup(object);
	cleanup_free char *name_copy = name ? strdup(name) : NULL;
	cleanup_free char *text_copy = strdup(text);

	if (!object_copy || !text_copy || (name && !name_copy))
		return -ENOMEM;
	if (ARRAY_MAKE_ROOM(report->failures, report->failure_count,
			    report->failure_room) < 0)
		return -ENOMEM;
	report->failures[report->failure_count++] = (struct reconcile_failure){
		.object = TAKE_PTR(object_copy),
		.name = TAKE_PTR(name_copy),
		.text = TAKE_PTR(text_copy),
		.code = code,
	};
	return 0;
}

int reconcile_report_warn(struct reconcile_report *report, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	if (ARRAY_MAKE_ROOM(report->warnings, report->warning_count,
			    report->warning_room) < 0) {
		free(text);
		return -ENOMEM;
	}
	report->warnings[report->warning_count++] = text;
	return 0;
}

static void drop_lasting(struct reconcile_report *report)
{
	size_t end = report->lasting_at + report->lasting;

	for (size_t i = report->lasting_at; i < end; i++)
		free(report->warnings[i]);
	if (end < report->warning_count)
		memmove(&report->warnings[report->lasting_at], &report->warnings[end],
			(report->warning_count - end) * sizeof(*report->warnings));
	report->warning_count -= report->lasting;
	report->lasting = 0;
}

int reconcile_report_replace(struct reconcile_report *report, char *const *texts,
			     size_t count)
{
	int r = 0;

	drop_lasting(report);
	report->lasting_at = report->warning_count;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = reconcile_report_warn(report, "%s", texts[i]);
	report->lasting = report->warning_count - report->lasting_at;
	return r;
}

int report_lines_add(struct report_lines *lines, const char *line)
{
	char *copy;

	if (lines->count == REPORT_LINES_MAX)
		return 0;
	copy = strdup(line);
	if (!copy)
		return -ENOMEM;
	lines->lines[lines->count++] = copy;
	return 0;
}

void report_lines_clear(struct report_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->lines[i]);
	lines->count = 0;
}

static void format_degraded(const struct reconcile_report *report, char *buffer,
			    size_t size)
{
	const struct reconcile_failure *first = report->failures;

	snprintf(buffer, size, "degraded: %zu of %zu service%s, %zu failed: %s: %s",
		 report->services - report->services_failed, report->services,
		 PLURAL(report->services), report->failure_count,
		 first->name ? first->name : first->object, first->text);
}

static void format_time(int64_t seconds, char when[static WHEN_TEXT])
{
	time_t then = (time_t)seconds;
	struct tm tm;

	when[0] = '\0';
	if (gmtime_r(&then, &tm))
		strftime(when, WHEN_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* What the kernel is kept equal to although the state cannot be used. */
static void format_unusable(const struct reconcile_report *report, const char *without,
			    char *buffer, size_t size)
{
	const char *message = report->message ? report->message : "";
	char when[WHEN_TEXT];

	if (!report->falls_back) {
		snprintf(buffer, size, "%s: %s", without, message);
		return;
	}
	format_time(report->last_good, when);
	snprintf(buffer, size, "last good state of %s in use: %s", when, message);
}

static void format_held(const struct reconcile_report *report, char *buffer, size_t size)
{
	const char *message = report->message ? report->message : "";
	char when[WHEN_TEXT];

	if (!report->falls_back) {
		snprintf(buffer, size, "held: %s", message);
		return;
	}
	format_time(report->last_good, when);
	snprintf(buffer, size, "held: %s; last good state of %s in use", message, when);
}

static void format_in_sync(const struct reconcile_report *report, char *buffer,
			   size_t size)
{
	if (report->draining == 0)
		snprintf(buffer, size, "in sync: %zu service%s", report->services,
			 PLURAL(report->services));
	else
		snprintf(buffer, size,
			 "in sync: %zu service%s, %zu destination%s draining",
			 report->services, PLURAL(report->services), report->draining,
			 PLURAL(report->draining));
}

const char *reconcile_report_format(const struct reconcile_report *report, char *buffer,
				    size_t size)
{
	const char *message = report->message ? report->message : "";

	switch (report->outcome) {
	case RECONCILE_IN_SYNC:
		format_in_sync(report, buffer, size);
		break;
	case RECONCILE_DEGRADED:
		format_degraded(report, buffer, size);
		break;
	case RECONCILE_NO_STATE:
		format_unusable(report, "no state", buffer, size);
		break;
	case RECONCILE_BAD_STATE:
		format_unusable(report,
				"state refused, the kernel's table stays as it is",
				buffer, size);
		break;
	case RECONCILE_TROUBLE:
		snprintf(buffer, size, "trouble: %s", message);
		break;
	case RECONCILE_HELD:
		format_held(report, buffer, size);
		break;
	}
	return buffer;
}

void reconcile_report_restart(struct reconcile_report *report)
{
	for (size_t i = 0; i < report->failure_count; i++) {
		free(report->failures[i].object);
		free(report->failures[i].name);
		free(report->failures[i].text);
	}
	report->failure_count = 0;
	for (size_t i = 0; i < report->warning_count; i++)
		free(report->warnings[i]);
	report->warning_count = 0;
	report->lasting_at = report->lasting = 0;
	report->services_failed = 0;
}

void reconcile_report_clear(struct reconcile_report *report)
{
	reconcile_report_restart(report);
	free(report->failures);
	free(report->warnings);
	free(report->message);
	report_lines_clear(&report->changed);
	report_lines_clear(&report->drains);
	state_problems_clear(&report->problems);
	memset(report, 0, sizeof(*report));
}
