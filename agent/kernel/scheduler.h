/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * Which schedulers may be named to the kernel without it loading a module of its own
 * accord.
 */

/*
 * Whether the kernel must not be left to load this one: lblc and lblcr, whose modules
 * register per-namespace operations while IPVS's lock is held and so deadlock against the
 * end of a network namespace (ip_vs_lblc.c: ip_vs_lblc_init; seen on 6.1).
 */
bool scheduler_autoload_is_dangerous(const char *scheduler);

/*
 * Whether the scheduler is there already: its module stands as Live in /proc/modules, it
 * has a sysctl of its own (lblc, lblcr), or it is named in modules.builtin of the running
 * kernel. False also where this cannot be told.
 */
bool scheduler_is_loaded(const char *scheduler);

/*
 * Whether this machine cannot have the scheduler: neither loaded nor built in, and not in
 * the kernel's module tree. False where that cannot be told, as in a container without
 * the tree.
 */
bool scheduler_is_missing(const char *scheduler);
