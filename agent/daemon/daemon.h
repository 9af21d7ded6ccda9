/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * The daemon is one event loop. It reconciles at the start, when the state changes, on
 * SIGHUP, when `apply` asks, when an interface appears that a sync daemon needs, and
 * after the resync period, or sooner after a failure. When one of our addresses may be
 * gone it checks the addresses only. Each reconcile ends in the log, status.json and
 * STATUS=.
 */
struct daemon;

/*
 * Prepares everything without changing the kernel. The caller holds the lock of
 * options->run_directory (descriptor lock) for the daemon's life. Blocks SIGTERM, SIGINT
 * and SIGHUP. -errno with err set.
 */
int daemon_new(struct daemon **daemon, const struct options *options, int lock,
	       struct err *err) MUST_CHECK;
void daemon_free(struct daemon *daemon);

DEFINE_CLEANUP(daemon_cleanup, struct daemon *, daemon_free)
#define cleanup_daemon CLEANUP(daemon_cleanup)

/* Runs until SIGTERM or SIGINT, then returns 0; the kernel's table stays. Else -errno. */
int daemon_run(struct daemon *daemon) MUST_CHECK;
