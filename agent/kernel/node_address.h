/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * The link whose addresses are virtual ones: ours, by its name or, whatever that is, its
 * hardware address.
 */
struct own_link {
	const char *name;
	const uint8_t *hardware; /* HOST_HARDWARE_LENGTH bytes, or NULL */
};

/*
 * The addresses of this network namespace's links, sorted, over rtnetlink; an array that
 * the caller frees. Not those of our own link, nor of kube-proxy's.
 */

/*
 * Without those of loopback links. -errno. Fits struct state_settings (struct own_link).
 */
int host_address_list(const void *except, struct address **addresses,
		      size_t *count) MUST_CHECK;

/*
 * Those by which others know the node: neither loopback nor link-local ones, on any link.
 */
int host_addresses_known(const struct own_link *except, struct address **addresses,
			 size_t *count, struct err *err) MUST_CHECK;
