/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "agent/kernel/ipvs.h"
#include "agent/kernel/netlink/socket.h"

/* What the files behind ipvs.h share. */
struct ipvs {
	struct netlink_socket *socket;
	struct netlink_socket
		*long_socket; /* RECEIVE_LONG, for long dumps; NULL until the first */
	size_t expected;      /* destinations of the service that was read last */
	struct ipvs *second_reader; /* for many services; NULL until it is needed */
	struct ipvs_counts counts;
	struct ipvs_pursuit *pursuit; /* borrowed, or NULL */
};
