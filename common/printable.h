/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Control characters and what is no UTF-8 become '?': text from a file must not steer a terminal or
 * break a log into other lines.
 */
void printable_make(char *text);
