/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/err.h"
#include "common/macro.h"

/*
 * The way that the kernel goes from a path to its file (path_resolution(7)): every directory in
 * which a name is looked up, those of symbolic links and of their targets included.
 */

/*
 * Called for each look-up, before it is made: a real directory (no link in it) and the name that
 * is looked up there. last: nothing follows unless the name is a link. Negative stops.
 */
typedef int (*resolution_visit)(void *context, const char *directory, const char *name,
				bool last);

/*
 * Walks as far as there is something: up to the file, the first missing name, or the 40th link.
 * 0, what visit returned, or -ENAMETOOLONG. The path is absolute.
 */
int path_walk(const char *path, resolution_visit visit, void *context) MUST_CHECK;

/* path made absolute by the working directory, newly allocated; nothing in it need exist. */
int absolute_path(const char *path, char **absolute, struct err *err) MUST_CHECK;
