/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/vip_outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/reconcile/failure.h"
#include "agent/report/operation_log.h"
#include "agent/reconcile/skip_rules.h"
#include "agent/kernel/rtnl.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/message_id.h"

enum { TEXT_ROOM = 512 };

/* --- the log --- */

static const char *const message_ids[] = {
	[VIP_ADD_ROUTE] = MESSAGE_ID_ROUTE_ADDED,
	[VIP_ADD_LINK] = MESSAGE_ID_LINK_ADDED,
	[VIP_RENAME_LINK] = MESSAGE_ID_LINK_RENAMED,
	[VIP_ADD_ADDRESS] = MESSAGE_ID_ADDRESS_ADDED,
	[VIP_REMOVE_ADDRESS] = MESSAGE_ID_ADDRESS_REMOVED,
	[VIP_REMOVE_ROUTE] = MESSAGE_ID_ROUTE_REMOVED,
	[VIP_REMOVE_LINK] = MESSAGE_ID_LINK_REMOVED,
};

static void log_one(int level, const struct vip_operation *operation)
{
	char line[VIP_TEXT], before[VIP_TEXT], now[VIP_TEXT];
	char object[VIP_TEXT];
	const struct log_field fields[] = {
		{ "IPVS_OLD", vip_format_values(operation, true, before) },
		{ "IPVS_NEW", vip_format_values(operation, false, now) },
		{ "IPVS_OBJECT", vip_format_object(operation, object) },
		{ "IPVS_REASON", operation->drift ? "drift" : "state" },
	};

	log_event(level, message_ids[operation->kind], fields, ARRAY_SIZE(fields), "%s",
		  vip_format(operation, line));
}

/* --- the report --- */

static bool is_gone_already(const struct vip_operation *operation, int result)
{
	switch (operation->kind) {
	case VIP_REMOVE_ADDRESS:
		return result == -EADDRNOTAVAIL || result == -ENODEV;
	case VIP_REMOVE_ROUTE:
		return result == -ESRCH || result == -ENOENT;
	case VIP_REMOVE_LINK:
		return result == -ENODEV;
	/* Another program has added it to our link meanwhile: it is local. */
	case VIP_ADD_ADDRESS:
		return result == -EEXIST;
	default:
		return false;
	}
}

static int report_failure(struct session *session, struct reconcile_report *report,
			  const struct vip_operation *operation, int result)
{
	char object[VIP_TEXT], text[TEXT_ROOM];

	vip_format_object(operation, object);
	switch (result) {
	/* Its link's failure says it all. */
	case -ECANCELED:
		return 0;
	case SKIPPED_BACK_OFF:
		return failure_report_waiting(session, report, object, NULL);
	case SKIPPED_CONTESTED:
		return failure_report_contested(session, report, object, NULL,
						"taking it away");
	case SKIPPED_UNRECORDED:
		return reconcile_report_add(
			report, object, NULL,
			"not made: the record of what is ours cannot be written", EROFS);
	default:
		rtnl_explain(operation, -result, text, sizeof(text));
		return reconcile_report_add(report, object, NULL, text, -result);
	}
}

static int report_conflict(const struct session *session, struct reconcile_report *report,
			   const struct vip_conflict *conflict)
{
	const char *link = session->options->link;
	char object[VIP_TEXT], text[VIP_TEXT];

	vip_conflict_object(conflict, link, object);
	vip_conflict_text(conflict, link, text);
	if (conflict->kind == VIP_LINK_SHARED || conflict->kind == VIP_NETWORK_SHARED)
		return reconcile_report_warn(report, "%s: %s", object, text);
	if (reconcile_report_add(report, object, NULL, text, EEXIST) < 0)
		return -ENOMEM;
	/* Every look sees whether it is so still. */
	report->failures[report->failure_count - 1].waiting = true;
	return 0;
}

static int note_success(struct session *session, struct reconcile_report *report,
			const struct vip_operation *operation)
{
	char object[VIP_TEXT], line[VIP_TEXT];

	report->changes++;
	if (operation->drift) {
		report->drift++;
		drift_backoff_note(&session->drift_backoffs,
				   vip_format_object(operation, object),
				   clock_usec(CLOCK_BOOTTIME));
	}
	return report_lines_add(&report->changed, vip_format(operation, line));
}

int vip_outcome(struct session *session, const struct vip_plan *plan, const int *results,
		struct reconcile_report *report)
{
	size_t taken = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		const struct vip_operation *operation = &plan->operations[i];
		int level = operation->drift ? LOG_NOTICE : LOG_INFO;

		if (results[i] != 0 && !is_gone_already(operation, results[i]))
			r = report_failure(session, report, operation, results[i]);
		if (results[i] != 0)
			continue;
		r = note_success(session, report, operation);
		if (taken++ >= OPERATION_LOG_LINES)
			level = LOG_DEBUG;
		if (level <= log_get_level())
			log_one(level, operation);
	}
	if (taken > OPERATION_LOG_LINES)
		log_info(
			"%zu writes of addresses in all; those after the first %d are logged at level debug",
			taken, OPERATION_LOG_LINES);
	for (size_t i = 0; r == 0 && i < plan->conflict_count; i++)
		r = report_conflict(session, report, &plan->conflicts[i]);
	return r;
}
