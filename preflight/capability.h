/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <sys/capability.h>

/* Whether this process has the capability in its effective set. */
bool capability_effective(cap_value_t capability);
