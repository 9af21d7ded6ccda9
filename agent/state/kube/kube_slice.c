/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "agent/state/kube/kube_fields.h"

static const char service_label[] = "kubernetes.io/service-name";

/* AF_INET, AF_INET6, or 0 for names, which are no addresses. */
static uint8_t family_of(const char *type)
{
	if (strcmp(type, "IPv4") == 0)
		return AF_INET;
	return strcmp(type, "IPv6") == 0 ? AF_INET6 : 0;
}

/* Without a number it stands for all ports, which no service port matches; the API checks none. */
static uint16_t read_port(struct reader *reader, const struct kube_value *object,
			  const struct cluster_slice *slice)
{
	struct kube_value value = kube_member(reader, object, "port", JSON_INTEGER);
	json_int_t number = json_integer_value(value.json);

	if (number >= 0 && number <= UINT16_MAX)
		return (uint16_t)number;
	kube_refuse(reader, "EndpointSlice of Service", &slice->service,
		    "port %" JSON_INTEGER_FORMAT " is not in 1..65535", number);
	return 0;
}

static void read_ports(struct reader *reader, const struct kube_value *object,
		       struct cluster_slice *slice)
{
	struct kube_value ports = kube_member(reader, object, "ports", JSON_ARRAY);
	size_t count = kube_count(&ports);

	slice->ports = calloc(count + 1, sizeof(*slice->ports));
	if (!slice->ports) {
		reader->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count && reader->error == 0; i++) {
		struct kube_value one = kube_element(reader, &ports, i, JSON_OBJECT);
		struct slice_port *port = &slice->ports[slice->port_count];
		const char *name;

		port->port = read_port(reader, &one, slice);
		port->protocol = kube_protocol(reader, &one);
		if (port->port == 0 || port->protocol == 0)
			continue;
		name = kube_name(reader, &one, "name", KUBE_LABEL_MAX, "");
		port->name = kube_copy(reader, name ? name : "");
		slice->port_count++;
	}
}

static int add_zone(struct cluster_slice *slice, const char *zone)
{
	size_t needed = slice->zones_length + strlen(zone) + 1;

	if (needed > UINT32_MAX)
		return -ENOMEM;
	if (needed > slice->zones_room) {
		size_t room = MAX_OF(needed, 2 * slice->zones_room);
		char *grown = realloc(slice->zones, room);

		if (!grown)
			return -ENOMEM;
		slice->zones = grown;
		slice->zones_room = room;
	}
	strcpy(slice->zones + slice->zones_length, zone);
	slice->zones_length = needed;
	return 0;
}

static void read_zone_hints(struct reader *reader, const struct kube_value *hints,
			    struct cluster_slice *slice,
			    struct cluster_endpoint *endpoint)
{
	struct kube_value zones = kube_member(reader, hints, "forZones", JSON_ARRAY);

	for (size_t i = 0; i < kube_count(&zones); i++) {
		struct kube_value one = kube_element(reader, &zones, i, JSON_OBJECT);
		const char *zone = kube_text(reader, &one, "name", NULL);

		if (!zone)
			continue;
		endpoint->state |= ENDPOINT_ZONE_HINTS;
		if (add_zone(slice, zone) < 0)
			reader->error = -ENOMEM;
	}
}

static void read_node_hints(struct reader *reader, const struct kube_value *hints,
			    struct cluster_endpoint *endpoint)
{
	struct kube_value nodes = kube_member(reader, hints, "forNodes", JSON_ARRAY);

	for (size_t i = 0; i < kube_count(&nodes); i++) {
		struct kube_value one = kube_element(reader, &nodes, i, JSON_OBJECT);
		const char *node = kube_text(reader, &one, "name", "");

		endpoint->state |= ENDPOINT_NODE_HINTS;
		if (cluster_is_this_node(reader->cluster, node))
			endpoint->state |= ENDPOINT_HINTED_HERE;
	}
}

/* discovery.k8s.io/v1, EndpointConditions: what is not known counts as ready, and as serving. */
static uint8_t read_conditions(struct reader *reader, const struct kube_value *object)
{
	struct kube_value conditions =
		kube_member(reader, object, "conditions", JSON_OBJECT);
	bool ready = kube_bool(reader, &conditions, "ready", true);
	bool serving = kube_bool(reader, &conditions, "serving", true);
	bool terminating = kube_bool(reader, &conditions, "terminating", false);

	return (ready ? ENDPOINT_READY : 0) | (serving ? ENDPOINT_SERVING : 0) |
	       (terminating ? ENDPOINT_TERMINATING : 0);
}

/* False where it has no address that could be used; which is noted. */
static bool read_endpoint(struct reader *reader, const struct kube_value *object,
			  struct cluster_slice *slice, struct cluster_endpoint *endpoint)
{
	struct kube_value hints = kube_member(reader, object, "hints", JSON_OBJECT);
	struct kube_value addresses =
		kube_member(reader, object, "addresses", JSON_ARRAY);
	/* Further ones stand for the same endpoint (EndpointSlice's documentation). */
	struct kube_value first = kube_element(reader, &addresses, 0, JSON_STRING);
	const char *text = first.json ? json_string_value(first.json) : "";
	const char *node = kube_text(reader, object, "nodeName", "");

	if (!first.json)
		return false;
	if (address_parse(text, &endpoint->address) < 0) {
		kube_refuse(reader, "EndpointSlice of Service", &slice->service,
			    "endpoint '%.60s' is no address", text);
		return false;
	}
	if (endpoint->address.family != slice->family) {
		kube_refuse(reader, "EndpointSlice of Service", &slice->service,
			    "endpoint %s is not of the slice's address family", text);
		return false;
	}
	endpoint->state = read_conditions(reader, object);
	if (cluster_is_this_node(reader->cluster, node))
		endpoint->state |= ENDPOINT_LOCAL;
	else if (*node && reader->cluster->settings->node_name)
		endpoint->state |= ENDPOINT_ELSEWHERE;
	read_zone_hints(reader, &hints, slice, endpoint);
	read_node_hints(reader, &hints, endpoint);
	endpoint->zones_end = (uint32_t)slice->zones_length;
	return true;
}

static void read_endpoints(struct reader *reader, const struct kube_value *object,
			   struct cluster_slice *slice)
{
	struct kube_value list = kube_member(reader, object, "endpoints", JSON_ARRAY);
	size_t count = kube_count(&list);

	slice->endpoints = calloc(count + 1, sizeof(*slice->endpoints));
	if (!slice->endpoints) {
		reader->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count && reader->error == 0; i++) {
		struct kube_value one = kube_element(reader, &list, i, JSON_OBJECT);
		struct cluster_endpoint *endpoint =
			&slice->endpoints[slice->endpoint_count];

		if (one.json && read_endpoint(reader, &one, slice, endpoint))
			slice->endpoint_count++;
		else
			memset(endpoint, 0, sizeof(*endpoint));
	}
}

static const char *text_or(const json_t *text, const char *otherwise)
{
	return json_is_string(text) ? json_string_value(text) : otherwise;
}

/* Notes that a slice is not served, by its own name. */
static void refuse_slice(struct reader *reader, const struct kube_value *metadata,
			 const char *reason)
{
	char object[200];

	snprintf(object, sizeof(object), "EndpointSlice %.63s/%.100s",
		 text_or(json_object_get(metadata->json, "namespace"), "default"),
		 text_or(json_object_get(metadata->json, "name"), "(without a name)"));
	if (notes_omit(&reader->cluster->notes, object, "%s", reason) < 0)
		reader->error = -ENOMEM;
}

/* The service whose endpoints it has; false where it has none's, which is noted. */
static bool read_owner(struct reader *reader, const struct kube_value *object,
		       struct cluster_slice *slice)
{
	struct kube_value metadata = kube_member(reader, object, "metadata", JSON_OBJECT);
	struct kube_value labels = kube_member(reader, &metadata, "labels", JSON_OBJECT);
	const char *owner = kube_name(reader, &labels, service_label, KUBE_LABEL_MAX, "");
	const char *space =
		kube_name(reader, &metadata, "namespace", KUBE_LABEL_MAX, "default");
	const char *name;

	if (!owner || !space)
		return false;
	if (*owner == '\0') {
		refuse_slice(
			reader, &metadata,
			"has no label kubernetes.io/service-name, so that it is of no Service");
		return false;
	}
	slice->service.space = kube_copy(reader, space);
	slice->service.name = kube_copy(reader, owner);
	name = kube_name(reader, &metadata, "name", KUBE_NAME_MAX, "");
	slice->name = kube_copy(reader, name ? name : "");
	return reader->error == 0;
}

/* False where its addresses are none, such as names (FQDN), which is noted. */
static bool read_family(struct reader *reader, const struct kube_value *object,
			struct cluster_slice *slice)
{
	const char *type = kube_text(reader, object, "addressType", "");
	struct kube_value metadata;
	char reason[100];

	slice->family = family_of(type);
	if (slice->family != 0)
		return true;
	metadata = kube_member(reader, object, "metadata", JSON_OBJECT);
	snprintf(reason, sizeof(reason), "addressType '%.30s' is none of IPv4, IPv6",
		 type);
	refuse_slice(reader, &metadata, reason);
	return false;
}

void kube_read_slice(struct reader *reader, const struct kube_value *object)
{
	struct cluster_slice slice = { 0 };

	reader->cluster->slice_seen = true;
	if (kube_has_label(reader, object, KUBE_LABEL_HEADLESS) ||
	    !read_family(reader, object, &slice))
		return;
	if (read_owner(reader, object, &slice)) {
		read_ports(reader, object, &slice);
		if (reader->error == 0)
			read_endpoints(reader, object, &slice);
		if (reader->error == 0) {
			if (cluster_add_slice(reader->cluster, &slice) < 0)
				reader->error = -ENOMEM;
			return;
		}
	}
	cluster_slice_clear(&slice);
}
