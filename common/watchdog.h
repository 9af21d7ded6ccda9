/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/*
 * While a long call blocks the process, a thread tells the service manager that it is at
 * work: it calls beat every two seconds. After ten minutes it falls silent, so that a
 * process that hangs is found out.
 */
struct watchdog {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	void (*beat)(void *context); /* called by the thread */
	void *context;
	bool running; /* false if there is no thread: nothing depends on it */
	bool stop;    /* under the mutex */
};

/*
 * Fills an uninitialised watchdog. The caller has blocked all signals that the process
 * handles. If no thread can be created the watchdog stays silent.
 */
void watchdog_start(struct watchdog *watchdog, void (*beat)(void *context),
		    void *context);

/* Returns when the thread has ended; does nothing if the watchdog does not run. */
void watchdog_stop(struct watchdog *watchdog);
