/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/kernel/rtnl.h"
#include "agent/kernel/netlink/socket.h"

/* What the files behind rtnl.h share. */
struct rtnl {
	struct netlink_socket *socket;
	struct rtnl_counts counts;
	bool takes_interrupted; /* what an interrupted dump gave is enough */
};

/*
 * Asks for all objects of a type (RTM_GET…) with the header that selects them, and gives
 * each to handle. 0 or -errno, the kernel's own; -EINTR where the kernel's table changed
 * meanwhile, unless takes_interrupted.
 */
int rtnl_dump(struct rtnl *rtnl, uint16_t type, const void *header, size_t size,
	      netlink_handler handle, void *context);
