/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands twice among a cluster's virtual services, and what is not for them to take. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "common/cleanup.h"

enum { OBJECT_TEXT = 512 };

struct ranked {
	const struct service *service;
	size_t rank; /* the order in which they came */
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;
	int order = service_key_compare(&left->service->key, &right->service->key);

	return order != 0 ? order
			  : (left->rank > right->rank) - (left->rank < right->rank);
}

static int refuse_second(struct table *table, const struct service *first,
			 const struct service *second)
{
	char object[OBJECT_TEXT], key[SERVICE_KEY_TEXT];

	snprintf(object, sizeof(object), "Service port %s", second->name);
	return notes_omit(&table->notes, object, "%s is %s's already",
			  service_key_format(&second->key, key), first->name);
}

int cluster_drop_seconds(struct table *table)
{
	cleanup_free struct ranked *list =
		calloc(table->service_count + 1, sizeof(*list));
	cleanup_free bool *drop = calloc(table->service_count + 1, sizeof(*drop));
	size_t first = 0, kept = 0;
	int r = 0;

	if (!list || !drop)
		return -ENOMEM;
	for (size_t i = 0; i < table->service_count; i++)
		list[i] = (struct ranked){ &table->services[i], i };
	if (table->service_count > 0)
		qsort(list, table->service_count, sizeof(*list), compare_ranked);
	for (size_t i = 1; r == 0 && i < table->service_count; i++) {
		drop[list[i].rank] = service_key_compare(&list[first].service->key,
							 &list[i].service->key) == 0;
		if (drop[list[i].rank])
			r = refuse_second(table, list[first].service, list[i].service);
		else
			first = i;
	}
	for (size_t i = 0; i < table->service_count; i++) {
		if (drop[i])
			service_clear(&table->services[i]);
		else
			table->services[kept++] = table->services[i];
	}
	table->service_count = kept;
	return r;
}

static int compare_owned(const void *a, const void *b)
{
	const struct node_owned_address *left = a, *right = b;
	int order = address_compare(&left->address, &right->address);

	return order != 0 ? order
			  : (left->node > right->node) - (left->node < right->node);
}

static int compare_address(const void *a, const void *b)
{
	const struct node_owned_address *owned = b;

	return address_compare(a, &owned->address);
}

int cluster_index_nodes(struct cluster *cluster)
{
	size_t count = 0, n = 0;

	for (size_t i = 0; i < cluster->node_count; i++)
		count += cluster->nodes[i].addresses.count;
	free(cluster->node_addresses);
	cluster->node_addresses = calloc(count + 1, sizeof(*cluster->node_addresses));
	if (!cluster->node_addresses)
		return -ENOMEM;
	for (size_t i = 0; i < cluster->node_count; i++) {
		const struct address_list *list = &cluster->nodes[i].addresses;

		for (size_t k = 0; k < list->count; k++)
			cluster->node_addresses[n++] =
				(struct node_owned_address){ .address = list->items[k],
							     .node = i };
	}
	cluster->node_address_count = n;
	if (n > 0)
		qsort(cluster->node_addresses, n, sizeof(*cluster->node_addresses),
		      compare_owned);
	return 0;
}

const struct cluster_node *cluster_node_serves(const struct cluster *cluster,
					       const struct address *address)
{
	const struct node_owned_address *found =
		cluster->node_address_count == 0
			? NULL
			: bsearch(address, cluster->node_addresses,
				  cluster->node_address_count,
				  sizeof(*cluster->node_addresses), compare_address);

	/* Without its own name this node's addresses are among them. */
	return found && cluster->this_node_seen &&
			       !guard_rules_permits_address(cluster->settings->guard,
							    address)
		       ? &cluster->nodes[found->node]
		       : NULL;
}

static int reserve_nodes(const struct cluster *cluster, struct notes *notes)
{
	int r = 0;

	for (size_t i = 0; i < cluster->node_count; i++) {
		const struct cluster_node *node = &cluster->nodes[i];
		char owner[OBJECT_TEXT];

		snprintf(owner, sizeof(owner), "an address of Node %s", node->name);
		for (size_t k = 0; r == 0 && k < node->addresses.count; k++)
			r = notes_reserve(notes, &node->addresses.items[k], owner);
	}
	return r;
}

/* The API server's own addresses: who takes them away cuts the node off from its cluster. */
static int reserve_api_servers(const struct cluster *cluster, struct notes *notes)
{
	char space[] = "default", text[] = "kubernetes";
	const struct object_name name = { space, text };
	int r = 0;

	for (size_t i = 0; i < cluster->slice_count; i++) {
		const struct cluster_slice *slice = &cluster->slices[i];

		if (object_name_compare(&slice->service, &name) != 0)
			continue;
		for (size_t k = 0; r == 0 && k < slice->endpoint_count; k++)
			r = notes_reserve(notes, &slice->endpoints[k].address,
					  "an endpoint of default/kubernetes");
	}
	return r;
}

int cluster_reserve(const struct cluster *cluster, struct notes *notes)
{
	int r = reserve_nodes(cluster, notes);

	if (r == 0)
		r = reserve_api_servers(cluster, notes);
	if (notes->reserved_count > 0)
		qsort(notes->reserved, notes->reserved_count, sizeof(*notes->reserved),
		      reserved_address_compare);
	return r;
}
