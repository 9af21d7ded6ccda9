/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <limits.h>

#include "common/macro.h"

/*
 * The path below a root, every link resolved as it is where that root is `/`: an absolute one begins at the
 * root, and `..` never leaves it. What is not there is kept as it stands. -ELOOP, -ENAMETOOLONG.
 */
int root_path_resolve(const char *root, const char *path,
		      char resolved[static PATH_MAX]) MUST_CHECK;
