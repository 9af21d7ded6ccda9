/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/model/notes.h"
#include "common/macro.h"

/*
 * Warns if root can read a state but the user of ipvs-agent.service (ipvs-node) cannot.
 * The daemon's own state (in_place) is checked where it is: what that user may not read,
 * or search on the path, and places that the unit's sandbox hides. Another state may be a
 * draft that is moved to its place later, so only the modes of the file, or of the folder
 * and its files, count. Only root can check this: for other users, and if ipvs-node does
 * not exist, there is no warning. -ENOMEM.
 */
int daemon_user_check(const char *path, bool in_place, struct notes *notes) MUST_CHECK;
