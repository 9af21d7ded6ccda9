/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/model/notes.h"
#include "common/macro.h"

/*
 * Warns where a state is there for root and not for the user of ipvs-agent.service (ipvs-node). The daemon's own
 * (in_place) is looked at where it is: what that user may not read or search on the way, and places that the
 * unit's sandbox hides. Another one may be a draft that is put in its place later: only its own modes count, of
 * the file or of the folder and its files. Only root can find out; for others, and where there is no such
 * user, it says nothing. -ENOMEM.
 */
int daemon_user_check(const char *path, bool in_place, struct notes *notes) MUST_CHECK;
