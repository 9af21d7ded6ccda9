/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/*
 * Checks another tree (an image being built): whether every kernel in its lib/modules has
 * what is needed, loadable or built in, and its modprobe.d does not keep it out. Loads
 * nothing. Findings are `Module-NAME` and, for the tree itself, `ModuleTree`. Afterwards
 * each need's in_tree and module say what every kernel has as a loadable module; a module
 * that a kernel lacks has PRESENCE_MISSING.
 */
void tree_check(const struct system *system, struct needs *needs, struct report *report);
