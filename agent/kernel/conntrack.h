/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "agent/model/service.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Connection tracking (nf_conntrack_netlink.c, NETLINK_NETFILTER). An entry that was
 * there before IPVS took a connection up keeps it from being masqueraded: it says that
 * nothing is to be translated.
 */

/*
 * Deletes the entries of connections to these virtual services, which are known by
 * address and sorted by key. *deleted counts them. -errno with err set; 0 where the
 * kernel has no connection tracking.
 */
int conntrack_forget(const struct service_key *keys, size_t count, size_t *deleted,
		     struct err *err) MUST_CHECK;
