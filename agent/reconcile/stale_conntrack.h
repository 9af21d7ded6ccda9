/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/reconcile/snapshot.h"
#include "common/macro.h"

/*
 * After a plan was executed: UDP services with source NAT that got their first destination. What was
 * sent to them before left entries in connection tracking that IPVS had no part in, and a client that
 * goes on sending from the same port would never be masqueraded: they are deleted. Once IPVS knows a
 * flow, net.ipv4.vs.expire_nodest_conn makes it follow.
 */
int stale_conntrack_forget(const struct snapshot *snapshot, const int *results,
			   struct reconcile_report *report) MUST_CHECK;
