/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/report/reconcile_report.h"
#include "agent/model/table.h"
#include "common/macro.h"

struct session;

/*
 * kube-proxy beside the services of a cluster is a failure: two programs serve the same
 * addresses, and one in IPVS mode, or another one as it starts, removes services from the
 * table. Beside other services it is one where its link for IPVS mode is there. A whole
 * reconcile looks for the process; one in part, whether the one that was found still
 * runs. -ENOMEM.
 */
int kube_proxy_report(struct session *session, const struct table *wanted,
		      struct reconcile_report *report) MUST_CHECK;
