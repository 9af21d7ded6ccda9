/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/*
 * Looking after the destinations that drain without a whole reconcile: the same plan, made and
 * executed for nothing but the services in which a drain has something to do.
 */

/*
 * At the end of a reconcile: keeps, of the snapshot's wanted services, copies of those in which
 * something drains. -ENOMEM.
 */
int drains_keep_wanted(struct session *session,
		       const struct snapshot *snapshot) MUST_CHECK;

/*
 * One dump for each service in which something drains, and the writes that follow from it. Adds
 * changes, drift and failures to the report. Sets session->wants_reconcile where a whole reconcile
 * is needed. Negative only where memory is out.
 */
int drains_look(struct session *session, struct ipvs *ipvs,
		struct reconcile_report *report) MUST_CHECK;

/* How many destinations drain, and the first of them in words, into the report. -ENOMEM. */
int drains_report(const struct session *session,
		  struct reconcile_report *report) MUST_CHECK;
