/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/progress_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/report/status_file.h"
#include "common/clock.h"

static const uint64_t first_usec = 2 * 1000000ULL;
static const uint64_t next_usec = 500 * 1000ULL;

/* The progress that the daemon last wrote; 0 of 0 if there is none. */
static void ask_daemon(const char *run_directory, size_t *done, size_t *all)
{
	cleanup_status_view struct status_view view = { 0 };
	const json_t *progress;

	if (status_read(run_directory, &view, NULL) < 0)
		return;
	progress = json_object_get(view.document, "progress");
	*done = (size_t)json_integer_value(json_object_get(progress, "done"));
	*all = (size_t)json_integer_value(json_object_get(progress, "all"));
}

static void show_progress(struct progress_line *line)
{
	size_t done = 0, all = 0;

	if (line->progress) {
		all = line->progress->all;
		done = line->progress->pursuit.done;
	} else {
		ask_daemon(line->run_directory, &done, &all);
	}
	line->shown = true;
	if (all > 0)
		fprintf(stderr, "\r\033[K%zu of %zu objects done", done, all);
	else
		fprintf(stderr, "\r\033[Kreading the state and the kernel");
	fflush(stderr);
}

static struct timespec time_in(uint64_t usec)
{
	uint64_t due = clock_usec(CLOCK_MONOTONIC) + usec;

	return (struct timespec){
		.tv_sec = (time_t)(due / 1000000),
		.tv_nsec = (long)(due % 1000000) * 1000,
	};
}

static void *run_progress_line(void *argument)
{
	struct progress_line *line = argument;
	struct timespec due = time_in(first_usec);

	pthread_mutex_lock(&line->mutex);
	while (!line->stop) {
		if (pthread_cond_timedwait(&line->wake, &line->mutex, &due) != ETIMEDOUT)
			continue;
		show_progress(line);
		due = time_in(next_usec);
	}
	pthread_mutex_unlock(&line->mutex);
	return NULL;
}

void progress_line_start(struct progress_line *line, const struct progress *progress,
			 const char *run_directory)
{
	pthread_condattr_t attributes;

	*line = (struct progress_line){ .progress = progress,
					.run_directory = run_directory };
	if (!isatty(STDERR_FILENO))
		return;
	pthread_mutex_init(&line->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&line->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	line->running = pthread_create(&line->thread, NULL, run_progress_line, line) == 0;
}

void progress_line_stop(struct progress_line *line)
{
	if (!line->running)
		return;
	pthread_mutex_lock(&line->mutex);
	line->stop = true;
	pthread_cond_signal(&line->wake);
	pthread_mutex_unlock(&line->mutex);
	pthread_join(line->thread, NULL);
	pthread_cond_destroy(&line->wake);
	pthread_mutex_destroy(&line->mutex);
	line->running = false;
	if (line->shown)
		fputs("\r\033[K", stderr);
}
