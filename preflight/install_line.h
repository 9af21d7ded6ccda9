/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/macro.h"

/*
 * Runs the command of modprobe.d's `install` line with /bin/sh; its output goes to
 * stderr. 0, or a negative errno with a description in outcome: "exit status 1", "killed
 * by signal 9", "ended after 60 s without a result".
 */
int install_line_run(const char *module, const char *command, uint64_t usec,
		     char *outcome, size_t size) MUST_CHECK;
