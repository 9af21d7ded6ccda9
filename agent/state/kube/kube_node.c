/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "agent/state/kube/kube_fields.h"

static void read_zone(struct reader *reader, const struct kube_value *object)
{
	struct kube_value metadata = kube_member(reader, object, "metadata", JSON_OBJECT);
	struct kube_value labels = kube_member(reader, &metadata, "labels", JSON_OBJECT);
	const char *zone =
		kube_text(reader, &labels, "topology.kubernetes.io/zone", NULL);

	free(reader->cluster->zone);
	reader->cluster->zone = zone ? kube_copy(reader, zone) : NULL;
}

static void read_addresses(struct reader *reader, const struct kube_value *object,
			   struct address_list *list)
{
	struct kube_value status = kube_member(reader, object, "status", JSON_OBJECT);
	struct kube_value addresses =
		kube_member(reader, &status, "addresses", JSON_ARRAY);

	for (size_t i = 0; i < kube_count(&addresses); i++) {
		struct kube_value one = kube_element(reader, &addresses, i, JSON_OBJECT);
		const char *text = kube_text(reader, &one, "address", "");
		struct address address;

		/* Host names stand among them. */
		if (address_parse(text, &address) == 0 &&
		    address_list_add(list, &address) < 0)
			reader->error = -ENOMEM;
	}
}

void kube_read_node(struct reader *reader, const struct kube_value *object)
{
	struct cluster_node node = { 0 };
	struct object_name name = { 0 };

	if (!kube_object_name(reader, object, KUBE_NAME_MAX, &name)) {
		free(name.space);
		free(name.name);
		return;
	}
	free(name.space); /* nodes have none */
	node.name = name.name;
	reader->cluster->node_seen = true;
	if (cluster_is_this_node(reader->cluster, node.name)) {
		reader->cluster->this_node_seen = true;
		read_zone(reader, object);
		read_addresses(reader, object, &reader->cluster->notes.own_node);
		cluster_node_clear(&node);
		return;
	}
	read_addresses(reader, object, &node.addresses);
	if (cluster_add_node(reader->cluster, &node) < 0)
		reader->error = -ENOMEM;
}
