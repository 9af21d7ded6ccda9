/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/planning.h"
#include "common/macro.h"

/*
 * Makes the plan: the ordered difference of a wanted and an actual table. Pure; the same inputs give the
 * same plan.
 *
 * The order is such that no step needs a later one and traffic always has somewhere to go: first
 * sysctls, nftables' tables (who is not let in must not be when a service appears), timeouts and
 * the sync daemons that stop; then, PLAN_GROUP keys at a time, new and changed services, and after
 * them their new and changed destinations, so that the executor can wait for the
 * kernel's word on a new service before it puts destinations into it; then what leaves: destinations
 * that begin to drain or go, then services. A service whose key changed is therefore there under its
 * new key before the old one goes. Sync daemons start last: the kernel refuses one beside a
 * destination of the other family (ip_vs_ctl.c).
 *
 * A destination that leaves drains: its weight becomes 0, and it is deleted when a later plan sees
 * it without connections, or past its deadline. Under sh and mh weight 0 refuses the clients that
 * hash there, so the service has the scheduler's fallback flag for as long (ip_vs_sh.c, ip_vs_mh.c).
 */

/*
 * The kernel finds a destination's service by walking a list with the newest first, one of 256
 * (ip_vs_ctl.c: ip_vs_svc_table). Were all services made before the first destination, each
 * would be found behind a good part of the table; in groups of this size it is nearly always the first.
 */
enum { PLAN_GROUP = 256 };

/*
 * Fills an empty plan from two sorted tables. Services in actual that ownership does not name
 * are others': never changed unless the policy takes them over. -ENOMEM; the plan is then to be
 * cleared.
 */
int plan_make(const struct table *wanted, const struct table *actual,
	      const struct ownership *ownership, const struct plan_policy *policy,
	      struct plan *plan) MUST_CHECK;
