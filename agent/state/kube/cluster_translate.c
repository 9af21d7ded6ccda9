/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a cluster's objects to virtual services: one for each port at each of a Service's addresses,
 * with the endpoints that the Service's policies leave for this node.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "agent/state/kube/node_ports.h"
#include "agent/state/value_rules.h"
#include "agent/state/scheduler_flag.h"
#include "agent/model/fingerprint.h"
#include "common/array.h"
#include "common/cleanup.h"

enum { SERVICE_NAME_TEXT = 512 };

struct translation {
	struct cluster *cluster;
	struct table *table; /* sorted natives first, then ours */
	size_t native_count;
	struct service_slices slices; /* of the service under way, when first needed */
	struct endpoint_choice choice;
	struct cluster_service *service; /* the one under way */
	const struct service_port *port;
	bool refused; /* a rule refused the virtual service under way */
	int error;
};

PRINTF_LIKE(2, 3)
static void refuse(struct translation *t, const char *fmt, ...)
{
	const struct object_name *name = &t->service->name;
	char object[SERVICE_NAME_TEXT], reason[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	snprintf(object, sizeof(object), "Service %s/%s", name->space, name->name);
	if (notes_omit(&t->table->notes, object, "%s", reason) < 0)
		t->error = -ENOMEM;
}

static void report_rule(void *context, const char *object, const char *field,
			const char *text)
{
	struct translation *t = context;

	refuse(t, "%s%s%s: %s", object ? object : "", object ? "." : "", field, text);
	t->refused = true;
}

/* Of an endpoint, which is left out. */
static void report_endpoint(void *context, const char *object, const char *field,
			    const char *text)
{
	struct translation *t = context;

	(void)object;
	refuse(t, "endpoint: %s: %s", field, text);
	t->refused = true;
}

/* --- what a virtual service is made of --- */

/* "default/web:http", as kube-proxy names it; without a port's name "default/web". */
static char *service_name(const struct translation *t)
{
	const struct object_name *name = &t->service->name;
	char *text;

	if (asprintf(&text, "%s/%s%s%s", name->space, name->name,
		     *t->port->name ? ":" : "", t->port->name) < 0)
		return NULL;
	return text;
}

static uint8_t scheduler_flags(struct translation *t, const char *scheduler)
{
	cleanup_free char *words = strdup(t->service->scheduler_flags);
	char *rest = words;
	uint8_t bits = 0;

	if (!words) {
		t->error = -ENOMEM;
		return 0;
	}
	for (char *word = strsep(&rest, ", "); word; word = strsep(&rest, ", ")) {
		const struct scheduler_flag *flag = scheduler_flag_find(word);

		if (*word == '\0')
			continue;
		if (!flag ||
		    (flag->scheduler && strcmp(flag->scheduler, scheduler) != 0)) {
			refuse(t,
			       "annotation ipvs-node/scheduler-flags: '%.60s' is no flag of scheduler '%s'",
			       word, scheduler);
			t->refused = true;
			return 0;
		}
		bits |= flag->bit;
	}
	return bits;
}

static void set_scheduler(struct translation *t, struct service *service)
{
	const char *scheduler = t->service->scheduler;

	if (!scheduler)
		scheduler = t->cluster->settings->scheduler;
	if (!scheduler)
		scheduler = "rr";
	if (*scheduler == '\0' || strlen(scheduler) > SCHEDULER_NAME_MAX) {
		refuse(t, "scheduler '%.60s' is not a name of 1 to %d bytes", scheduler,
		       SCHEDULER_NAME_MAX);
		t->refused = true;
		return;
	}
	strcpy(service->scheduler, scheduler);
	if (t->service->scheduler_flags)
		service->scheduler_flags = scheduler_flags(t, scheduler);
}

static int add_destinations(struct translation *t, struct service *service)
{
	if (service_reserve(service, t->choice.count) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < t->choice.count; i++) {
		struct destination *destination = service_add_destination(service);

		if (!destination)
			return -ENOMEM;
		destination->address = t->choice.list[i].address;
		destination->port = t->choice.list[i].port;
		destination->weight = 1;
		destination->elsewhere =
			(t->choice.list[i].state & ENDPOINT_ELSEWHERE) != 0;
		rules_check_destination(service, destination, report_endpoint, t);
		if (t->refused)
			service->destination_count--;
		t->refused = false;
	}
	return 0;
}

static int choose(struct translation *t, uint8_t family, bool local)
{
	int r = 0;

	if (t->slices.service != t->service)
		r = cluster_find_slices(t->cluster, t->service, &t->slices);
	return r < 0 ? r : cluster_choose(&t->slices, t->port, family, local, &t->choice);
}

static int copy_sources(const struct cluster_service *from, uint8_t family,
			struct service_access *access)
{
	access->sources = calloc(from->source_range_count + 1, sizeof(struct network));
	if (!access->sources)
		return -ENOMEM;
	for (size_t i = 0; i < from->source_range_count; i++) {
		if (from->source_ranges[i].address.family == family)
			access->sources[access->source_count++] = from->source_ranges[i];
	}
	return 0;
}

static bool is_taken(struct translation *t, const struct service_key *key)
{
	struct table natives = { .services = t->table->services,
				 .service_count = t->native_count };
	const struct service *native = table_find_service(&natives, key);
	char text[SERVICE_KEY_TEXT];

	if (native)
		refuse(t, "%s is of a native file of the state",
		       service_key_format(key, text));
	return native != NULL;
}

static void add_to_table(struct translation *t, struct service *service)
{
	struct service *added = table_add_service(t->table);

	if (!added) {
		t->error = -ENOMEM;
		return;
	}
	service_sort(service);
	service->fingerprint = fingerprint_service_whole(service);
	*added = *service;
	memset(service, 0, sizeof(*service));
}

/* An author of Services may ask for a port of the node; the node's administrator decides. */
static void set_permission(const struct translation *t, const struct address *address,
			   struct service_access *access)
{
	const struct guard_rules *rules = t->cluster->settings->guard;

	access->of_cluster = true;
	access->permitted = guard_rules_permits_namespace(rules, t->service->name.space);
	access->over_local =
		t->service->over_local &&
		(access->permitted || guard_rules_permits_address(rules, address));
}

/* One virtual service; the access is taken over. */
static void add_service(struct translation *t, const struct address *address,
			uint16_t port, bool local, struct service_access *access)
{
	struct service service = {
		.key = { .address = *address,
			 .protocol = t->port->protocol,
			 .port = port },
		.persistence_timeout = t->service->affinity_timeout,
		.persistence_netmask = service_default_netmask(address->family),
		.of_cluster = true,
	};

	t->refused = false;
	set_permission(t, address, access);
	service.access = service_access_keep(access);
	service.name = service_name(t);
	if (!service.access || !service.name)
		t->error = -ENOMEM;
	else if (!is_taken(t, &service.key)) {
		set_scheduler(t, &service);
		if (!t->refused)
			rules_check_service(&service, report_rule, t);
		if (!t->refused)
			t->error = MIN_OF(t->error, choose(t, address->family, local));
		if (!t->refused && t->error == 0)
			t->error = add_destinations(t, &service);
		if (!t->refused && t->error == 0)
			add_to_table(t, &service);
	}
	service_access_clear(access);
	service_clear(&service);
}

/* --- the addresses of a Service --- */

static const struct address *cluster_address(const struct cluster_service *service,
					     uint8_t family)
{
	for (size_t i = 0; i < service->cluster_addresses.count; i++) {
		if (service->cluster_addresses.items[i].family == family)
			return &service->cluster_addresses.items[i];
	}
	return NULL;
}

static void add_cluster_addresses(struct translation *t)
{
	const struct address_list *list = &t->service->cluster_addresses;

	for (size_t i = 0; i < list->count && t->error == 0; i++) {
		struct service_access access = { .bind = true,
						 .cluster_ip = true,
						 .source_nat = SOURCE_NAT_OUTSIDE };

		add_service(t, &list->items[i], t->port->port, t->service->internal_local,
			    &access);
	}
}

/*
 * What a connection from outside finds at an address. With externalTrafficPolicy Local its source
 * is kept; connections from the node and its pods may use all endpoints, those of the cluster's own
 * address.
 */
static struct service_access outer_exposure(const struct translation *t, uint8_t family)
{
	const struct cluster_service *service = t->service;
	const struct address *inside = cluster_address(service, family);
	struct service_access access = { .source_nat = service->external_local
							       ? SOURCE_NAT_HAIRPIN
							       : SOURCE_NAT_ALL };

	if (service->external_local && !service->internal_local && inside) {
		access.inside.address = *inside;
		access.inside.port = t->port->port;
	}
	return access;
}

/* The API gives such a port to load balancers with externalTrafficPolicy Local alone. 0: none. */
static uint16_t health_port(const struct translation *t)
{
	if (!t->service->external_local || !t->cluster->settings->node_name)
		return 0;
	return t->service->health_check_port;
}

static void add_outer_addresses(struct translation *t, const struct address_list *list,
				bool with_ranges)
{
	for (size_t i = 0; i < list->count && t->error == 0; i++) {
		const struct address *address = &list->items[i];
		struct service_access access = outer_exposure(t, address->family);

		/* What is the load balancer's as well is for those that may use that. */
		if (!with_ranges &&
		    address_list_has(&t->service->load_balancer_addresses, address))
			continue;
		if (with_ranges && cluster_node_serves(t->cluster, address))
			continue;
		access.bind = true;
		access.health_port = health_port(t);
		if (with_ranges && t->service->source_range_count > 0)
			t->error = copy_sources(t->service, address->family, &access);
		if (t->error == 0)
			add_service(t, address, t->port->port, t->service->external_local,
				    &access);
		service_access_clear(&access);
	}
}

static int list_node_addresses(struct translation *t)
{
	struct notes *notes = &t->table->notes;

	if (notes->node_addresses_used)
		return 0;
	notes->node_addresses_used = true;
	return node_port_addresses(t->cluster->settings, &notes->node_addresses);
}

static void add_node_ports(struct translation *t)
{
	const struct address_list *own = &t->table->notes.node_addresses;

	if (t->port->node_port == 0)
		return;
	t->error = list_node_addresses(t);
	for (size_t i = 0; i < own->count && t->error == 0; i++) {
		const struct address *address = &own->items[i];
		struct service_access access = outer_exposure(t, address->family);

		/* The service may have one address family only. */
		if (!cluster_address(t->service, address->family))
			continue;
		access.node_port = true;
		add_service(t, address, t->port->node_port, t->service->external_local,
			    &access);
	}
}

/* Whose endpoints are local cannot be told without the node's own name. */
static bool knows_locals(struct translation *t, bool local, const char *policy)
{
	if (!local || t->cluster->settings->node_name)
		return true;
	refuse(t, "%s Local needs --node-name", policy);
	return false;
}

static void add_health_check(struct translation *t)
{
	const struct cluster_service *service = t->service;
	struct health_check check = { .port = health_port(t),
				      .space = service->name.space,
				      .name = service->name.name };

	if (check.port == 0)
		return;
	t->error = cluster_count_local(t->cluster, service, &check.local_endpoints);
	if (t->error == 0)
		t->error = notes_add_health_check(&t->table->notes, &check);
}

/* Where each Node is a load balancer, all are among the addresses of each Service: one note. */
static void note_other_nodes(struct translation *t)
{
	const struct address_list *list = &t->service->load_balancer_addresses;
	const struct cluster_node *first = NULL;
	char text[ADDRESS_TEXT], more[64] = "";
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct cluster_node *node =
			cluster_node_serves(t->cluster, &list->items[i]);

		if (!node)
			continue;
		if (count++ == 0) {
			first = node;
			address_format(&list->items[i], text);
		}
	}
	if (count > 1)
		snprintf(more, sizeof(more), ", likewise %zu more", count - 1);
	if (first)
		refuse(t,
		       "load balancer address %s is an address of Node %s, which serves it itself%s",
		       text, first->name, more);
}

/* Once for all its addresses. */
static void judge(struct translation *t)
{
	struct cluster_service *service = t->service;
	bool outside = service->external_addresses.count > 0 ||
		       service->load_balancer_addresses.count > 0;
	struct service scheduled = { 0 };

	t->refused = false;
	set_scheduler(t, &scheduled);
	service->refused = t->refused;
	if (!service->load_balancer_refused)
		note_other_nodes(t);
	service->inner_refused =
		!knows_locals(t, service->internal_local, "internalTrafficPolicy");
	for (size_t i = 0; i < service->port_count; i++)
		outside |= service->ports[i].node_port != 0;
	service->outer_refused = outside && !knows_locals(t, service->external_local,
							  "externalTrafficPolicy");
}

/* Where two want one key the first has it: what nobody can choose for himself comes first. */
enum address_kind {
	KIND_CLUSTER,
	KIND_NODE_PORT,
	KIND_LOAD_BALANCER,
	KIND_EXTERNAL,
	KINDS,
};

static void add_kind(struct translation *t, enum address_kind kind)
{
	const struct cluster_service *service = t->service;

	if (service->refused ||
	    (kind == KIND_CLUSTER ? service->inner_refused : service->outer_refused))
		return;
	for (size_t i = 0; i < service->port_count && t->error == 0; i++) {
		t->port = &service->ports[i];
		if (kind == KIND_CLUSTER)
			add_cluster_addresses(t);
		else if (kind == KIND_NODE_PORT)
			add_node_ports(t);
		else if (kind == KIND_EXTERNAL)
			add_outer_addresses(t, &service->external_addresses, false);
		else if (!service->load_balancer_refused)
			add_outer_addresses(t, &service->load_balancer_addresses, true);
	}
}

/* --- all of them --- */

static int compare_services(const void *a, const void *b)
{
	const struct cluster_service *left = a, *right = b;

	return object_name_compare(&left->name, &right->name);
}

static int compare_slices(const void *a, const void *b)
{
	const struct cluster_slice *left = a, *right = b;

	int order = object_name_compare(&left->service, &right->service);

	return order != 0 ? order : strcmp(left->name, right->name);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct cluster_node *left = a, *right = b;

	return strcmp(left->name, right->name);
}

void cluster_sort(struct cluster *cluster)
{
	if (cluster->service_count > 0)
		qsort(cluster->services, cluster->service_count,
		      sizeof(*cluster->services), compare_services);
	if (cluster->slice_count > 0)
		qsort(cluster->slices, cluster->slice_count, sizeof(*cluster->slices),
		      compare_slices);
	if (cluster->node_count > 0)
		qsort(cluster->nodes, cluster->node_count, sizeof(*cluster->nodes),
		      compare_nodes);
}

int cluster_translate(struct cluster *cluster, struct table *table)
{
	struct translation t = { .cluster = cluster, .table = table };

	table_sort(table);
	t.native_count = table->service_count;
	table->notes = cluster->notes;
	cluster->notes = (struct notes){ 0 };
	cluster_find_zone(cluster);
	t.error = cluster_note_nodes(cluster, &table->notes);
	if (t.error == 0)
		t.error = cluster_index_nodes(cluster);
	for (size_t i = 0; i < cluster->service_count && t.error == 0; i++) {
		t.service = &cluster->services[i];
		judge(&t);
		if (t.error == 0)
			add_health_check(&t);
	}
	for (int kind = 0; kind < KINDS; kind++) {
		for (size_t i = 0; i < cluster->service_count && t.error == 0; i++) {
			t.service = &cluster->services[i];
			add_kind(&t, (enum address_kind)kind);
		}
	}
	endpoint_choice_clear(&t.choice);
	service_slices_clear(&t.slices);
	if (t.error == 0)
		t.error = cluster_drop_seconds(table);
	if (t.error == 0)
		t.error = cluster_reserve(cluster, &table->notes);
	return t.error;
}
