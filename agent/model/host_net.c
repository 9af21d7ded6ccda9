/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/host_net.h"

#include <stdlib.h>
#include <string.h>

static int compare_addresses(const void *a, const void *b)
{
	const struct host_address *left = a, *right = b;
	int order = address_compare(&left->address, &right->address);

	return order ? order : (left->link > right->link) - (left->link < right->link);
}

static int compare_routes(const void *a, const void *b)
{
	const struct host_route *left = a, *right = b;

	return network_compare(&left->network, &right->network);
}

void host_net_sort(struct host_net *host)
{
	if (host->address_count > 0)
		qsort(host->addresses, host->address_count, sizeof(*host->addresses),
		      compare_addresses);
	if (host->route_count > 0)
		qsort(host->routes, host->route_count, sizeof(*host->routes),
		      compare_routes);
}

const struct host_link *host_find_link(const struct host_net *host, const char *name)
{
	for (size_t i = 0; i < host->link_count; i++) {
		if (strcmp(host->links[i].name, name) == 0)
			return &host->links[i];
	}
	return NULL;
}

const struct host_link *
host_find_dummy(const struct host_net *host,
		const uint8_t hardware[static HOST_HARDWARE_LENGTH])
{
	for (size_t i = 0; i < host->link_count; i++) {
		const struct host_link *link = &host->links[i];

		if (link->dummy &&
		    memcmp(link->hardware, hardware, HOST_HARDWARE_LENGTH) == 0)
			return link;
	}
	return NULL;
}

/* Where the entries of an address begin, or would. */
static size_t first_of(const struct host_net *host, const struct address *address)
{
	size_t low = 0, high = host->address_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address_compare(&host->addresses[middle].address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct host_address *
find(const struct host_net *host, const struct address *address, int link, bool there)
{
	for (size_t i = first_of(host, address);
	     i < host->address_count &&
	     address_compare(&host->addresses[i].address, address) == 0;
	     i++) {
		if ((host->addresses[i].link == link) == there)
			return &host->addresses[i];
	}
	return NULL;
}

const struct host_address *host_find_elsewhere(const struct host_net *host,
					       const struct address *address, int link)
{
	return find(host, address, link, false);
}

const struct host_address *host_find_on_link(const struct host_net *host,
					     const struct address *address, int link)
{
	return find(host, address, link, true);
}

static const struct host_gateway *best_gateway(const struct host_net *host,
					       uint8_t family)
{
	const struct host_gateway *best = NULL;

	for (size_t i = 0; i < host->gateway_count; i++) {
		const struct host_gateway *gateway = &host->gateways[i];

		if (gateway->family == family &&
		    (!best || gateway->metric < best->metric))
			best = gateway;
	}
	return best;
}

static bool is_loopback(const struct host_net *host, int link)
{
	for (size_t i = 0; i < host->link_count; i++) {
		if (host->links[i].index == link)
			return host->links[i].loopback;
	}
	return false;
}

/* How good an address is as the node's own; 0: not at all. */
static int rank(const struct host_net *host, const struct host_address *candidate,
		const struct host_gateway *gateway)
{
	struct network network = { .address = candidate->address,
				   .prefix = candidate->prefix };

	if (!candidate->global || !candidate->primary)
		return 0;
	if (!gateway || candidate->link != gateway->link)
		return is_loopback(host, candidate->link) ? 1 : 2;
	network_mask(&network);
	return network_contains(&network, &gateway->address) ? 4 : 3;
}

bool host_address_is_alone(const struct host_net *host,
			   const struct host_address *address)
{
	const struct network alone = network_of_one(&address->address);

	if (address->prefix != alone.prefix)
		return false;
	for (size_t i = 0; i < host->gateway_count; i++) {
		if (host->gateways[i].family == address->address.family &&
		    host->gateways[i].link == address->link)
			return false;
	}
	return true;
}

static bool is_virtual(const struct host_net *host, const struct host_address *candidate,
		       const struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (network_contains(&networks[i], &candidate->address))
			return host_address_is_alone(host, candidate);
	}
	return false;
}

const struct address *host_source_address(const struct host_net *host, uint8_t family,
					  int except, const struct network *networks,
					  size_t count)
{
	const struct host_gateway *gateway = best_gateway(host, family);
	const struct address *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < host->address_count; i++) {
		const struct host_address *candidate = &host->addresses[i];
		int found;

		if (candidate->address.family != family || candidate->link == except ||
		    is_virtual(host, candidate, networks, count))
			continue;
		found = rank(host, candidate, gateway);
		if (found > best_rank) {
			best_rank = found;
			best = &candidate->address;
		}
	}
	return best;
}

void host_net_clear(struct host_net *host)
{
	free(host->links);
	free(host->addresses);
	free(host->routes);
	free(host->gateways);
	memset(host, 0, sizeof(*host));
}
