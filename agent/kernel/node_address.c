/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/node_address.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#include "agent/table/address_list.h"

/* False for an address that is of neither family. */
static bool take_address(const struct sockaddr *from, struct address *address)
{
	memset(address, 0, sizeof(*address));
	if (!from)
		return false;
	if (from->sa_family == AF_INET)
		address->v4 = ((const struct sockaddr_in *)from)->sin_addr;
	else if (from->sa_family == AF_INET6)
		address->v6 = ((const struct sockaddr_in6 *)from)->sin6_addr;
	else
		return false;
	address->family = (uint8_t)from->sa_family;
	return true;
}

int node_address_list(const void *own_link, struct address **addresses, size_t *count)
{
	const char *own = own_link;
	struct address_list list = { 0 };
	struct address address;
	struct ifaddrs *all;
	int r = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *one = all; r == 0 && one; one = one->ifa_next) {
		if ((one->ifa_flags & IFF_LOOPBACK) ||
		    (own && strcmp(one->ifa_name, own) == 0) ||
		    !take_address(one->ifa_addr, &address))
			continue;
		r = address_list_add(&list, &address);
	}
	freeifaddrs(all);
	if (r < 0) {
		address_list_clear(&list);
		return r;
	}
	*addresses = list.items;
	*count = list.count;
	return 0;
}
