/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "agent/commands.h"
#include "agent/daemon/lock.h"
#include "agent/daemon/reconcile.h"
#include "agent/report_output.h"
#include "common/cleanup.h"
#include "common/log.h"

static const uint64_t lock_wait_usec = 60 * 1000000;

static int clean_up(const struct options *options, struct reconcile_report *report,
		    struct err *err)
{
	struct lock_holder holder = { 0 };
	cleanup_close int lock = -1;
	int r;

	r = lock_take(options->run_directory, false, lock_wait_usec, &lock, &holder, err);
	if (r < 0)
		return r;
	if (r == LOCK_HELD)
		return err_set(
			err, EBUSY,
			"ipvs-agent runs (process %d) and would put all of it back; stop it first: systemctl stop ipvs-agent",
			(int)holder.pid);
	r = reconcile_cleanup(options, report);
	return r < 0 ? err_errno(err, -r, "cleanup") : 0;
}

int cleanup_main(const struct options *options)
{
	struct reconcile_report report = { 0 };
	struct err err = { 0 };
	int status;

	if (clean_up(options, &report, &err) < 0) {
		log_error("%s", err.text);
		status = EXIT_FAILED;
	} else {
		status = report_output(&report, options->json);
	}
	reconcile_report_clear(&report);
	return status;
}
