/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "agent/kernel/rtnl.h"
#include "agent/kernel/socket.h"

/* What rtnl.c and rtnl_apply.c share. */
struct rtnl {
	struct genl_socket *socket;
	struct rtnl_counts counts;
	bool takes_interrupted; /* what an interrupted dump gave is enough */
};
