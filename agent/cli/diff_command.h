/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/config.h"

/*
 * Prints the plan on stdout as text or JSON, and what prevents it on stderr. Returns
 * EXIT_DONE if there is nothing to change, else changes or trouble.
 */
int diff_print(const struct options *options, int changes, int trouble);
