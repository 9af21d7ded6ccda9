/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/commands.h"
#include "agent/daemon/control.h"
#include "agent/diff.h"
#include "agent/reconcile_command.h"

static int ask_daemon(const struct options *options,
		      UNUSED const struct lock_holder *holder,
		      struct reconcile_report *report, struct err *err)
{
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
