/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "preflight/needs.h"
#include "preflight/preflight_report.h"
#include "preflight/system.h"

/*
 * Another tree's modules (an image being built): whether every kernel in its lib/modules has what
 * is needed, loadable or built in, and nothing in its modprobe.d keeps it out. Nothing is loaded.
 * Findings are `Module-NAME` and, of the trees themselves, `ModuleTree`. Each need's in_tree and
 * module say afterwards what every kernel has as a loadable module; what one of them lacks has
 * PRESENCE_MISSING.
 */
void tree_check(const struct system *system, struct needs *needs, struct report *report);
