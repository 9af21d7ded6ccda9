/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/macro.h"

/*
 * The findings of the checks. Each has the stable name of its check, by which an error
 * can be demoted to a warning.
 */

enum level { LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR };

struct finding {
	char *check; /* "Module-ip_vs", "InputPolicy"; owned, as text is */
	char *text;
	enum level level;
	bool cannot_tell; /* the check could not decide; the level is then a warning's */
	bool ignored; /* an error that --ignore-preflight-errors demoted to a warning */
	int code;     /* a positive errno, or 0 */
};

struct report {
	struct finding *findings;
	size_t count;
	size_t room;
	bool incomplete; /* a finding was lost: out of memory */
};

void report_note(struct report *report, const char *check, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void report_warning(struct report *report, const char *check, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void report_cannot_tell(struct report *report, const char *check, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* code is a positive errno, or 0. */
void report_error(struct report *report, const char *check, int code, const char *fmt,
		  ...) PRINTF_LIKE(4, 5);
/* Adds an error if it keeps the node from being ready, else a warning. */
void report_problem(struct report *report, bool fatal, const char *check, int code,
		    const char *fmt, ...) PRINTF_LIKE(5, 6);

/*
 * Demotes the errors that list names, "Name,Name" or "all", ignoring case. known says
 * whether a check has this name; an unknown name is a warning.
 */
void report_ignore(struct report *report, const char *list,
		   bool (*known)(const char *name));

size_t report_count(const struct report *report, enum level level);

/* The first error, or NULL. */
const struct finding *report_first_error(const struct report *report);

/* "ready: 5 modules, 2 warnings", "not ready: ip_vs: …, and 2 more errors"; returns buffer. */
const char *report_status(const struct report *report, size_t modules, char *buffer,
			  size_t size);

void report_clear(struct report *report);
#define cleanup_report CLEANUP(report_clear)
