/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/* Sysctls that the state does not name and what it wants needs all the same. */

/* New connections of a persistent client go to a destination of weight 0 as long as its template
 * lives, unless this is 1 (ip_vs_conn.c: ip_vs_check_template). */
#define QUIESCENT_SYSCTL "net.ipv4.vs.expire_quiescent_template"

/* Adds to wanted what its services need, instead of what an earlier call added. -ENOMEM. */
int implied_sysctls_add(struct snapshot *snapshot) MUST_CHECK;

/* Adds what services need that drain by the plan. -ENOMEM. */
int implied_sysctls_add_for_drains(struct snapshot *snapshot) MUST_CHECK;
