/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

int address_parse(const char *text, struct address *address)
{
	struct address parsed = { 0 };

	if (inet_pton(AF_INET, text, &parsed.v4) == 1)
		parsed.family = AF_INET;
	else if (inet_pton(AF_INET6, text, &parsed.v6) == 1)
		parsed.family = AF_INET6;
	else
		return -EINVAL;
	*address = parsed;
	return 0;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

const char *address_format(const struct address *address,
			   char buffer[static ADDRESS_TEXT])
{
	if (!inet_ntop(address->family, address->bytes, buffer, ADDRESS_TEXT))
		buffer[0] = '\0';
	return buffer;
}
