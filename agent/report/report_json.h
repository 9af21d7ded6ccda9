/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "agent/report/reconcile_report.h"
#include "common/err.h"

/*
 * A reconcile's report as JSON: what the daemon hands to `apply` over its socket, and what
 * status.json holds. Durations are microseconds; times are
 * ISO 8601 (timestamp.h).
 */

/* The words for outcomes in JSON and logs: "in-sync", "degraded", "no-state", "bad-state", "trouble". */
const char *reconcile_outcome_name(enum reconcile_outcome outcome);

/* A new object with at most failures_max of the failures ("failureCount" has their number); NULL
 * where memory is out. */
json_t *report_to_json(const struct reconcile_report *report, size_t failures_max);

/*
 * Fills an empty report from what report_to_json() made; the caller clears it in any case.
 * -EPROTO where the JSON is not a report, -ENOMEM.
 */
int report_from_json(const json_t *json, struct reconcile_report *report,
		     struct err *err) MUST_CHECK;
