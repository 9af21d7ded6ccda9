/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Tells when a network interface appears, comes up or goes, over rtnetlink (rtnetlink(7),
 * RTNLGRP_LINK). What else changes about links is passed over.
 */
struct link_watch;

enum link_event {
	LINK_NOTHING = 0,
	LINK_CHANGED = 1, /* one or more; also where the kernel had to drop messages */
};

int link_watch_new(struct link_watch **watch, struct err *err) MUST_CHECK;
void link_watch_free(struct link_watch *watch);

DEFINE_CLEANUP(link_watch_cleanup, struct link_watch *, link_watch_free)
#define cleanup_link_watch CLEANUP(link_watch_cleanup)

/* Readable when link_watch_dispatch() has something to read. */
int link_watch_fd(const struct link_watch *watch);

/* Reads all that has come, never blocks. An enum link_event, or -errno. */
int link_watch_dispatch(struct link_watch *watch) MUST_CHECK;
