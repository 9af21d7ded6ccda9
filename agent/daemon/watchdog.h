/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/*
 * A reconcile is synchronous and a large one takes long. Meanwhile a thread of its own tells the
 * service manager that the daemon is at work: WATCHDOG=1, and EXTEND_TIMEOUT_USEC while a start or
 * reload is under way. It falls silent after ten minutes, so that a daemon that hangs is
 * found out all the same. At each beat, every two seconds, it also calls tell, which says the same to people.
 */

struct watchdog {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool running;		     /* false where there is no thread to be had */
	void (*tell)(void *context); /* called by the thread */
	void *context;
	bool stop;
	bool extend; /* a start or reload has a time-out to be moved */
};

/* All signals that the process handles are blocked by then, in its only thread. */
void watchdog_start(struct watchdog *watchdog, bool extend, void (*tell)(void *context),
		    void *context);

/* Returns when the thread has ended. */
void watchdog_stop(struct watchdog *watchdog);
