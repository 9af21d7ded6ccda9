/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

#include "common/macro.h"

/*
 * An IPv4 or IPv6 address. Unused bytes are zero, so that memcmp() compares two of them.
 */
struct address {
	union {
		struct in_addr v4; /* network byte order */
		struct in6_addr v6;
		uint8_t bytes[16];
	};
	uint8_t family; /* AF_INET or AF_INET6 */
};

enum { ADDRESS_TEXT = INET6_ADDRSTRLEN };

/*
 * Parses a numeric address of either family, without name look-ups. -EINVAL for anything
 * else.
 */
int address_parse(const char *text, struct address *address) MUST_CHECK;

/* Orders by family, then by the address's bytes: <0, 0 or >0. */
int address_compare(const struct address *a, const struct address *b);

/* Writes the address as inet_ntop(3) does, and returns buffer. */
const char *address_format(const struct address *address,
			   char buffer[static ADDRESS_TEXT]);
