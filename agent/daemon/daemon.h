/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * The daemon: one event loop that reconciles at the start, when the state changes, on SIGHUP, when
 * `apply` asks, when an interface appears that a sync daemon lacked, for addresses alone when one of
 * ours may have gone, after the resync period and, where something failed, sooner. Each reconcile ends in log, status.json and STATUS=.
 */
struct daemon;

/*
 * Gets everything ready but touches no kernel table. The caller holds the lock of
 * options->run_directory, the descriptor lock, for as long as the daemon lives. Blocks SIGTERM, SIGINT and SIGHUP.
 */
int daemon_new(struct daemon **daemon, const struct options *options, int lock,
	       struct err *err) MUST_CHECK;
void daemon_free(struct daemon *daemon);

DEFINE_CLEANUP(daemon_cleanup, struct daemon *, daemon_free)
#define cleanup_daemon CLEANUP(daemon_cleanup)

/* Runs until SIGTERM or SIGINT, 0 then; the kernel's table stays as it is. -errno. */
int daemon_run(struct daemon *daemon) MUST_CHECK;
