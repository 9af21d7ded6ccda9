/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/host_net.h"

#include <stdlib.h>
#include <string.h>

static int compare_addresses(const void *a, const void *b)
{
	const struct node_address *left = a, *right = b;
	int order = address_compare(&left->address, &right->address);

	return order ? order : (left->link > right->link) - (left->link < right->link);
}

static int compare_routes(const void *a, const void *b)
{
	const struct node_route *left = a, *right = b;

	return network_compare(&left->network, &right->network);
}

void node_sort(struct node *node)
{
	if (node->address_count > 0)
		qsort(node->addresses, node->address_count, sizeof(*node->addresses),
		      compare_addresses);
	if (node->route_count > 0)
		qsort(node->routes, node->route_count, sizeof(*node->routes),
		      compare_routes);
}

const struct node_link *node_find_link(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->link_count; i++) {
		if (strcmp(node->links[i].name, name) == 0)
			return &node->links[i];
	}
	return NULL;
}

const struct node_link *
node_find_dummy(const struct node *node,
		const uint8_t hardware[static NODE_HARDWARE_LENGTH])
{
	for (size_t i = 0; i < node->link_count; i++) {
		const struct node_link *link = &node->links[i];

		if (link->dummy &&
		    memcmp(link->hardware, hardware, NODE_HARDWARE_LENGTH) == 0)
			return link;
	}
	return NULL;
}

/* Where the entries of an address begin, or would. */
static size_t first_of(const struct node *node, const struct address *address)
{
	size_t low = 0, high = node->address_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address_compare(&node->addresses[middle].address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct node_address *
find(const struct node *node, const struct address *address, int link, bool there)
{
	for (size_t i = first_of(node, address);
	     i < node->address_count &&
	     address_compare(&node->addresses[i].address, address) == 0;
	     i++) {
		if ((node->addresses[i].link == link) == there)
			return &node->addresses[i];
	}
	return NULL;
}

const struct node_address *node_find_elsewhere(const struct node *node,
					       const struct address *address, int link)
{
	return find(node, address, link, false);
}

const struct node_address *node_find_on_link(const struct node *node,
					     const struct address *address, int link)
{
	return find(node, address, link, true);
}

static const struct node_gateway *best_gateway(const struct node *node, uint8_t family)
{
	const struct node_gateway *best = NULL;

	for (size_t i = 0; i < node->gateway_count; i++) {
		const struct node_gateway *gateway = &node->gateways[i];

		if (gateway->family == family &&
		    (!best || gateway->metric < best->metric))
			best = gateway;
	}
	return best;
}

static bool is_loopback(const struct node *node, int link)
{
	for (size_t i = 0; i < node->link_count; i++) {
		if (node->links[i].index == link)
			return node->links[i].loopback;
	}
	return false;
}

/* How good an address is as the node's own; 0: not at all. */
static int rank(const struct node *node, const struct node_address *candidate,
		const struct node_gateway *gateway)
{
	struct network network = { .address = candidate->address,
				   .prefix = candidate->prefix };

	if (!candidate->global || !candidate->primary)
		return 0;
	if (!gateway || candidate->link != gateway->link)
		return is_loopback(node, candidate->link) ? 1 : 2;
	network_mask(&network);
	return network_contains(&network, &gateway->address) ? 4 : 3;
}

bool node_address_is_alone(const struct node *node, const struct node_address *address)
{
	const struct network alone = network_of_one(&address->address);

	if (address->prefix != alone.prefix)
		return false;
	for (size_t i = 0; i < node->gateway_count; i++) {
		if (node->gateways[i].family == address->address.family &&
		    node->gateways[i].link == address->link)
			return false;
	}
	return true;
}

static bool is_virtual(const struct node *node, const struct node_address *candidate,
		       const struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (network_contains(&networks[i], &candidate->address))
			return node_address_is_alone(node, candidate);
	}
	return false;
}

const struct address *node_own_address(const struct node *node, uint8_t family,
				       int except, const struct network *networks,
				       size_t count)
{
	const struct node_gateway *gateway = best_gateway(node, family);
	const struct address *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < node->address_count; i++) {
		const struct node_address *candidate = &node->addresses[i];
		int found;

		if (candidate->address.family != family || candidate->link == except ||
		    is_virtual(node, candidate, networks, count))
			continue;
		found = rank(node, candidate, gateway);
		if (found > best_rank) {
			best_rank = found;
			best = &candidate->address;
		}
	}
	return best;
}

void node_clear(struct node *node)
{
	free(node->links);
	free(node->addresses);
	free(node->routes);
	free(node->gateways);
	memset(node, 0, sizeof(*node));
}
