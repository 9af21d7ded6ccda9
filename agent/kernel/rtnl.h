/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/plan/vip_plan.h"
#include "agent/model/host_net.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Links, addresses and routes over rtnetlink (rtnetlink(7)). Each call ends within a
 * bound. Reading needs no privilege.
 */
struct rtnl;

int rtnl_open(struct rtnl **rtnl, struct err *err) MUST_CHECK;
void rtnl_close(struct rtnl *rtnl);

DEFINE_CLEANUP(rtnl_cleanup, struct rtnl *, rtnl_close)
#define cleanup_rtnl CLEANUP(rtnl_cleanup)

/* How much is read: each includes those before it. */
enum rtnl_extent {
	RTNL_ADDRESSES,	 /* all links and addresses */
	RTNL_GATEWAYS,	 /* the gateways of default routes in table main */
	RTNL_OWN_ROUTES, /* our own routes, which may be very many */
};

/*
 * Fills an empty host, sorted. What changes meanwhile may be missing; a dump that the
 * kernel marks as interrupted is repeated, up to a bound. On failure the host is empty.
 */
int rtnl_read_node(struct rtnl *rtnl, enum rtnl_extent extent, struct host_net *host,
		   struct err *err) MUST_CHECK;

/*
 * Sends the operations in their order, many in a send, and waits for all answers. results
 * holds 0 for each on entry; one that is not 0 keeps its operation from being sent. Then
 * results[i] is 0 or a negative errno as the kernel gave it; -ECANCELED for an address
 * whose link could not be made, and -EINPROGRESS where the answer was lost. hardware: of
 * the link that ADD_LINK makes. Returns 0 where every answer came.
 */
int rtnl_apply(struct rtnl *rtnl, const struct vip_operation *operations, size_t count,
	       const uint8_t hardware[static HOST_HARDWARE_LENGTH], int *results,
	       struct err *err) MUST_CHECK;

/*
 * Why the kernel refused this operation, and what to do about it. code is the positive
 * errno.
 */
void rtnl_explain(const struct vip_operation *operation, int code, char *buffer,
		  size_t size);

/* Requests so far. */
struct rtnl_counts {
	uint64_t reads, writes;
};
const struct rtnl_counts *rtnl_get_counts(const struct rtnl *rtnl);
