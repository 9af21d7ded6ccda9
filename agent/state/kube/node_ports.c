/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/kube/node_ports.h"

#include <stdbool.h>

#include "common/cleanup.h"

static bool is_loopback(const struct address *address)
{
	return address->family == AF_INET ? address->bytes[0] == 127
					  : IN6_IS_ADDR_LOOPBACK(&address->v6);
}

static bool is_link_local(const struct address *address)
{
	return address->family == AF_INET
		       ? address->bytes[0] == 169 && address->bytes[1] == 254
		       : IN6_IS_ADDR_LINKLOCAL(&address->v6);
}

static bool has_node_ports(const struct state_settings *settings,
			   const struct address *address)
{
	size_t count = settings->node_port_network_count;

	/* Whatever was asked for: nothing comes in for these from another host. */
	if (is_loopback(address))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (network_contains(&settings->node_port_networks[i], address))
			return true;
	}
	return count == 0 && !is_link_local(address);
}

int node_port_addresses(const struct state_settings *settings,
			struct address_list *addresses)
{
	cleanup_free struct address *all = NULL;
	size_t count = 0;
	int r;

	if (!settings->node_addresses)
		return 0;
	r = settings->node_addresses(settings->node_addresses_context, &all, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (has_node_ports(settings, &all[i]))
			r = address_list_add(addresses, &all[i]);
	}
	return r;
}
