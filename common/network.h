/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/address.h"
#include "common/macro.h"

/* A network: the addresses that share the first prefix bits. The other bits are zero. */
struct network {
	struct address address;
	uint8_t prefix; /* bits: 0 to 32, or to 128 */
};

enum { NETWORK_TEXT = ADDRESS_TEXT + sizeof("/128") };

/*
 * Parses "10.96.0.0/12" and clears the host bits. A plain address is a network of one
 * address. -EINVAL for anything else.
 */
int network_parse(const char *text, struct network *network) MUST_CHECK;

/* Clears the host bits. */
void network_mask(struct network *network);

/* The network of one address, and whether a network is one. */
struct network network_of_one(const struct address *address);
bool network_is_of_one(const struct network *network);

/* False for an address of the other family. */
bool network_contains(const struct network *network, const struct address *address);

/*
 * Orders by address, and equal addresses by prefix, the larger network first: <0, 0 or
 * >0.
 */
int network_compare(const struct network *a, const struct network *b);

/* "10.96.0.0/12"; returns buffer. */
const char *network_format(const struct network *network,
			   char buffer[static NETWORK_TEXT]);
