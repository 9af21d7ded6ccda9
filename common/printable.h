/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * Replaces control characters (including U+0080 to U+009F), directional marks and invalid
 * UTF-8 by '?'. Text from outside must not steer a terminal, hide what it says, or add
 * lines to a log.
 */
void printable_make(char *text);

/* Whether printable_make() would leave the text unchanged. */
bool printable_is(const char *text);
