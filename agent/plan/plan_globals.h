/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/planning.h"
#include "common/macro.h"

/* Sysctls, timeouts and sync daemons. -ENOMEM. */

/* What comes before the services, and after them. */
int plan_globals_before(const struct planning *planning) MUST_CHECK;
int plan_sync_daemon_starts(const struct planning *planning) MUST_CHECK;
