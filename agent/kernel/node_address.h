/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "common/address.h"
#include "common/macro.h"

/*
 * The addresses that this network namespace's links have, but for loopback links and the one named
 * own_link (const char *, may be NULL), as getifaddrs(3) lists them; newly allocated, the caller's
 * to free. -errno. Fits struct state_settings, agent/state/settings.h.
 */
int node_address_list(const void *own_link, struct address **addresses,
		      size_t *count) MUST_CHECK;
