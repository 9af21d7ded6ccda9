/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/model/guard_rules.h"
#include "common/network.h"

/*
 * What the reading of Kubernetes objects depends on beside the objects: who this node is, and what
 * it was told. Nothing of it matters to native states. Texts are borrowed.
 */

enum { NODE_PORT_NETWORKS_MAX = 16 };

struct state_settings {
	const char *node_name; /* NULL: not known */
	const char *scheduler; /* of services that do not name one; NULL: rr */
	/* Those of the node's own addresses that have node ports; none: all that are fit for it. */
	struct network node_port_networks[NODE_PORT_NETWORKS_MAX];
	size_t node_port_network_count;
	/*
	 * Lists the node's own addresses, newly allocated, but for those of a loopback link, for
	 * the caller to free. -errno. NULL: there are none.
	 */
	int (*node_addresses)(const void *context, struct address **addresses,
			      size_t *count);
	const void *node_addresses_context;
	const struct guard_rules *guard; /* the administrator's; NULL: none */
};
