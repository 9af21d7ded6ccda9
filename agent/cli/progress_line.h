/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "agent/reconcile/progress.h"

/*
 * "512 of 1000 objects done" on a terminal, for a command that takes longer than two
 * seconds: the progress of its own reconcile, or of the daemon's. Nothing if stderr is
 * not a terminal.
 */
struct progress_line {
	const struct progress *progress; /* borrowed; NULL: the daemon's */
	const char *run_directory;	 /* borrowed */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool running, stop, shown;
};

void progress_line_start(struct progress_line *line, const struct progress *progress,
			 const char *run_directory);

/* Erases the line. */
void progress_line_stop(struct progress_line *line);
