/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <limits.h>

#include "common/macro.h"

/*
 * Resolves a path below a root, with every link as it would be if that root were `/`: an
 * absolute link starts at the root, and `..` never leaves it. Missing components are kept
 * unchanged. -ELOOP, -ENAMETOOLONG.
 */
int root_path_resolve(const char *root, const char *path,
		      char resolved[static PATH_MAX]) MUST_CHECK;
