/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/state.h"

/*
 * Counts one more problem and keeps its line where there is still room. Control characters and
 * what is no UTF-8 become '?': a hostile file must not steer a terminal. -ENOMEM.
 */
int state_problems_add(struct state_problems *problems, const char *fmt, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;

enum { QUOTE_TEXT = 80 };

/* The text in single quotes, cut where it is long ("'abc...'"); returns buffer. */
const char *quote(const char *text, char buffer[static QUOTE_TEXT]);
