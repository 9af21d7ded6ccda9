/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/node_address.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/kernel/rtnl.h"
#include "agent/model/host_net.h"
#include "common/cleanup.h"

/*
 * kube-proxy's in its IPVS mode: until a migration is over, with the same virtual
 * addresses as ours.
 */
static const char kube_proxy_link[] = "kube-ipvs0";

typedef bool (*wanted_fn)(const struct host_link *link, const struct address *address);

static int read_host(struct host_net *host)
{
	cleanup_rtnl struct rtnl *rtnl = NULL;
	int r = rtnl_open(&rtnl, NULL);

	return r < 0 ? r : rtnl_read_node(rtnl, RTNL_ADDRESSES, host, NULL);
}

static bool is_of_virtual_addresses(const struct host_link *link,
				    const struct own_link *own)
{
	return strcmp(link->name, own->name) == 0 ||
	       strcmp(link->name, kube_proxy_link) == 0 ||
	       (own->hardware &&
		memcmp(link->hardware, own->hardware, HOST_HARDWARE_LENGTH) == 0);
}

/* NULL for a link that went between the two dumps. */
static const struct host_link *find_link_by_index(const struct host_net *host, int index)
{
	for (size_t i = 0; i < host->link_count; i++) {
		if (host->links[i].index == index)
			return &host->links[i];
	}
	return NULL;
}

static int read_addresses(const struct own_link *except, wanted_fn is_wanted,
			  struct address **addresses, size_t *count)
{
	cleanup_host_net struct host_net host = { 0 };
	struct address *made;
	size_t n = 0;
	int r = read_host(&host);

	if (r < 0)
		return r;
	made = calloc(host.address_count + 1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	for (size_t i = 0; i < host.address_count; i++) {
		const struct host_address *found = &host.addresses[i];
		const struct host_link *link = find_link_by_index(&host, found->link);

		if (link && !is_of_virtual_addresses(link, except) &&
		    is_wanted(link, &found->address))
			made[n++] = found->address;
	}
	*addresses = made;
	*count = n;
	return 0;
}

static bool is_not_on_loopback(const struct host_link *link,
			       UNUSED const struct address *address)
{
	return !link->loopback;
}

int host_address_list(const void *except, struct address **addresses, size_t *count)
{
	return read_addresses(except, is_not_on_loopback, addresses, count);
}

static bool is_known_to_others(UNUSED const struct host_link *link,
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
