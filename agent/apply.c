/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "agent/commands.h"
#include "agent/daemon/control.h"
#include "agent/diff.h"
#include "agent/reconcile_command.h"

static int ask_daemon(const struct options *options, const struct lock_holder *holder,
		      struct reconcile_report *report, struct err *err)
{
	char process[LOCK_PROCESS_TEXT];

	if (options->daemon_own)
		return err_set(
			err, EBUSY,
			"ipvs-agent runs (%s) with a %s of its own; stop it first: systemctl stop ipvs-agent",
			lock_holder_process(holder, process), options->daemon_own);
	return control_apply(options, report, err);
}

int apply_main(const struct options *options)
{
	static const struct reconcile_command apply = { "apply", reconcile_run,
							ask_daemon };

	if (options->dry_run)
		return diff_print(options, EXIT_DONE, EXIT_FAILED);
	return reconcile_command_main(&apply, options);
}
