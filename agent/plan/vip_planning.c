/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/vip_planning.h"

#include <stdlib.h>

int vip_own_index(const struct vip_planning *planning)
{
	return planning->own ? planning->own->index : 0;
}

const struct address *vip_source(const struct vip_planning *planning, uint8_t family)
{
	return host_source_address(planning->host, family, vip_own_index(planning),
				   planning->wish->networks,
				   planning->wish->network_count);
}

int vip_compare_networks(const void *a, const void *b)
{
	return network_compare(a, b);
}

const struct host_route *vip_find_route(const struct host_net *host,
					const struct network *network)
{
	const struct host_route key = { .network = *network };

	/* The network stands first in a route. */
	return host->route_count == 0
		       ? NULL
		       : bsearch(&key, host->routes, host->route_count,
				 sizeof(*host->routes), vip_compare_networks);
}
