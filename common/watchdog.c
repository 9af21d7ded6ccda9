/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/watchdog.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

static const uint64_t interval_usec = 2 * 1000000ULL;
static const uint64_t limit_usec = 10 * 60 * 1000000ULL;

static struct timespec in_one_interval(void)
{
	uint64_t due = clock_usec(CLOCK_MONOTONIC) + interval_usec;

	return (struct timespec){
		.tv_sec = (time_t)(due / 1000000),
		.tv_nsec = (long)(due % 1000000) * 1000,
	};
}

static void *run_watchdog(void *argument)
{
	struct watchdog *watchdog = argument;
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + limit_usec;

	pthread_mutex_lock(&watchdog->mutex);
	while (!watchdog->stop && clock_usec(CLOCK_MONOTONIC) < end) {
		struct timespec due = in_one_interval();
		int r = 0;

		while (!watchdog->stop && r != ETIMEDOUT)
			r = pthread_cond_timedwait(&watchdog->wake, &watchdog->mutex,
						   &due);
		if (watchdog->stop)
			break;
		watchdog->beat(watchdog->context);
	}
	pthread_mutex_unlock(&watchdog->mutex);
	return NULL;
}

static void destroy_watchdog(struct watchdog *watchdog)
{
	pthread_cond_destroy(&watchdog->wake);
	pthread_mutex_destroy(&watchdog->mutex);
}

void watchdog_start(struct watchdog *watchdog, void (*beat)(void *context), void *context)
{
	pthread_condattr_t attributes;
	int r;

	memset(watchdog, 0, sizeof(*watchdog));
	watchdog->beat = beat;
	watchdog->context = context;
	pthread_mutex_init(&watchdog->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watchdog->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	r = pthread_create(&watchdog->thread, NULL, run_watchdog, watchdog);
	watchdog->running = r == 0;
	if (r != 0) {
		log_debug("no watchdog thread for a long call: %s", strerror(r));
		destroy_watchdog(watchdog);
	}
}

void watchdog_stop(struct watchdog *watchdog)
{
	if (!watchdog->running)
		return;
	pthread_mutex_lock(&watchdog->mutex);
	watchdog->stop = true;
	pthread_cond_signal(&watchdog->wake);
	pthread_mutex_unlock(&watchdog->mutex);
	pthread_join(watchdog->thread, NULL);
	destroy_watchdog(watchdog);
	watchdog->running = false;
}
