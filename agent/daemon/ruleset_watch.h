/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

struct monitor;
struct session;

/*
 * Notifies the daemon when another program changes or removes an nftables table of ours.
 * It listens only while there is such a table, because a socket to nf_tables would load
 * the module. The first four members are set at the start.
 */
struct ruleset_watch {
	sd_event *event; /* borrowed, as is the session */
	struct session *session;
	int (*changed)(void *context); /* a negative result disables the event source */
	void *context;
	sd_event_source *source;
	struct monitor *nft; /* NULL: not listening */
	bool fails;	     /* listening failed, which has been logged */
};

/* Called after a reconcile: starts or stops listening. */
void ruleset_watch_keep(struct ruleset_watch *watch);

void ruleset_watch_clear(struct ruleset_watch *watch);
