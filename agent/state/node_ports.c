/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/node_ports.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

static int compare(const void *a, const void *b)
{
	return address_compare(a, b);
}

int node_port_addresses(const struct state_settings *settings,
			struct address_list *addresses)
{
	struct address *list = NULL;
	size_t count = 0, kept = 0;
	int r;

	if (!settings->node_addresses)
		return 0;
	r = settings->node_addresses(settings->node_addresses_context, &list, &count);
	if (r < 0)
		return r;
	if (count > 0)
		qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count; i++) {
		if (has_node_ports(settings, &list[i]) &&
		    (kept == 0 || address_compare(&list[kept - 1], &list[i]) != 0))
			list[kept++] = list[i];
	}
	*addresses = (struct address_list){ .list = list, .count = kept, .room = count };
	return 0;
}
