/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/kube/cluster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"

bool cluster_is_this_node(const struct cluster *cluster, const char *name)
{
	const char *own = cluster->settings->node_name;

	return own && strcasecmp(own, name) == 0;
}

int object_name_compare(const struct object_name *a, const struct object_name *b)
{
	int order = strcmp(a->space, b->space);

	return order != 0 ? order : strcmp(a->name, b->name);
}

int cluster_add_service(struct cluster *cluster, struct cluster_service *service)
{
	if (ARRAY_MAKE_ROOM(cluster->services, cluster->service_count,
			    cluster->service_room) < 0) {
		cluster_service_clear(service);
		return -ENOMEM;
	}
	cluster->services[cluster->service_count++] = *service;
	return 0;
}

int cluster_add_slice(struct cluster *cluster, struct cluster_slice *slice)
{
	if (ARRAY_MAKE_ROOM(cluster->slices, cluster->slice_count, cluster->slice_room) <
	    0) {
		cluster_slice_clear(slice);
		return -ENOMEM;
	}
	cluster->slices[cluster->slice_count++] = *slice;
	return 0;
}

int cluster_add_node(struct cluster *cluster, struct cluster_node *node)
{
	if (ARRAY_MAKE_ROOM(cluster->nodes, cluster->node_count, cluster->node_room) <
	    0) {
		cluster_node_clear(node);
		return -ENOMEM;
	}
	cluster->nodes[cluster->node_count++] = *node;
	return 0;
}

static void object_name_clear(struct object_name *name)
{
	free(name->space);
	free(name->name);
}

void cluster_service_clear(struct cluster_service *service)
{
	object_name_clear(&service->name);
	address_list_clear(&service->cluster_addresses);
	address_list_clear(&service->external_addresses);
	address_list_clear(&service->load_balancer_addresses);
	for (size_t i = 0; i < service->port_count; i++)
		free(service->ports[i].name);
	free(service->ports);
	free(service->source_ranges);
	free(service->scheduler);
	free(service->scheduler_flags);
	memset(service, 0, sizeof(*service));
}

void cluster_slice_clear(struct cluster_slice *slice)
{
	object_name_clear(&slice->service);
	free(slice->name);
	for (size_t i = 0; i < slice->port_count; i++)
		free(slice->ports[i].name);
	free(slice->ports);
	free(slice->endpoints);
	free(slice->zones);
	memset(slice, 0, sizeof(*slice));
}

void cluster_node_clear(struct cluster_node *node)
{
	free(node->name);
	address_list_clear(&node->addresses);
	memset(node, 0, sizeof(*node));
}

static void seen_objects_clear(struct seen_objects *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		free(seen->items[i].name);
	free(seen->items);
}

void cluster_clear(struct cluster *cluster)
{
	for (size_t i = 0; i < OBJECT_KINDS; i++)
		seen_objects_clear(&cluster->seen[i]);
	for (size_t i = 0; i < cluster->service_count; i++)
		cluster_service_clear(&cluster->services[i]);
	for (size_t i = 0; i < cluster->slice_count; i++)
		cluster_slice_clear(&cluster->slices[i]);
	for (size_t i = 0; i < cluster->node_count; i++)
		cluster_node_clear(&cluster->nodes[i]);
	free(cluster->services);
	free(cluster->slices);
	free(cluster->nodes);
	free(cluster->node_addresses);
	free(cluster->zone);
	notes_clear(&cluster->notes);
	memset(cluster, 0, sizeof(*cluster));
}
