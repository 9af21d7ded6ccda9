/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/daemon/daemon.h"
#include "agent/store/lock.h"
#include "common/cleanup.h"
#include "common/descriptors.h"
#include "common/log.h"
#include "common/notify.h"

/* An `apply` that has just started may finish first. */
static const uint64_t lock_wait_usec = 60 * 1000000ULL;

static int fail_start(int code, const char *text)
{
	log_error("%s", text);
	notify_send("STATUS=%s\nERRNO=%d", text, code);
	return EXIT_FAILED;
}

static int refuse_second(const char *run_directory, const struct lock_holder *holder)
{
	char process[LOCK_PROCESS_TEXT] = "an unknown process";
	struct err err = { 0 };

	if (ownership_file_is_elsewhere(holder->identity)) {
		ownership_file_refuse_namespace(run_directory, &err);
		return fail_start(err.code, err.text);
	}
	if (holder->pid != 0)
		snprintf(process, sizeof(process), "pid %d", (int)holder->pid);
	if (holder->daemon)
		err_set(&err, EBUSY,
			"a daemon is running already: %s holds %s/lock; `ipvs-agent apply` has it reconcile now",
			process, run_directory);
	else
		err_set(&err, EBUSY,
			"another ipvs-agent command is running: %s holds %s/lock",
			process, run_directory);
	return fail_start(err.code, err.text);
}

int run_main(const struct options *options)
{
	cleanup_close int lock = -1;
	cleanup_daemon struct daemon *daemon = NULL;
	struct lock_holder holder = { 0 };
	struct err err = { 0 };
	int r;

	notify_extend_timeout(2 * lock_wait_usec);
	descriptors_raise();
	r = lock_take(options->run_directory, true, lock_wait_usec, &lock, &holder, &err);
	if (r < 0)
		return fail_start(err.code, err.text);
	if (r == LOCK_HELD)
		return refuse_second(options->run_directory, &holder);
	/*
	 * Checked before the socket and status of another namespace's daemon would be
	 * replaced.
	 */
	if (ownership_file_check_namespace(options->run_directory, &err) < 0)
		return fail_start(err.code, err.text);
	r = daemon_new(&daemon, options, lock, &err);
	if (r < 0)
		return fail_start(err.code, err.text);
	log_info("version %s, state %s%s%s", VERSION, options->state_path,
		 options->config_path ? ", options of " : "",
		 options->config_path ? options->config_path : "");
	r = daemon_run(daemon);
	if (r < 0)
		return fail_start(-r, strerror(-r));
	return r;
}
