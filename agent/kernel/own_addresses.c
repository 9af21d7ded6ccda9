/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/own_addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_ifaddrs_pointer, struct ifaddrs *, freeifaddrs)
#define cleanup_ifaddrs CLEANUP(cleanup_ifaddrs_pointer)

static bool take_address(const struct sockaddr *from, struct address *to)
{
	*to = (struct address){ 0 };
	if (from && from->sa_family == AF_INET) {
		to->family = AF_INET;
		to->v4 = ((const struct sockaddr_in *)(const void *)from)->sin_addr;
		return to->bytes[0] != 127 &&
		       !(to->bytes[0] == 169 && to->bytes[1] == 254);
	}
	if (from && from->sa_family == AF_INET6) {
		to->family = AF_INET6;
		to->v6 = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
		return !IN6_IS_ADDR_LOOPBACK(&to->v6) && !IN6_IS_ADDR_LINKLOCAL(&to->v6);
	}
	return false;
}

int own_addresses_read(const char *except, struct address **addresses, size_t *count,
		       struct err *err)
{
	cleanup_ifaddrs struct ifaddrs *found = NULL;
	cleanup_free struct address *made = NULL;
	size_t n = 0, room = 0;

	if (getifaddrs(&found) < 0)
		return err_errno(err, errno, "reading the node's addresses");
	for (const struct ifaddrs *entry = found; entry; entry = entry->ifa_next) {
		struct address address;

		if (strcmp(entry->ifa_name, except) == 0 ||
		    !take_address(entry->ifa_addr, &address))
			continue;
		if (ARRAY_MAKE_ROOM(made, n, room) < 0)
			return err_errno(err, ENOMEM, "reading the node's addresses");
		made[n++] = address;
	}
	*addresses = TAKE_PTR(made);
	*count = n;
	return 0;
}
