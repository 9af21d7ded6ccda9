/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "preflight/needs.h"
#include "preflight/preflight_report.h"

/*
 * Adds what the state at path asks for: a file, or a directory of *.json. Lenient: whatever is
 * understood counts, for validation is the agent's business; what cannot be read at all is a
 * warning `StateFile`. What nothing before has asked for is marked of_state. -ENOMEM.
 */
int state_needs_read(const char *path, struct needs *needs,
		     struct report *report) MUST_CHECK;
