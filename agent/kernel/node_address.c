/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/node_address.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/model/host_net.h"
#include "common/array.h"
#include "common/cleanup.h"

DEFINE_CLEANUP(cleanup_ifaddrs_pointer, struct ifaddrs *, freeifaddrs)
#define cleanup_ifaddrs CLEANUP(cleanup_ifaddrs_pointer)

/* kube-proxy's in its IPVS mode: until a migration is over, with the same virtual addresses as ours. */
static const char kube_proxy_link[] = "kube-ipvs0";

typedef bool (*wanted_fn)(const struct ifaddrs *entry, const struct address *address);

/* False for an address that is of neither family. */
static bool take_address(const struct sockaddr *from, struct address *to)
{
	*to = (struct address){ 0 };
	if (!from)
		return false;
	if (from->sa_family == AF_INET)
		to->v4 = ((const struct sockaddr_in *)(const void *)from)->sin_addr;
	else if (from->sa_family == AF_INET6)
		to->v6 = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
	else
		return false;
	to->family = (uint8_t)from->sa_family;
	return true;
}

/* The name of the link with the hardware address; empty where there is none. */
static void find_name(const struct ifaddrs *found, const uint8_t *hardware,
		      char name[static IF_NAMESIZE])
{
	name[0] = '\0';
	for (const struct ifaddrs *entry = found; hardware && entry;
	     entry = entry->ifa_next) {
		const struct sockaddr_ll *link = (const void *)entry->ifa_addr;

		if (link && link->sll_family == AF_PACKET &&
		    link->sll_halen == HOST_HARDWARE_LENGTH &&
		    memcmp(link->sll_addr, hardware, HOST_HARDWARE_LENGTH) == 0)
			snprintf(name, IF_NAMESIZE, "%s", entry->ifa_name);
	}
}

static int read_addresses(const struct own_link *except, wanted_fn is_wanted,
			  struct address **addresses, size_t *count)
{
	cleanup_ifaddrs struct ifaddrs *found = NULL;
	cleanup_free struct address *made = NULL;
	char own[IF_NAMESIZE];
	size_t n = 0, room = 0;

	if (getifaddrs(&found) < 0)
		return -errno;
	find_name(found, except->hardware, own);
	for (const struct ifaddrs *entry = found; entry; entry = entry->ifa_next) {
		struct address address;

		if (strcmp(entry->ifa_name, except->name) == 0 ||
		    strcmp(entry->ifa_name, own) == 0 ||
		    strcmp(entry->ifa_name, kube_proxy_link) == 0 ||
		    !take_address(entry->ifa_addr, &address) ||
		    !is_wanted(entry, &address))
			continue;
		if (ARRAY_MAKE_ROOM(made, n, room) < 0)
			return -ENOMEM;
		made[n++] = address;
	}
	*addresses = TAKE_PTR(made);
	*count = n;
	return 0;
}

static bool is_not_on_loopback(const struct ifaddrs *entry,
			       UNUSED const struct address *address)
{
	return !(entry->ifa_flags & IFF_LOOPBACK);
}

int host_address_list(const void *except, struct address **addresses, size_t *count)
{
	return read_addresses(except, is_not_on_loopback, addresses, count);
}

static bool is_known_to_others(UNUSED const struct ifaddrs *entry,
			       const struct address *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] != 127 && !(a->bytes[0] == 169 && a->bytes[1] == 254);
	return !IN6_IS_ADDR_LOOPBACK(&a->v6) && !IN6_IS_ADDR_LINKLOCAL(&a->v6);
}

int host_addresses_known(const struct own_link *except, struct address **addresses,
			 size_t *count, struct err *err)
{
	int r = read_addresses(except, is_known_to_others, addresses, count);

	return r < 0 ? err_errno(err, -r, "reading the node's addresses") : 0;
}
