/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/vip_planning.h"
#include "common/macro.h"

/* Operations on the routes of the plan's first count local networks; -ENOMEM. */

int vip_plan_new_routes(struct vip_planning *planning, size_t count) MUST_CHECK;
int vip_plan_old_routes(struct vip_planning *planning, size_t count) MUST_CHECK;
/* Whether routes of our protocol are ours although the record does not say so. */
bool vip_finds_own_route(const struct vip_planning *planning);
