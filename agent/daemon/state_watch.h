/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Follows a state, a file or a directory of *.json files, through whatever can happen to it: replaced by rename,
 * written in place, a symbolic link swapped (its own or a directory's on the way), removed, not
 * there yet. A change is told once nothing has happened for 200 ms, after renames alone for 50 ms, and
 * at the latest 2 s after its first sign. What else happens in the directories on the way costs nothing.
 */
struct state_watch;

enum state_watch_event {
	STATE_WATCH_NOTHING = 0,
	STATE_WATCH_CHANGED = 1, /* the state is another one, or has come or gone */
};

/*
 * Starts watching; what stands there now counts as known. The path is copied. What cannot be watched
 * (no right to read a directory, no inotify instance or watch left) is no error: err->code is
 * then set and err says which. Where it is for want of a watch, the state is looked at every two
 * seconds until there is one again; what may not be read is not looked at. -errno otherwise.
 */
int state_watch_new(struct state_watch **watch, const char *path,
		    struct err *err) MUST_CHECK;
void state_watch_free(struct state_watch *watch);

DEFINE_CLEANUP(watch_cleanup, struct state_watch *, state_watch_free)
#define cleanup_state_watch CLEANUP(watch_cleanup)

/* Readable when state_watch_dispatch() has something to do. */
int watch_fd(const struct state_watch *watch);

/*
 * Looks for the way to the state once more: of a file system mounted over it nothing is told. To be
 * called before the state is read anyway, since what is found counts for nothing here. -errno.
 */
int state_watch_renew(struct state_watch *watch) MUST_CHECK;

/* "PATH: why" of the first that cannot be watched, NULL where all is. */
const char *state_watch_problem(const struct state_watch *watch) MUST_CHECK;

/* Never blocks. An enum state_watch_event, or -errno. */
int state_watch_dispatch(struct state_watch *watch) MUST_CHECK;
