/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "common/address.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * The addresses that this network namespace's links have, as getifaddrs(3) lists them, newly
 * allocated, the caller's to free; without those of the link named except, which may be NULL.
 */

/* Without those of loopback links. -errno. Fits struct state_settings (const char *except). */
int node_address_list(const void *except, struct address **addresses,
		      size_t *count) MUST_CHECK;

/* Those by which others know the node: neither loopback nor link-local ones, on any link. */
int node_address_own(const char *except, struct address **addresses, size_t *count,
		     struct err *err) MUST_CHECK;
