/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "preflight/preflight_options.h"

enum { EXIT_READY = 0, EXIT_NOT_READY = 1, EXIT_USAGE = 2 };

/*
 * Loads, verifies, checks, reports and hands off, as the options say. Returns the exit
 * status; with --exec it does not return if all is well.
 */
int preflight_run(const struct preflight_options *options);
