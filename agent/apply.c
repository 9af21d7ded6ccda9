/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "agent/commands.h"
#include "agent/daemon/control.h"
#include "agent/daemon/lock.h"
#include "agent/daemon/reconcile.h"
#include "agent/diff.h"
#include "agent/report_output.h"
#include "common/cleanup.h"
#include "common/log.h"

/* How long another command's apply is waited for. */
static const uint64_t lock_wait_usec = 60 * 1000000;

static int apply_here(const struct options *options, struct reconcile_report *report,
		      struct err *err)
{
	int r = reconcile_run(options, report);

	return r < 0 ? err_errno(err, -r, "apply") : 0;
}

static int apply(const struct options *options, struct reconcile_report *report,
		 struct err *err)
{
	struct lock_holder holder = { 0 };
	cleanup_close int lock = -1;
	int r;

	r = lock_take(options->run_directory, false, lock_wait_usec, &lock, &holder, err);
	if (r < 0)
		return r;
	if (r == LOCK_TAKEN)
		return apply_here(options, report, err);
	if (!holder.daemon)
		return err_set(err, EBUSY,
			       "another ipvs-agent (process %d) is at work on %s",
			       (int)holder.pid, options->run_directory);
	return control_apply(options, report, err);
}

int apply_main(const struct options *options)
{
	struct reconcile_report report = { 0 };
	struct err err = { 0 };
	int status;

	if (options->dry_run)
		return diff_print(options, EXIT_DONE, EXIT_FAILED);
	if (apply(options, &report, &err) < 0) {
		log_error("%s", err.text);
		status = EXIT_FAILED;
	} else {
		status = report_output(&report, options->json);
	}
	reconcile_report_clear(&report);
	return status;
}
