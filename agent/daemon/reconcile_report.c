/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "common/cleanup.h"

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

static void format_degraded(const struct reconcile_report *report, char *buffer,
			    size_t size)
{
	const struct reconcile_failure *first = report->failures;

	snprintf(buffer, size, "degraded: %zu of %zu services, %zu failed: %s: %s",
		 report->services - report->services_failed, report->services,
		 report->failure_count, first->name ? first->name : first->object,
		 first->text);
}

static void format_bad_state(const struct reconcile_report *report, char *buffer,
			     size_t size)
{
	const char *message = report->message ? report->message : "";
	char when[32] = "";
	time_t last_good = (time_t)report->last_good;
	struct tm tm;

	if (report->last_good == 0 || !gmtime_r(&last_good, &tm)) {
		snprintf(buffer, size,
			 "state refused, the kernel's table stays as it is: %s", message);
		return;
	}
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(buffer, size, "last good state of %s in use: %s", when, message);
}

const char *reconcile_report_format(const struct reconcile_report *report, char *buffer,
				    size_t size)
{
	const char *message = report->message ? report->message : "";

	switch (report->outcome) {
	case RECONCILE_IN_SYNC:
		snprintf(buffer, size, "in sync: %zu services", report->services);
		break;
	case RECONCILE_DEGRADED:
		format_degraded(report, buffer, size);
		break;
	case RECONCILE_NO_STATE:
		snprintf(buffer, size, "no state: %s", message);
		break;
	case RECONCILE_BAD_STATE:
		format_bad_state(report, buffer, size);
		break;
	case RECONCILE_TROUBLE:
		snprintf(buffer, size, "trouble: %s", message);
		break;
	}
	return buffer;
}

void reconcile_report_clear(struct reconcile_report *report)
{
	for (size_t i = 0; i < report->failure_count; i++) {
		free(report->failures[i].object);
		free(report->failures[i].name);
		free(report->failures[i].text);
	}
	free(report->failures);
	free(report->message);
	state_problems_clear(&report->problems);
	memset(report, 0, sizeof(*report));
}
