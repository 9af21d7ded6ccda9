/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/* What did not come to be, in words for the report. All: -ENOMEM. */

/* An operation with a result that is not 0, of the kernel's or of skip_rules.h. */
int failure_report(const struct snapshot *snapshot, struct reconcile_report *report,
		   const struct operation *operation, int result) MUST_CHECK;

/* What waits after a failure, with the words of that one. name may be NULL. */
int failure_report_waiting(const struct session *session, struct reconcile_report *report,
			   const char *object, const char *name) MUST_CHECK;

/* What is left alone because another program keeps changing it, or what they do. */
int failure_report_contested(struct session *session, struct reconcile_report *report,
			     const char *object, const char *name,
			     const char *what) MUST_CHECK;

/* A sysctl that could not be set, in the words of sysctl_write(). */
int failure_report_sysctl(struct reconcile_report *report,
			  const struct operation *operation,
			  const struct err *err) MUST_CHECK;

int failure_report_conflict(struct reconcile_report *report,
			    const struct conflict *conflict) MUST_CHECK;

/* The record cannot be written. */
int failure_report_record(struct reconcile_report *report,
			  const struct err *err) MUST_CHECK;
