/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "agent/model/guard.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * The TCP sockets that listen and the UDP sockets that are connected to nobody, of this
 * network namespace, over sock_diag(7): four dumps that the kernel filters by state.
 * *listeners is a new array that the caller frees, also where it fails: what could be
 * had. -ENOENT where the kernel has not all of inet_diag, tcp_diag and udp_diag, and may
 * not load them.
 */
int listeners_read(struct listener **listeners, size_t *count,
		   struct err *err) MUST_CHECK;
