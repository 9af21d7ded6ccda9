/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Tells when anything changes that decides where packets go: over rtnetlink links, routes
 * (the local ones of addresses among them) and forwarding, over nfnetlink the rulesets of
 * nf_tables, each transaction once. Nothing else of either wakes the reader.
 */
struct path_watch;

enum path_watch_kind { PATH_WATCH_ROUTES, PATH_WATCH_FILTERS };

enum path_event {
	PATH_NOTHING = 0,
	PATH_CHANGED = 1, /* one or more; also where the kernel had to drop messages */
};

/* Watching filters loads nf_tables where that is not there. */
int path_watch_new(struct path_watch **watch, enum path_watch_kind kind,
		   struct err *err) MUST_CHECK;
void path_watch_free(struct path_watch *watch);

DEFINE_CLEANUP(path_watch_cleanup, struct path_watch *, path_watch_free)
#define cleanup_path_watch CLEANUP(path_watch_cleanup)

/* Readable when path_watch_dispatch() has something to read. */
int path_watch_fd(const struct path_watch *watch);

/*
 * Reads all that has come, never blocks; what this process itself has written to
 * nf_tables is no change. An enum path_event, or -errno.
 */
int path_watch_dispatch(struct path_watch *watch) MUST_CHECK;
