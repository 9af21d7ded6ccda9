/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a cluster's Nodes say of the node that reads them, and what cannot be known without them. */
#include <errno.h>
#include <stdio.h>

#include "agent/state/kube/cluster.h"
#include "common/growing_text.h"

enum { NAMES_SHOWN = 10, NODE_TEXT = 300 };

/* "a, b, c and 7 more" */
static void list_names(const struct cluster *cluster, struct growing_text *names)
{
	size_t shown = MIN_OF(cluster->node_count, (size_t)NAMES_SHOWN);

	for (size_t i = 0; i < shown; i++)
		growing_text_add(names, "%s%s", i > 0 ? ", " : "",
				 cluster->nodes[i].name);
	if (cluster->node_count > shown)
		growing_text_add(names, " and %zu more", cluster->node_count - shown);
}

/*
 * Mistyped, or that of an image, it makes every policy Local find nothing. What needs no name is
 * served all the same: a node that is about to join has no Node yet.
 */
static int note_unknown_node(const struct cluster *cluster, struct notes *notes)
{
	const char *name = cluster->settings->node_name;
	cleanup_growing_text struct growing_text names = { 0 };
	char object[NODE_TEXT];

	if (!name || !cluster->node_seen || cluster->this_node_seen)
		return 0;
	list_names(cluster, &names);
	if (growing_text_check(&names) < 0)
		return -ENOMEM;
	snprintf(object, sizeof(object), "Node %s", name);
	return notes_fail(
		notes, object,
		"the node of --node-name is none of the Nodes, which are %s: policies Local find no endpoint on it",
		names.text);
}

static bool has_hints(const struct cluster *cluster, uint8_t kinds)
{
	for (size_t i = 0; i < cluster->slice_count; i++) {
		const struct cluster_slice *slice = &cluster->slices[i];

		for (size_t k = 0; k < slice->endpoint_count; k++) {
			if (slice->endpoints[k].state & kinds)
				return true;
		}
	}
	return false;
}

/* Endpoints have hints, and which of them mean this node or its zone is not known. */
static int note_hints(const struct cluster *cluster, struct notes *notes)
{
	const char *name = cluster->settings->node_name;

	if (!name && has_hints(cluster, ENDPOINT_ZONE_HINTS | ENDPOINT_NODE_HINTS))
		return notes_warn(
			notes,
			"endpoints have hints, which are not followed without --node-name");
	if (!cluster->this_node_seen || (cluster->zone && *cluster->zone) ||
	    !has_hints(cluster, ENDPOINT_ZONE_HINTS))
		return 0;
	return notes_warn(
		notes,
		"endpoints have hints for zones, which are not followed: Node %s has no label topology.kubernetes.io/zone",
		name);
}

/* Another Node's address must not become a virtual one here: that Node would be out of reach. */
static int note_addresses(const struct cluster *cluster, struct notes *notes)
{
	const char *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < cluster->node_count; i++) {
		if (cluster->nodes[i].addresses.count > 0)
			continue;
		if (count++ == 0)
			first = cluster->nodes[i].name;
	}
	if (count == 0)
		return 0;
	return notes_warn(
		notes,
		"Nodes without an address in their status: %zu, first %s: an external address that is theirs would be served",
		count, first);
}

int cluster_note_nodes(const struct cluster *cluster, struct notes *notes)
{
	int r;

	if (!cluster->node_seen)
		return notes_warn(
			notes,
			"no Node among the Kubernetes objects: hints for zones are not followed, and an external address that is another Node's would be served");
	r = note_unknown_node(cluster, notes);
	if (r == 0)
		r = note_hints(cluster, notes);
	return r == 0 ? note_addresses(cluster, notes) : r;
}
