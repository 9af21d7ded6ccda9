/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/err.h"
#include "common/macro.h"

/* The link whose addresses are virtual ones: ours, by its name or, whatever that is, its hardware address. */
struct node_address_except {
	const char *name;
	const uint8_t *hardware; /* NODE_HARDWARE_LENGTH bytes, or NULL */
};

/*
 * The addresses that this network namespace's links have, as getifaddrs(3) lists them, newly
 * allocated, the caller's to free; without those of our own link, and of kube-proxy's.
 */

/* Without those of loopback links. -errno. Fits struct state_settings (struct node_address_except). */
int node_address_list(const void *except, struct address **addresses,
		      size_t *count) MUST_CHECK;

/* Those by which others know the node: neither loopback nor link-local ones, on any link. */
int node_address_own(const struct node_address_except *except, struct address **addresses,
		     size_t *count, struct err *err) MUST_CHECK;
