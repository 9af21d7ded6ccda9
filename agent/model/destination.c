/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/destination.h"

#include <stdio.h>

int destination_key_compare(const struct destination *a, const struct destination *b)
{
	int order = address_compare(&a->address, &b->address);

	if (order != 0)
		return order;
	return (a->port > b->port) - (a->port < b->port);
}

bool destination_equal(const struct destination *a, const struct destination *b)
{
	if (a->forward != b->forward || a->weight != b->weight)
		return false;
	if (a->upper_threshold != b->upper_threshold ||
	    a->lower_threshold != b->lower_threshold)
		return false;
	if (a->forward != FORWARD_TUNNEL)
		return true;
	return a->tunnel_type == b->tunnel_type && a->tunnel_port == b->tunnel_port &&
	       a->tunnel_checksum == b->tunnel_checksum;
}

const char *destination_key_format(const struct destination *destination,
				   char buffer[static DESTINATION_KEY_TEXT])
{
	char address[ADDRESS_TEXT];
	bool v6 = destination->address.family == AF_INET6;

	address_format(&destination->address, address);
	snprintf(buffer, DESTINATION_KEY_TEXT, "%s%s%s:%u", v6 ? "[" : "", address,
		 v6 ? "]" : "", destination->port);
	return buffer;
}

const char *forward_name(uint8_t forward)
{
	static const char *const names[] = {
		[FORWARD_MASQUERADE] = "masquerade", [FORWARD_LOCAL] = "local",
		[FORWARD_TUNNEL] = "tunnel",	     [FORWARD_DIRECT] = "direct",
		[FORWARD_BYPASS] = "bypass",
	};

	return forward < ARRAY_SIZE(names) ? names[forward] : "unknown";
}

const char *tunnel_type_name(uint8_t type)
{
	static const char *const names[] = {
		[TUNNEL_IPIP] = "ipip",
		[TUNNEL_GUE] = "gue",
		[TUNNEL_GRE] = "gre",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

const char *tunnel_checksum_name(uint8_t checksum)
{
	static const char *const names[] = {
		[TUNNEL_CHECKSUM_NONE] = "none",
		[TUNNEL_CHECKSUM_FULL] = "full",
		[TUNNEL_CHECKSUM_REMOTE] = "remote",
	};

	return checksum < ARRAY_SIZE(names) ? names[checksum] : "unknown";
}
