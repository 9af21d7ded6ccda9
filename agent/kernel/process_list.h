/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Processes by their names (comm). Where /proc hides them (ProtectProc=, hidepid=) their
 * numbers come from the control groups, and their names from the kernel's task
 * statistics.
 */

/*
 * The number of a process of this name; 0 where there is none, or none that can be seen.
 */
pid_t process_find(const char *name);

/* Whether the process is there and has this name. */
bool process_has_name(pid_t pid, const char *name);
