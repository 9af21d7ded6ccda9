/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/planning.h"
#include "common/macro.h"

/* Adds the writes of sysctls. -ENOMEM. */
int plan_sysctls(const struct planning *planning) MUST_CHECK;
