/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

struct monitor;
struct session;

/*
 * Tells the daemon when somebody else has changed or removed a table of nftables that is ours. Listens
 * only while there is one: a socket to nf_tables would load it. Filled with the first four at the start.
 */
struct ruleset_watch {
	sd_event *event; /* borrowed, as is the session */
	struct session *session;
	int (*changed)(void *context); /* its negative return ends the loop's source */
	void *context;
	sd_event_source *source;
	struct monitor *nft; /* NULL: nothing to listen for */
	bool fails;	     /* it cannot be listened, which has been logged */
};

/* After a reconcile: begins to listen, or ends it. */
void ruleset_watch_keep(struct ruleset_watch *watch);

void ruleset_watch_clear(struct ruleset_watch *watch);
