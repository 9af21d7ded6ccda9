/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Notifications of rtnetlink and nfnetlink: says whether something of a kind has changed.
 * Each monitor has a socket of its own, so that an event loop can stop listening to one
 * kind; messages of other kinds are dropped, in the kernel where they can be very many.
 */
struct monitor;

enum monitor_kind {
	/* A link appears, comes up, is renamed, or goes. */
	MONITOR_LINKS,
	/*
	 * What our virtual addresses depend on: an address comes or goes, a link goes, a
	 * route with our protocol number goes.
	 */
	MONITOR_ADDRESSES,
	/* Where packets go: links, routes (an address is a local route), forwarding. */
	MONITOR_ROUTES,
	/* nf_tables, once for each transaction of another process. */
	MONITOR_RULESET,
	/* Anything in an IPv4 or IPv6 table of nf_tables, also by this process. */
	MONITOR_TABLE,
};

/*
 * table: for MONITOR_TABLE its name, borrowed; otherwise NULL. The two kinds about
 * nf_tables load its module. -errno.
 */
int monitor_new(struct monitor **monitor, enum monitor_kind kind, const char *table,
		struct err *err) MUST_CHECK;
/* monitor may be NULL. */
void monitor_free(struct monitor *monitor);

DEFINE_CLEANUP(monitor_cleanup, struct monitor *, monitor_free)
#define cleanup_monitor CLEANUP(monitor_cleanup)

/* Readable when monitor_dispatch() has something to read. Owned by the monitor. */
int monitor_fd(const struct monitor *monitor);

enum monitor_event {
	MONITOR_NOTHING = 0,
	MONITOR_CHANGED = 1, /* once or more; also if the kernel dropped messages */
};

/*
 * Reads what is ready, without blocking and within a bound: the descriptor stays readable
 * if there is more. An enum monitor_event, or -errno: the monitor is of no use any more.
 */
int monitor_dispatch(struct monitor *monitor) MUST_CHECK;
