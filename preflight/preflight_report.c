/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/preflight_report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/printable.h"

static struct finding *append_finding(struct report *report)
{
	if (report->count == report->room) {
		size_t room = report->room ? report->room * 2 : 16;
		struct finding *grown =
			reallocarray(report->findings, room, sizeof(report->findings[0]));

		if (!grown)
			return NULL;
		report->findings = grown;
		report->room = room;
	}
	report->findings[report->count] = (struct finding){ 0 };
	return &report->findings[report->count];
}

/*
 * The texts contain names that others chose (chains, processes, files): keep them on one
 * line and harmless to a terminal.
 */
static void make_one_line(char *line)
{
	for (char *text = line; *text; text++) {
		if (iscntrl((unsigned char)*text))
			*text = ' ';
	}
	printable_make(line);
}

static void PRINTF_LIKE(4, 0)
	add_finding(struct report *report, const struct finding *like, const char *check,
		    const char *fmt, va_list ap)
{
	struct finding *finding = append_finding(report);
	cleanup_free char *text = NULL;
	cleanup_free char *name = strdup(check);

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	if (!finding || !text || !name) {
		report->incomplete = true;
		return;
	}
	make_one_line(text);
	*finding = *like;
	finding->check = TAKE_PTR(name);
	finding->text = TAKE_PTR(text);
	report->count++;
}

void report_note(struct report *report, const char *check, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_finding(report, &(struct finding){ .level = LEVEL_NOTE }, check, fmt, ap);
	va_end(ap);
}

void report_warning(struct report *report, const char *check, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_finding(report, &(struct finding){ .level = LEVEL_WARNING }, check, fmt, ap);
	va_end(ap);
}

void report_cannot_tell(struct report *report, const char *check, const char *fmt, ...)
{
	struct finding like = { .level = LEVEL_WARNING, .cannot_tell = true };
	va_list ap;

	va_start(ap, fmt);
	add_finding(report, &like, check, fmt, ap);
	va_end(ap);
}

void report_error(struct report *report, const char *check, int code, const char *fmt,
		  ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_finding(report, &(struct finding){ .level = LEVEL_ERROR, .code = code },
		    check, fmt, ap);
	va_end(ap);
}

void report_problem(struct report *report, bool fatal, const char *check, int code,
		    const char *fmt, ...)
{
	struct finding like = { .level = fatal ? LEVEL_ERROR : LEVEL_WARNING,
				.code = code };
	va_list ap;

	va_start(ap, fmt);
	add_finding(report, &like, check, fmt, ap);
	va_end(ap);
}

static void ignore_one(struct report *report, const char *name,
		       bool (*known)(const char *name))
{
	bool all = strcasecmp(name, "all") == 0;

	for (size_t i = 0; i < report->count; i++) {
		struct finding *finding = &report->findings[i];

		if (finding->level != LEVEL_ERROR)
			continue;
		if (!all && strcasecmp(finding->check, name) != 0)
			continue;
		finding->level = LEVEL_WARNING;
		finding->ignored = true;
	}
	if (!all && !known(name))
		report_warning(
			report, "IgnorePreflightErrors",
			"--ignore-preflight-errors names '%s', and there is no such check",
			name);
}

void report_ignore(struct report *report, const char *list,
		   bool (*known)(const char *name))
{
	while (*list) {
		size_t length = strcspn(list, ",");
		char name[128];

		snprintf(name, sizeof(name), "%.*s", (int)MIN_OF(length, sizeof(name)),
			 list);
		if (length > 0)
			ignore_one(report, name, known);
		list += length;
		list += *list == ',';
	}
}

size_t report_count(const struct report *report, enum level level)
{
	size_t count = 0;

	for (size_t i = 0; i < report->count; i++)
		count += report->findings[i].level == level;
	return count;
}

const struct finding *report_first_error(const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		if (report->findings[i].level == LEVEL_ERROR)
			return &report->findings[i];
	}
	return NULL;
}

const char *report_status(const struct report *report, size_t modules, char *buffer,
			  size_t size)
{
	const struct finding *error = report_first_error(report);
	size_t errors = report_count(report, LEVEL_ERROR);
	size_t warnings = report_count(report, LEVEL_WARNING);
	char more[48] = "";

	if (errors > 1)
		snprintf(more, sizeof(more), ", and %zu more error%s", errors - 1,
			 errors > 2 ? "s" : "");
	if (error)
		snprintf(buffer, size, "not ready: %s: %s%s", error->check, error->text,
			 more);
	else if (report->incomplete)
		snprintf(buffer, size, "not ready: out of memory");
	else
		snprintf(buffer, size, "ready: %zu module%s, %zu warning%s", modules,
			 modules == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
	return buffer;
}

void report_clear(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		free(report->findings[i].check);
		free(report->findings[i].text);
	}
	free(report->findings);
	*report = (struct report){ 0 };
}
