/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/state.h"

/* Prints all lines that were kept, and the number of others, to stderr. */
void problems_print(const struct state_problems *problems);
