/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/temporary.h"

#include "preflight/preflight_report.h"
#include "preflight/system.h"

#define ROOTFS "tests/unit/rootfs/"

static inline struct system system_of(const char *root)
{
	struct system system;

	system_init(&system, root);
	return system;
}

/* The findings as lines "error Module-ip_vs: text", "cannot tell Probe: text"; to be freed. */
static inline char *report_lines(const struct report *report)
{
	static const char *const levels[] = { "note", "warning", "error" };
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_false(report->incomplete);
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		fprintf(out, "%s %s: %s\n",
			finding->cannot_tell ? "cannot tell" : levels[finding->level],
			finding->check, finding->text);
	}
	fclose(out);
	return text;
}

static inline void expect_report(struct report *report, const char *lines)
{
	char *found = report_lines(report);

	assert_string_equal(found, lines);
	free(found);
	report_clear(report);
}
