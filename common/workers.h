/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * Pieces of one piece of work, done by a few threads that end with it. Nothing is locked: each
 * item is one thread's alone, and what it does is seen by the caller of workers_run().
 */
enum { WORKERS_MAX = 4 };

/* How many threads can run at once, from 1 to WORKERS_MAX. */
size_t workers_available(void);

typedef void (*work_fn)(void *context, size_t item);

/*
 * Calls fn for each item below count, the first ones first, in so many threads, the caller's
 * own among them. A thread that cannot be had is done without: all items are done in any case.
 */
void workers_run(size_t threads, size_t count, work_fn fn, void *context);
