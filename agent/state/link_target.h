/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "common/macro.h"

/* Whether ProtectHome= or PrivateTmp= of ipvs-agent.service hides an absolute path. */
bool path_is_hidden(const char *path) MUST_CHECK;

enum { LINK_WORDS = 3 * PATH_MAX };

/*
 * What a path that cannot be opened leads to, for a message: "" or ": it is a link to TARGET", ": DIR on the
 * way is a link to TARGET", and under a service manager whether the place is one that the unit's
 * sandbox hides. Returns words.
 */
const char *link_target_words(const char *path, char words[static LINK_WORDS]);
