/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

static uint8_t address_bits(const struct address *address)
{
	return address->family == AF_INET6 ? 128 : 32;
}

/* The bits of the byte at index that belong to the prefix. */
static uint8_t byte_mask(uint8_t prefix, unsigned int index)
{
	unsigned int before = index * 8;

	if (prefix >= before + 8)
		return 0xff;
	return prefix > before ? (uint8_t)(0xff << (before + 8 - prefix)) : 0;
}

int network_parse(const char *text, struct network *network)
{
	struct network parsed = { 0 };
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char address[ADDRESS_TEXT];
	uint32_t prefix;

	if (length >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, length);
	address[length] = '\0';
	if (address_parse(address, &parsed.address) < 0)
		return -EINVAL;
	prefix = address_bits(&parsed.address);
	if (slash && parse_u32(slash + 1, 0, prefix, &prefix) < 0)
		return -EINVAL;
	parsed.prefix = (uint8_t)prefix;
	network_mask(&parsed);
	*network = parsed;
	return 0;
}

void network_mask(struct network *network)
{
	for (unsigned int i = 0; i < sizeof(network->address.bytes); i++)
		network->address.bytes[i] &= byte_mask(network->prefix, i);
}

struct network network_of_one(const struct address *address)
{
	return (struct network){ .address = *address, .prefix = address_bits(address) };
}

bool network_is_of_one(const struct network *network)
{
	return network->prefix == address_bits(&network->address);
}

bool network_contains(const struct network *network, const struct address *address)
{
	if (network->address.family != address->family)
		return false;
	for (unsigned int i = 0; i < sizeof(address->bytes); i++) {
		if ((address->bytes[i] & byte_mask(network->prefix, i)) !=
		    network->address.bytes[i])
			return false;
	}
	return true;
}

int network_compare(const struct network *a, const struct network *b)
{
	int order = address_compare(&a->address, &b->address);

	return order != 0 ? order : (a->prefix > b->prefix) - (a->prefix < b->prefix);
}

const char *network_format(const struct network *network,
			   char buffer[static NETWORK_TEXT])
{
	char address[ADDRESS_TEXT];

	snprintf(buffer, NETWORK_TEXT, "%s/%u",
		 address_format(&network->address, address), network->prefix);
	return buffer;
}
