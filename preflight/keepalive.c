/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/keepalive.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "common/notify.h"

/* Each word asks for 30 s and is repeated every 2 s: 300 words are ten minutes. */
enum { PERIOD_SECONDS = 2, EXTENSION_USEC = 30 * 1000 * 1000, WORDS_MAX = 300 };

struct keepalive {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop; /* under lock */
};

static void *send_words(void *data)
{
	struct keepalive *keepalive = data;
	struct timespec next;

	pthread_mutex_lock(&keepalive->lock);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (int words = 0; words < WORDS_MAX && !keepalive->stop; words++) {
		next.tv_sec += PERIOD_SECONDS;
		while (!keepalive->stop &&
		       pthread_cond_timedwait(&keepalive->changed, &keepalive->lock,
					      &next) == 0)
			;
		if (!keepalive->stop)
			notify_extend_timeout(EXTENSION_USEC);
	}
	pthread_mutex_unlock(&keepalive->lock);
	return NULL;
}

struct keepalive *keepalive_start(void)
{
	struct keepalive *keepalive;
	pthread_condattr_t attributes;

	if (!notify_enabled())
		return NULL;
	keepalive = calloc(1, sizeof(*keepalive));
	if (!keepalive)
		return NULL;
	pthread_mutex_init(&keepalive->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&keepalive->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&keepalive->thread, NULL, send_words, keepalive) == 0)
		return keepalive;
	pthread_cond_destroy(&keepalive->changed);
	pthread_mutex_destroy(&keepalive->lock);
	free(keepalive);
	return NULL;
}

void keepalive_stop(struct keepalive *keepalive)
{
	if (!keepalive)
		return;
	pthread_mutex_lock(&keepalive->lock);
	keepalive->stop = true;
	pthread_cond_signal(&keepalive->changed);
	pthread_mutex_unlock(&keepalive->lock);
	pthread_join(keepalive->thread, NULL);
	pthread_cond_destroy(&keepalive->changed);
	pthread_mutex_destroy(&keepalive->lock);
	free(keepalive);
}
