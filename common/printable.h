/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * Control characters (U+0080 to U+009F, too), marks that change the direction of text, and what is no UTF-8
 * become '?': text from outside must not steer a terminal, hide what it says or break a log into other lines.
 */
void printable_make(char *text);

/* Whether it would stay as it is. */
bool printable_is(const char *text);
