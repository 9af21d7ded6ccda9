/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/vip_planning.h"
#include "common/macro.h"

/* Operations on the link and the addresses on it; -ENOMEM. */

int vip_plan_link_operation(struct vip_planning *planning, enum vip_kind kind) MUST_CHECK;
int vip_plan_link(struct vip_planning *planning) MUST_CHECK;
int vip_plan_new_addresses(struct vip_planning *planning) MUST_CHECK;
/* on_link: addresses stand on our link; has_link: it stays or comes, although none may. */
int vip_plan_old_addresses(struct vip_planning *planning, bool on_link,
			   bool has_link) MUST_CHECK;
