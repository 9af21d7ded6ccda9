/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "agent/cli/commands.h"
#include "agent/cli/reconcile_command.h"

static int refuse_with_daemon(UNUSED const struct options *options,
			      const struct lock_holder *holder,
			      UNUSED struct reconcile_report *report, struct err *err)
{
	char process[LOCK_PROCESS_TEXT];

	return err_set(
		err, EBUSY,
		"ipvs-agent runs (%s) and would put all of it back; stop it first: systemctl stop ipvs-agent",
		lock_holder_process(holder, process));
}

int cleanup_main(const struct options *options)
{
	static const struct reconcile_command cleanup = { "cleanup", reconcile_cleanup,
							  refuse_with_daemon };
	struct options at_once = *options;

	at_once.no_drain = true;
	return reconcile_command_main(&cleanup, &at_once);
}
