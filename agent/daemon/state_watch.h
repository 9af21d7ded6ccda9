/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Follows a state, a file or a directory of *.json files, through every way to change it:
 * replaced by rename, written in place, a symbolic link exchanged (its own or a
 * directory's on the path), removed, or not there yet. A change is reported after 200 ms
 * without an event, after 50 ms if all events were renames, and at the latest 2 s after
 * the first event. Other events in the directories on the path cost almost nothing.
 */
struct state_watch;

enum state_watch_event {
	STATE_WATCH_NOTHING = 0,
	STATE_WATCH_CHANGED = 1, /* the state has changed, appeared or disappeared */
};

/*
 * Starts watching; the present state counts as known. The path is copied. If something
 * cannot be watched (a directory that may not be read, no inotify instance or watch left)
 * the result is still 0, err->code is set, and err names it. If watches have run out, the
 * state is polled every two seconds until there is one again; unreadable paths are not
 * polled. -errno otherwise.
 */
int state_watch_new(struct state_watch **watch, const char *path,
		    struct err *err) MUST_CHECK;
void state_watch_free(struct state_watch *watch);

DEFINE_CLEANUP(watch_cleanup, struct state_watch *, state_watch_free)
#define cleanup_state_watch CLEANUP(watch_cleanup)

/* Readable when state_watch_dispatch() has something to do. */
int watch_fd(const struct state_watch *watch);

/*
 * Walks the path again, because a file system mounted over it causes no event. Called
 * before the state is read anyway; a difference found here is not reported. -errno.
 */
int state_watch_renew(struct state_watch *watch) MUST_CHECK;

/* "PATH: reason" of the first path that cannot be watched; NULL if all are watched. */
const char *state_watch_problem(const struct state_watch *watch) MUST_CHECK;

/* Never blocks. An enum state_watch_event, or -errno. */
int state_watch_dispatch(struct state_watch *watch) MUST_CHECK;
