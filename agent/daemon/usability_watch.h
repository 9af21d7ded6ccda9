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
 * Has the daemon look again at whether services are of use when links, routes, forwarding
 * or packet filters change. Whatever happens it wakes at most once in a second, and looks
 * for at most a fiftieth of the time; where nothing happens it does not wake at all.
 * Zeroed, with the first four filled in.
 */
struct usability_watch {
	sd_event *event; /* borrowed, as is the session */
	struct session *session;
	int (*look)(void *context); /* its negative return ends the loop */
	void *context;
	struct monitor *watches[2]; /* of routes, of filters; NULL: not watched */
	sd_event_source *sources[2];
	sd_event_source *timer;
	uint64_t next;		  /* not before, CLOCK_MONOTONIC */
	uint64_t contested_until; /* until then it looks without an event, as next */
	bool fails;		  /* filters cannot be watched, which has been logged */
};

/* Begins to watch routes. -errno with err set. */
int usability_watch_start(struct usability_watch *watch, struct err *err) MUST_CHECK;

/*
 * After a reconcile: begins to watch packet filters once the kernel has any. contested:
 * another program writes to the table, so that it is looked at for some minutes without
 * an event.
 */
void usability_watch_keep(struct usability_watch *watch, bool contested);

void usability_watch_clear(struct usability_watch *watch);
