/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/*
 * Keeps the service manager's watchdog alive while a long call blocks the process: a
 * thread calls beat every two seconds. It stops after ten minutes, so that a process that
 * hangs is detected.
 */
struct watchdog {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	void (*beat)(void *context); /* called by the thread */
	void *context;
	bool running; /* false if there is no thread, which is harmless */
	bool stop;    /* under the mutex */
};

/*
 * Fills an uninitialised watchdog. The caller has blocked all signals that the process
 * handles. If no thread can be created, the watchdog does nothing.
 */
void watchdog_start(struct watchdog *watchdog, void (*beat)(void *context),
		    void *context);

/* Returns after the thread has ended. Does nothing if the watchdog does not run. */
void watchdog_stop(struct watchdog *watchdog);
