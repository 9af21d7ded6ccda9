/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/state.h"

/* All lines that are kept, and how many more there are, to stderr. */
void problems_print(const struct state_problems *problems);
