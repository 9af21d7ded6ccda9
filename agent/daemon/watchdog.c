/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/watchdog.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"

static const uint64_t interval_usec = 2 * 1000000ULL;
static const uint64_t limit_usec = 10 * 60 * 1000000ULL;
/* How far each beat moves the time-out: enough for a machine that stalls. */
static const uint64_t extension_usec = 60 * 1000000ULL;

static struct timespec in_one_interval(void)
{
	uint64_t due = clock_usec(CLOCK_MONOTONIC) + interval_usec;

	return (struct timespec){
		.tv_sec = (time_t)(due / 1000000),
		.tv_nsec = (long)(due % 1000000) * 1000,
	};
}

static void *beat(void *argument)
{
	struct heartbeat *heartbeat = argument;
	uint64_t end = clock_usec(CLOCK_MONOTONIC) + limit_usec;

	pthread_mutex_lock(&heartbeat->mutex);
	while (!heartbeat->stop && clock_usec(CLOCK_MONOTONIC) < end) {
		struct timespec due = in_one_interval();
		int r = 0;

		while (!heartbeat->stop && r != ETIMEDOUT)
			r = pthread_cond_timedwait(&heartbeat->wake, &heartbeat->mutex,
						   &due);
		if (heartbeat->stop)
			break;
		notify_send("WATCHDOG=1");
		if (heartbeat->extend)
			notify_extend_timeout(extension_usec);
		heartbeat->tell(heartbeat->context);
	}
	pthread_mutex_unlock(&heartbeat->mutex);
	return NULL;
}

void heartbeat_start(struct heartbeat *heartbeat, bool extend,
		     void (*tell)(void *context), void *context)
{
	pthread_condattr_t attributes;
	int r;

	memset(heartbeat, 0, sizeof(*heartbeat));
	heartbeat->extend = extend;
	heartbeat->tell = tell;
	heartbeat->context = context;
	pthread_mutex_init(&heartbeat->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&heartbeat->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	r = pthread_create(&heartbeat->thread, NULL, beat, heartbeat);
	heartbeat->running = r == 0;
	if (r != 0)
		log_debug("no heartbeat during this reconcile: %s", strerror(r));
}

void heartbeat_stop(struct heartbeat *heartbeat)
{
	if (!heartbeat->running)
		return;
	pthread_mutex_lock(&heartbeat->mutex);
	heartbeat->stop = true;
	pthread_cond_signal(&heartbeat->wake);
	pthread_mutex_unlock(&heartbeat->mutex);
	pthread_join(heartbeat->thread, NULL);
	pthread_cond_destroy(&heartbeat->wake);
	pthread_mutex_destroy(&heartbeat->mutex);
	heartbeat->running = false;
}
