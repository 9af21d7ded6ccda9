/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/reconcile_command.h"

#include <errno.h>

#include "agent/cli/commands.h"
#include "agent/cli/progress_line.h"
#include "agent/cli/report_output.h"
#include "common/cleanup.h"
#include "common/log.h"

static const uint64_t lock_wait_usec = 60 * 1000000ULL;

static int run_locked(const struct reconcile_command *command,
		      const struct options *options, struct reconcile_report *report,
		      struct err *err)
{
	cleanup_session struct session session = { .options = options };
	struct lock_holder holder = { 0 };
	char process[LOCK_PROCESS_TEXT];
	struct progress_line line;
	cleanup_close int lock = -1;
	int r;

	r = lock_take(options->run_directory, false, lock_wait_usec, &lock, &holder, err);
	if (r < 0)
		return r;
	if (r == LOCK_HELD && ownership_file_is_elsewhere(holder.identity))
		return ownership_file_refuse_namespace(options->run_directory, err);
	if (r == LOCK_TAKEN)
		r = ownership_file_check_namespace(options->run_directory, err);
	if (r < 0)
		return r;
	if (r == LOCK_HELD && holder.daemon) {
		progress_line_start(&line, NULL, options->run_directory);
		r = command->with_daemon(options, &holder, report, err);
		progress_line_stop(&line);
		return r;
	}
	if (r == LOCK_HELD)
		return err_set(err, EBUSY, "another ipvs-agent (%s) is using %s",
			       lock_holder_process(&holder, process),
			       options->run_directory);
	session.allow_removal = options->allow_removal;
	progress_line_start(&line, &session.progress, options->run_directory);
	r = command->run(&session, report);
	progress_line_stop(&line);
	return r < 0 ? err_errno(err, -r, "%s", command->name) : 0;
}

int reconcile_command_main(const struct reconcile_command *command,
			   const struct options *options)
{
	struct reconcile_report report = { 0 };
	struct err err = { 0 };
	int status;

	if (run_locked(command, options, &report, &err) < 0) {
		log_error("%s", err.text);
		status = EXIT_FAILED;
	} else {
		status = report_output(&report, options->json);
	}
	reconcile_report_clear(&report);
	return status;
}
