/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/kube/dump_guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/model/guard.h"
#include "common/cleanup.h"

enum { OBJECT_TEXT = 512 };

/* A node that has these addresses, as far as the guard looks at it. -ENOMEM. */
static int node_of(const struct address *addresses, size_t count, struct host_net *node)
{
	node->addresses = calloc(count + 1, sizeof(*node->addresses));
	if (!node->addresses)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		node->addresses[i] =
			(struct host_address){ .address = addresses[i], .link = 1 };
	node->address_count = count;
	host_net_sort(node);
	return 0;
}

static int read_own(const struct notes *notes, const struct state_settings *settings,
		    struct host_net *node)
{
	cleanup_free struct address *list = NULL;
	size_t count = 0;
	int r = 0;

	if (notes->own_node.count > 0)
		return node_of(notes->own_node.items, notes->own_node.count, node);
	if (settings->node_addresses)
		r = settings->node_addresses(settings->node_addresses_context, &list,
					     &count);
	/* Where they cannot be read they are not known. */
	return r == -ENOMEM ? r : node_of(list, r < 0 ? 0 : count, node);
}

static int note_refusal(struct notes *notes, const struct service *service,
			const char *reason)
{
	char object[OBJECT_TEXT], key[SERVICE_KEY_TEXT];

	service_key_format(&service->key, key);
	if (service->name)
		snprintf(object, sizeof(object), "%s (%s)", service->name, key);
	else
		snprintf(object, sizeof(object), "%s", key);
	return notes_omit(notes, object, "%s", reason);
}

/* The table stays sorted. */
static int take_out_refused(struct table *table, const struct guard_facts *facts,
			    const struct guard_facts *node_port_facts)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < table->service_count; i++) {
		struct service *service = &table->services[i];
		const struct service_access *access = service->access;
		char reason[GUARD_TEXT];

		if (r == 0 &&
		    guard_refuses(access && access->node_port ? node_port_facts : facts,
				  service, false, reason)) {
			r = note_refusal(&table->notes, service, reason);
			service_clear(service);
		} else {
			table->services[kept++] = *service;
		}
	}
	table->service_count = kept;
	return r;
}

int dump_guard(struct table *table, const struct state_settings *settings)
{
	static const struct address_list none;
	const struct notes *notes = &table->notes;
	cleanup_host_net struct host_net own = { 0 }, node_ports = { 0 };
	struct guard_facts facts = {
		.host = &own,
		.nameservers = &none,
		.reserved = notes->reserved,
		.reserved_count = notes->reserved_count,
		.rules = settings->guard,
	};
	struct guard_facts node_port_facts = facts;
	int r = read_own(notes, settings, &own);

	node_port_facts.host = &node_ports;
	if (r == 0)
		r = node_of(notes->node_addresses.items, notes->node_addresses.count,
			    &node_ports);
	return r < 0 ? r : take_out_refused(table, &facts, &node_port_facts);
}
