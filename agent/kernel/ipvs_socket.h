/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/kernel/ipvs.h"
#include "agent/kernel/socket.h"

/* What the files behind ipvs.h share: dump.c reads, apply.c writes. */
struct ipvs {
	struct genl_socket *socket;
	struct ipvs_counts counts;
};
