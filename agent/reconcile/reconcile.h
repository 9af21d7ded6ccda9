/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/report/reconcile_report.h"
#include "common/macro.h"

/*
 * One reconciliation: read the state, dump the kernel, plan, write the record, apply, report.
 * `apply` does it once, `run` again and again; neither knows more of it than this header and
 * session.h.
 */

struct session;

/*
 * Runs one reconciliation and fills an empty report, which the caller clears. Logs every write.
 * Returns 0 whatever the outcome; negative only where memory is out.
 */
int reconcile_run(struct session *session, struct reconcile_report *report) MUST_CHECK;

/*
 * The same because the state has changed: where the session knows what there was before, the kernel
 * is read and written only for services that changed, and report->part is set.
 */
int reconcile_changes(struct session *session,
		      struct reconcile_report *report) MUST_CHECK;

/*
 * As reconcile_run() with a state that wants nothing: everything that is ours goes at once, global
 * values are put back as they were found, and the record is then empty.
 */
int reconcile_cleanup(struct session *session,
		      struct reconcile_report *report) MUST_CHECK;

/*
 * A look at the destinations that drain, one dump for each of their services; those whose
 * connections have ended or whose time is over are deleted. Adds to a report its kernel reads and
 * writes, changes and failures. Sets session->wants_reconcile where it met what it does not mend.
 * Negative only where memory is out.
 */
int reconcile_drains(struct session *session, struct reconcile_report *report) MUST_CHECK;

/*
 * A look at links, addresses and routes after one of them may have gone, without the services: what
 * is missing is put back. As reconcile_drains() otherwise.
 */
int reconcile_addresses(struct session *session,
			struct reconcile_report *report) MUST_CHECK;
