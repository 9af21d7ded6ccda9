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
struct watch;

enum watch_event {
	WATCH_NOTHING = 0,
	WATCH_CHANGED = 1, /* the state is another one, or has come or gone */
};

/*
 * Starts watching; what stands there now counts as known. The path is copied. What cannot be watched
 * (no right to read a directory, no inotify instance or watch left) is no error: err->code is
 * then set and err says which. Where it is for want of a watch, the state is looked at every two
 * seconds until there is one again; what may not be read is not looked at. -errno otherwise.
 */
int watch_new(struct watch **watch, const char *path, struct err *err) MUST_CHECK;
void watch_free(struct watch *watch);

DEFINE_CLEANUP(watch_cleanup, struct watch *, watch_free)
#define cleanup_watch CLEANUP(watch_cleanup)

/* Readable when watch_dispatch() has something to do. */
int watch_fd(const struct watch *watch);

/*
 * Looks for the way to the state once more: of a file system mounted over it nothing is told. To be
 * called before the state is read anyway, since what is found counts for nothing here. -errno.
 */
int watch_renew(struct watch *watch) MUST_CHECK;

/* "PATH: why" of the first that cannot be watched, NULL where all is. */
const char *watch_problem(const struct watch *watch) MUST_CHECK;

/* Never blocks. An enum watch_event, or -errno. */
int watch_dispatch(struct watch *watch) MUST_CHECK;
