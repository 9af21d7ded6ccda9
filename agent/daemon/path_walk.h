/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/err.h"
#include "common/macro.h"

/*
 * Resolves a path as the kernel does (path_resolution(7)), visiting every directory in
 * which a name is looked up, including those of symbolic links and their targets.
 */

/*
 * Called before each look-up with a real directory (no link in it) and the name that is
 * looked up there. last: no further name follows, unless this one is a link. A negative
 * result ends the walk.
 */
typedef int (*resolution_visit)(void *context, const char *directory, const char *name,
				bool last);

/*
 * Walks as far as the path exists: to the file, the first missing name, or the 40th link.
 * 0, the negative result of visit, or -ENAMETOOLONG. The path is absolute.
 */
int path_walk(const char *path, resolution_visit visit, void *context) MUST_CHECK;

/* Makes path absolute by the working directory; newly allocated. It need not exist. */
int absolute_path(const char *path, char **absolute, struct err *err) MUST_CHECK;
