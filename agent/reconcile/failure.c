/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/reconcile/implied_sysctls.h"
#include "agent/reconcile/snapshot.h"
#include "agent/reconcile/skip_rules.h"
#include "common/clock.h"
#include "common/descriptors.h"

enum { TEXT_ROOM = 512 };

static const char *name_of(const struct operation *operation)
{
	return operation->kind >= OPERATION_NEW_SERVICE ? operation->service->name : NULL;
}

int failure_report_waiting(const struct session *session, struct reconcile_report *report,
			   const char *object, const char *name)
{
	const struct error_backoff *retry =
		error_backoff_find_waiting(&session->error_backoffs, object, 0);
	int r;

	if (!retry)
		return 0;
	r = reconcile_report_add(report, object, name, retry->text, retry->code);
	if (r == 0)
		report->failures[report->failure_count - 1].waiting = true;
	return r;
}

int failure_report_contested(struct session *session, struct reconcile_report *report,
			     const char *object, const char *name, const char *what)
{
	uint64_t now = clock_usec(CLOCK_BOOTTIME);
	const struct drift_backoff *drift_backoff =
		drift_backoff_find(&session->drift_backoffs, object, now);
	char text[TEXT_ROOM];
	int r;

	snprintf(
		text, sizeof(text),
		"contested: somebody else keeps %s, put back %u times; left alone for a while, longer each time",
		what, drift_backoff ? drift_backoff->repairs : DRIFT_BACKOFF_REPAIRS_MAX);
	r = reconcile_report_add(report, object, name, text, EBUSY);
	if (r < 0)
		return r;
	report->failures[report->failure_count - 1].waiting = true;
	if (drift_backoff)
		report->failures[report->failure_count - 1].next_usec =
			drift_backoff->next - now;
	return 0;
}

int failure_report(const struct snapshot *snapshot, struct reconcile_report *report,
		   const struct operation *operation, int result)
{
	struct session *session = snapshot->session;
	char object[OPERATION_OBJECT_TEXT], text[TEXT_ROOM];

	operation_format_object(operation, object, sizeof(object));
	switch (result) {
	case SKIPPED_BACK_OFF:
		return failure_report_waiting(session, report, object,
					      name_of(operation));
	case SKIPPED_CONTESTED:
		return failure_report_contested(session, report, object,
						name_of(operation), "changing it");
	case SKIPPED_UNRECORDED:
		return reconcile_report_add(
			report, object, name_of(operation),
			"not created: the record of what is ours cannot be written",
			EROFS);
	case SKIPPED_UNFILTERED:
		return reconcile_report_add(
			report, object, name_of(operation),
			"not created: its sourceRanges cannot be enforced without the nftables table, whose failure is reported",
			EPERM);
	default:
		break;
	}
	ipvs_explain(operation, -result, text, sizeof(text));
	return reconcile_report_add(report, object, name_of(operation), text, -result);
}

int failure_report_sysctl(struct reconcile_report *report,
			  const struct operation *operation, const struct err *err)
{
	char object[OPERATION_OBJECT_TEXT];

	/* The state did not ask for it; the services are as wanted without. */
	if (operation->sysctl->implied &&
	    strcmp(operation->sysctl->name, QUIESCENT_SYSCTL) == 0)
		return reconcile_report_warn(
			report,
			"%s: a persistent service's clients stay on a destination that drains until their templates end",
			err->text);
	operation_format_object(operation, object, sizeof(object));
	return reconcile_report_add(report, object, NULL, err->text, err->code);
}

static int report_daemon_conflict(struct reconcile_report *report,
				  const struct conflict *conflict)
{
	const char *role = sync_role_name(conflict->daemon->role);
	char object[SERVICE_KEY_TEXT], text[TEXT_ROOM];

	snprintf(object, sizeof(object), "sync daemon %s", role);
	if (conflict->equal)
		snprintf(text, sizeof(text),
			 "one as wanted runs that is not ours, and --adopt=none");
	else
		snprintf(
			text, sizeof(text),
			"one that is not ours runs on %s with id %u; stop it: ipvsadm --stop-daemon %s",
			conflict->daemon_actual->interface,
			conflict->daemon_actual->sync_id, role);
	return reconcile_report_add(report, object, NULL, text, EBUSY);
}

static int report_ruleset_conflict(struct reconcile_report *report,
				   const struct ruleset *ruleset)
{
	const char *family = ruleset_family_name(ruleset->family);
	char object[64], text[TEXT_ROOM];

	snprintf(object, sizeof(object), "nftables table %s " RULESET_TABLE, family);
	snprintf(
		text, sizeof(text),
		"there is one that is not ours; rename it, or delete it: nft delete table %s " RULESET_TABLE,
		family);
	return reconcile_report_add(report, object, NULL, text, EEXIST);
}

int failure_report_conflict(struct reconcile_report *report,
			    const struct conflict *conflict)
{
	char object[SERVICE_KEY_TEXT], text[TEXT_ROOM];

	if (conflict->ruleset)
		return report_ruleset_conflict(report, conflict->ruleset);
	if (conflict->daemon)
		return report_daemon_conflict(report, conflict);
	service_key_format(&conflict->service->key, object);
	if (conflict->equal)
		snprintf(
			text, sizeof(text),
			"it is in the kernel already as wanted, but not ours, and --adopt=none");
	else
		snprintf(
			text, sizeof(text),
			"it is in the kernel already, not ours, and differs (scheduler %s, %zu destinations); delete it there, make the state equal to it, or take it over with --adopt=all",
			conflict->service_actual->scheduler,
			conflict->service_actual->destination_count);
	return reconcile_report_add(report, object, conflict->service->name, text,
				    EEXIST);
}

int failure_report_record(struct reconcile_report *report, const struct err *err)
{
	char text[sizeof(err->text) + 64];

	if (errno_is_shortage(err->code))
		report->shortage = err->code;
	snprintf(text, sizeof(text), "%s: nothing new is created until it can be written",
		 err->text);
	return reconcile_report_add(report, "record", NULL, text, err->code);
}
