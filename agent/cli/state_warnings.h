/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/model/table.h"
#include "common/macro.h"

/*
 * Adds warnings to the table's notes about what is valid but will fail on this machine,
 * without asking the kernel: a scheduler that neither the kernel nor its module tree has,
 * and what daemon_user_check() finds. -ENOMEM.
 */
int state_warnings_add(const char *path, bool in_place, struct table *table) MUST_CHECK;
