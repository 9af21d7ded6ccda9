/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "agent/cli/commands.h"
#include "agent/daemon/control.h"
#include "agent/cli/diff_command.h"
#include "agent/cli/reconcile_command.h"

static int ask_daemon(const struct options *options, const struct lock_holder *holder,
		      struct reconcile_report *report, struct err *err)
{
	char process[LOCK_PROCESS_TEXT];

	if (options->daemon_own)
		return err_set(
			err, EBUSY,
			"ipvs-agent runs (%s) with a --%s of its own; stop it first: systemctl stop ipvs-agent",
			lock_holder_process(holder, process), options->daemon_own);
	return control_apply(options, report, err);
}

static int refuse_alone(UNUSED struct session *session,
			UNUSED struct reconcile_report *report)
{
	return -ESRCH;
}

int apply_main(const struct options *options)
{
	static const struct reconcile_command apply = { "apply", reconcile_run,
							ask_daemon };

	/* For systemctl reload: the daemon must already run with this --run-dir. */
	static const struct reconcile_command reload = {
		"reload: no daemon runs with this --run-dir", refuse_alone, ask_daemon
	};
	int status;

	if (options->dry_run)
		return diff_print(options, EXIT_DONE, EXIT_FAILED);
	if (!options->reload)
		return reconcile_command_main(&apply, options);
	status = reconcile_command_main(&reload, options);
	return status == EXIT_PARTLY ? EXIT_DONE : status;
}
