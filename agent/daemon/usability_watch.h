/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "common/err.h"
#include "common/macro.h"

struct monitor;
struct session;

/*
 * Makes the daemon check again whether services can work when links, routes, forwarding
 * or packet filters change. It wakes at most once in a second and spends at most a
 * fiftieth of the time on checks; without events it does not wake at all. Zeroed, with
 * the first four members set.
 */
struct usability_watch {
	sd_event *event; /* borrowed, as is the session */
	struct session *session;
	int (*look)(void *context); /* a negative result ends the loop */
	void *context;
	struct monitor *watches[2]; /* of routes, of filters; NULL: not watched */
	sd_event_source *sources[2];
	sd_event_source *timer;
	uint64_t next;		  /* earliest time of the next check, CLOCK_MONOTONIC */
	uint64_t contested_until; /* until then it checks without events, too */
	bool fails;		  /* filters cannot be watched, which has been logged */
};

/* Starts to watch routes. -errno with err set. */
int usability_watch_start(struct usability_watch *watch, struct err *err) MUST_CHECK;

/*
 * Called after a reconcile: starts to watch packet filters once the kernel has any.
 * contested: another program writes to the table, so it is checked for some minutes also
 * without an event.
 */
void usability_watch_keep(struct usability_watch *watch, bool contested);

void usability_watch_clear(struct usability_watch *watch);
