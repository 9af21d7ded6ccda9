/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "agent/state/kube/kube_fields.h"

static const char kind[] = "Service";

struct service_reader {
	struct reader *reader;
	struct kube_value spec;
	struct cluster_service service;
	bool families[2]; /* IPv4, IPv6: those that it has */
};

static bool *family_of(struct service_reader *s, const struct address *address)
{
	return &s->families[address->family == AF_INET6];
}

/* An address that the service has; what is none, or of another family, is noted once here. */
static void add_address(struct service_reader *s, const char *what, const char *text,
			struct address_list *list)
{
	struct object_name *name = &s->service.name;
	struct address address;

	if (address_parse(text, &address) < 0)
		kube_refuse(s->reader, kind, name, "%s '%.60s' is no address", what,
			    text);
	else if (!*family_of(s, &address))
		kube_refuse(s->reader, kind, name,
			    "%s %s is of an address family that the service has not",
			    what, text);
	else if (address_list_add(list, &address) < 0)
		s->reader->error = -ENOMEM;
}

/* clusterIPs, or in an object of long ago clusterIP alone. False: it is headless. */
static bool read_cluster_addresses(struct service_reader *s)
{
	struct kube_value list =
		kube_member(s->reader, &s->spec, "clusterIPs", JSON_ARRAY);
	const char *first = kube_text(s->reader, &s->spec, "clusterIP", "");
	struct address_list *addresses = &s->service.cluster_addresses;
	size_t count = kube_count(&list);

	for (size_t i = 0; i < MAX_OF(count, 1U); i++) {
		struct kube_value one = kube_element(s->reader, &list, i, JSON_STRING);
		const char *text = one.json ? json_string_value(one.json) : first;
		struct address address;

		if (strcmp(text, "None") == 0)
			return false;
		if (*text == '\0')
			continue;
		if (address_parse(text, &address) == 0)
			*family_of(s, &address) = true;
		add_address(s, "cluster address", text, addresses);
	}
	return true;
}

/* Nothing can be made of a Service without one: it was not given one yet, or has lost it on the way. */
static bool has_cluster_address(struct service_reader *s)
{
	if (s->service.cluster_addresses.count > 0) {
		s->reader->cluster->address_seen = true;
		return true;
	}
	s->reader->cluster->address_missing = true;
	kube_refuse(
		s->reader, kind, &s->service.name,
		"has no clusterIP: it was not given one yet, or the objects have lost it");
	return false;
}

static void read_texts(struct service_reader *s, const char *member, const char *what,
		       struct address_list *list)
{
	struct kube_value texts = kube_member(s->reader, &s->spec, member, JSON_ARRAY);

	for (size_t i = 0; i < kube_count(&texts); i++) {
		struct kube_value one = kube_element(s->reader, &texts, i, JSON_STRING);

		if (one.json)
			add_address(s, what, json_string_value(one.json), list);
	}
}

/* ipMode Proxy: the load balancer wants the traffic of nodes and pods as well. */
static void read_ingress(struct service_reader *s, const struct kube_value *object)
{
	struct kube_value status = kube_member(s->reader, object, "status", JSON_OBJECT);
	struct kube_value balancer =
		kube_member(s->reader, &status, "loadBalancer", JSON_OBJECT);
	struct kube_value list = kube_member(s->reader, &balancer, "ingress", JSON_ARRAY);

	for (size_t i = 0; i < kube_count(&list); i++) {
		struct kube_value one = kube_element(s->reader, &list, i, JSON_OBJECT);
		const char *address = kube_text(s->reader, &one, "ip", "");
		const char *mode = kube_text(s->reader, &one, "ipMode", "VIP");

		if (*address && strcmp(mode, "Proxy") != 0)
			add_address(s, "load balancer address", address,
				    &s->service.load_balancer_addresses);
	}
}

static void read_port(struct service_reader *s, const struct kube_value *object,
		      struct service_port *port)
{
	const char *name;

	port->port = (uint16_t)kube_number(s->reader, object, "port", 1, UINT16_MAX, 0);
	port->node_port =
		(uint16_t)kube_number(s->reader, object, "nodePort", 0, UINT16_MAX, 0);
	port->protocol = kube_protocol(s->reader, object);
	name = kube_name(s->reader, object, "name", KUBE_LABEL_MAX, "");
	port->name = kube_copy(s->reader, name ? name : "");
	if (object->json && !json_object_get(object->json, "port"))
		reader_problem(s->reader, &object->place, "has no port");
}

static void read_ports(struct service_reader *s)
{
	struct kube_value list = kube_member(s->reader, &s->spec, "ports", JSON_ARRAY);
	size_t count = kube_count(&list);

	s->service.ports = calloc(count + 1, sizeof(*s->service.ports));
	if (!s->service.ports) {
		s->reader->error = -ENOMEM;
		return;
	}
	if (count == 0)
		kube_refuse(s->reader, kind, &s->service.name, "has no ports");
	s->service.port_count = count;
	for (size_t i = 0; i < count && s->reader->error == 0; i++) {
		struct kube_value one = kube_element(s->reader, &list, i, JSON_OBJECT);

		read_port(s, &one, &s->service.ports[i]);
	}
}

/* The API takes white space around a network, and bits behind its prefix. */
static bool parse_range(const char *text, struct network *network)
{
	static const char blanks[] = " \t\r\n";
	size_t length;
	char trimmed[NETWORK_TEXT];

	text += strspn(text, blanks);
	length = strcspn(text, blanks);
	if (length >= sizeof(trimmed) || text[length + strspn(text + length, blanks)])
		return false;
	memcpy(trimmed, text, length);
	trimmed[length] = '\0';
	return network_parse(trimmed, network) == 0;
}

static void read_source_ranges(struct service_reader *s)
{
	struct kube_value list =
		kube_member(s->reader, &s->spec, "loadBalancerSourceRanges", JSON_ARRAY);
	size_t count = kube_count(&list), kept = 0;

	if (count == 0)
		return;
	s->service.source_ranges = calloc(count, sizeof(*s->service.source_ranges));
	if (!s->service.source_ranges) {
		s->reader->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct kube_value one = kube_element(s->reader, &list, i, JSON_STRING);
		const char *text = one.json ? json_string_value(one.json) : "";

		if (parse_range(text, &s->service.source_ranges[kept])) {
			kept++;
			continue;
		}
		/* Left out it would let in more than was meant, or fewer. */
		kube_refuse(
			s->reader, kind, &s->service.name,
			"loadBalancerSourceRanges: '%.60s' is no network, so that its load balancer's addresses are not served",
			text);
		s->service.load_balancer_refused = true;
	}
	s->service.source_range_count = kept;
}

static void read_affinity(struct service_reader *s)
{
	struct kube_value config =
		kube_member(s->reader, &s->spec, "sessionAffinityConfig", JSON_OBJECT);
	struct kube_value client =
		kube_member(s->reader, &config, "clientIP", JSON_OBJECT);

	if (strcmp(kube_text(s->reader, &s->spec, "sessionAffinity", "None"),
		   "ClientIP") == 0)
		s->service.affinity_timeout =
			kube_number(s->reader, &client, "timeoutSeconds", 1, 86400,
				    CLUSTER_AFFINITY_TIMEOUT);
}

static bool is_local(struct service_reader *s, const char *member)
{
	return strcmp(kube_text(s->reader, &s->spec, member, "Cluster"), "Local") == 0;
}

static void read_annotations(struct service_reader *s, const struct kube_value *object)
{
	struct kube_value metadata =
		kube_member(s->reader, object, "metadata", JSON_OBJECT);
	struct kube_value annotations =
		kube_member(s->reader, &metadata, "annotations", JSON_OBJECT);
	const char *scheduler =
		kube_text(s->reader, &annotations, "ipvs-node/scheduler", NULL);
	const char *flags =
		kube_text(s->reader, &annotations, "ipvs-node/scheduler-flags", NULL);
	const char *over =
		kube_text(s->reader, &annotations, "ipvs-node/over-local", "false");

	if (scheduler)
		s->service.scheduler = kube_copy(s->reader, scheduler);
	if (flags)
		s->service.scheduler_flags = kube_copy(s->reader, flags);
	s->service.over_local = strcmp(over, "true") == 0;
}

/* False where it is not for any node to serve. */
static bool read_spec(struct service_reader *s, const struct kube_value *object)
{
	const char *type = kube_text(s->reader, &s->spec, "type", "ClusterIP");

	if (strcmp(type, "ExternalName") == 0 || !read_cluster_addresses(s) ||
	    !has_cluster_address(s))
		return false;
	read_ports(s);
	read_texts(s, "externalIPs", "external address", &s->service.external_addresses);
	if (strcmp(type, "LoadBalancer") == 0)
		read_ingress(s, object);
	read_source_ranges(s);
	read_affinity(s);
	s->service.health_check_port = (uint16_t)kube_number(
		s->reader, &s->spec, "healthCheckNodePort", 0, UINT16_MAX, 0);
	s->service.internal_local = is_local(s, "internalTrafficPolicy");
	s->service.external_local = is_local(s, "externalTrafficPolicy");
	read_annotations(s, object);
	return s->reader->error == 0;
}

static bool is_left_out(struct reader *reader, const struct kube_value *object)
{
	return kube_has_label(reader, object, KUBE_LABEL_OTHER_PROXY) ||
	       kube_has_label(reader, object, KUBE_LABEL_HEADLESS);
}

void kube_read_service(struct reader *reader, const struct kube_value *object)
{
	struct service_reader s = { .reader = reader };

	s.spec = kube_member(reader, object, "spec", JSON_OBJECT);
	reader->cluster->service_seen = true;
	if (kube_object_name(reader, object, KUBE_LABEL_MAX, &s.service.name) &&
	    !is_left_out(reader, object) && read_spec(&s, object)) {
		if (cluster_add_service(reader->cluster, &s.service) < 0)
			reader->error = -ENOMEM;
		return;
	}
	cluster_service_clear(&s.service);
}
