/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/ruleset_draft.h"

#include <errno.h>
#include <stdlib.h>

/* --- what one service needs --- */

bool draft_has_key(const struct ruleset_draft *draft, const struct service *service)
{
	return service->key.address.family == draft->family && !service->key.fwmark &&
	       service->key.port != 0;
}

uint8_t draft_level(const struct ruleset_draft *draft, const struct service *service)
{
	uint8_t level;

	if (!draft_has_key(draft, service) || !ruleset_masquerades(service))
		return SOURCE_NAT_NONE;
	level = service->access->source_nat;
	if (level != SOURCE_NAT_OUTSIDE)
		return level;
	if (draft->settings->masquerade_all)
		return SOURCE_NAT_ALL;
	/* What is outside cannot be told. */
	return draft->has_cluster ? SOURCE_NAT_OUTSIDE : SOURCE_NAT_HAIRPIN;
}

bool draft_restricts(const struct ruleset_draft *draft, const struct service *service)
{
	return draft_has_key(draft, service) && ruleset_restricts(service);
}

bool draft_redirects(const struct ruleset_draft *draft, const struct service *service)
{
	return draft_has_key(draft, service) && ruleset_redirects(service);
}

bool draft_refuses(const struct ruleset_draft *draft, const struct service *service)
{
	return draft->settings->no_endpoints != NO_ENDPOINTS_NONE &&
	       draft_has_key(draft, service) && service->destination_count == 0;
}

bool draft_forwards_unchanged(const struct service *service)
{
	for (size_t i = 0; i < service->destination_count; i++) {
		if (service->destinations[i].forward != FORWARD_MASQUERADE)
			return true;
	}
	return false;
}

/* --- lists of sources --- */

static int compare_lists(const void *a, const void *b)
{
	const struct source_list *left = a, *right = b;

	for (size_t i = 0; i < MIN_OF(left->count, right->count); i++) {
		int order = network_compare(&left->sources[i], &right->sources[i]);

		if (order != 0)
			return order;
	}
	return (left->count > right->count) - (left->count < right->count);
}

static struct source_list list_of(const struct service *service)
{
	return (struct source_list){ .sources = service->access->sources,
				     .count = service->access->source_count };
}

static bool has_own(const struct ruleset_settings *settings,
		    const struct source_list *list)
{
	for (size_t i = 0; i < settings->own_count; i++) {
		for (size_t k = 0; k < list->count; k++) {
			if (network_contains(&list->sources[k], &settings->own[i]))
				return true;
		}
	}
	return false;
}

static int gather_lists(struct ruleset_draft *draft, size_t restricted)
{
	size_t kept = 0, n = 0;

	draft->lists = calloc(restricted + 1, sizeof(*draft->lists));
	if (!draft->lists)
		return -ENOMEM;
	for (size_t i = 0; i < draft->table->service_count; i++) {
		const struct service *service = &draft->table->services[i];

		if (draft_restricts(draft, service))
			draft->lists[n++] = list_of(service);
	}
	qsort(draft->lists, n, sizeof(*draft->lists), compare_lists);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 &&
		    compare_lists(&draft->lists[kept - 1], &draft->lists[i]) == 0)
			continue;
		draft->lists[kept] = draft->lists[i];
		draft->lists[kept].has_own = has_own(draft->settings, &draft->lists[i]);
		kept++;
	}
	draft->list_count = kept;
	return 0;
}

size_t draft_list(const struct ruleset_draft *draft, const struct service *service)
{
	const struct source_list key = list_of(service);
	const struct source_list *found = bsearch(&key, draft->lists, draft->list_count,
						  sizeof(key), compare_lists);

	return (size_t)(found - draft->lists);
}

/* --- what is closed --- */

/*
 * Addresses on which only services answer: those of bound services, and every address of a service
 * network that is local as a whole, whether a service has it or not.
 */

static int compare_addresses(const void *a, const void *b)
{
	return address_compare(a, b);
}

static bool is_among(const struct address *address, const struct address *sorted,
		     size_t count)
{
	return count > 0 && bsearch(address, sorted, count, sizeof(*address),
				    compare_addresses) != NULL;
}

static bool in_network(const struct ruleset_draft *draft, const struct address *address)
{
	for (size_t i = 0; i < draft->network_count; i++) {
		if (network_contains(&draft->networks[i], address))
			return true;
	}
	return false;
}

/* Whether the node may have a use of its own for the service's address. */
static bool keeps_open(const struct service *service)
{
	const struct service_access *access = service->access;

	if (access && (access->over_local || access->node_port))
		return true;
	/* Every port, and not by a key that could be let through. */
	return service->key.port == 0 && draft_forwards_unchanged(service);
}

static bool is_bound(const struct service *service)
{
	return service->access && service->access->bind;
}

/* --- service networks --- */

static int compare_networks(const void *a, const void *b)
{
	return network_compare(a, b);
}

/* As vip_plan.h has it: a service network is local while a bound service is in it. */
static bool is_local(const struct ruleset_draft *draft, const struct network *network)
{
	for (size_t i = 0; i < draft->table->service_count; i++) {
		const struct service *service = &draft->table->services[i];

		if (!service->key.fwmark && is_bound(service) &&
		    network_contains(network, &service->key.address))
			return true;
	}
	return false;
}

static int gather_networks(struct ruleset_draft *draft)
{
	const struct ruleset_settings *settings = draft->settings;

	draft->networks =
		calloc(settings->service_network_count + 1, sizeof(*draft->networks));
	if (!draft->networks)
		return -ENOMEM;
	for (size_t i = 0; i < settings->service_network_count; i++) {
		const struct network *network = &settings->service_networks[i];

		if (network->address.family == draft->family && is_local(draft, network))
			draft->networks[draft->network_count++] = *network;
	}
	qsort(draft->networks, draft->network_count, sizeof(*draft->networks),
	      compare_networks);
	return 0;
}

/* --- addresses --- */

/* Services of one address stand together: those with an address come first, sorted by it. */
static size_t end_of_address(const struct table *table, size_t i)
{
	const struct address *address = &table->services[i].key.address;

	while (i < table->service_count && !table->services[i].key.fwmark &&
	       address_compare(&table->services[i].key.address, address) == 0)
		i++;
	return i;
}

static void judge_address(struct ruleset_draft *draft, size_t from, size_t to)
{
	const struct address *address = &draft->table->services[from].key.address;
	const struct ruleset_settings *settings = draft->settings;
	bool bound = false, open = false, covered = in_network(draft, address);

	for (size_t i = from; i < to; i++) {
		bound |= is_bound(&draft->table->services[i]);
		open |= keeps_open(&draft->table->services[i]);
	}
	if (covered && open)
		draft->left_open[draft->left_open_count++] = *address;
	else if (!covered && !open && bound &&
		 !is_among(address, settings->own, settings->own_count))
		draft->closed[draft->closed_count++] = *address;
}

static void leave_own_open(struct ruleset_draft *draft)
{
	const struct ruleset_settings *settings = draft->settings;
	struct address *open = draft->left_open;
	size_t kept = 0;

	for (size_t i = 0; i < settings->own_count; i++) {
		if (in_network(draft, &settings->own[i]))
			open[draft->left_open_count++] = settings->own[i];
	}
	qsort(open, draft->left_open_count, sizeof(*open), compare_addresses);
	for (size_t i = 0; i < draft->left_open_count; i++) {
		if (kept == 0 || address_compare(&open[kept - 1], &open[i]) != 0)
			open[kept++] = open[i];
	}
	draft->left_open_count = kept;
}

static int close_addresses(struct ruleset_draft *draft)
{
	const struct table *table = draft->table;
	size_t room = table->service_count + draft->settings->own_count + 1;

	draft->closed = calloc(table->service_count + 1, sizeof(*draft->closed));
	draft->left_open = calloc(room, sizeof(*draft->left_open));
	if (!draft->closed || !draft->left_open || gather_networks(draft) < 0)
		return -ENOMEM;
	for (size_t i = 0, next;
	     i < table->service_count && !table->services[i].key.fwmark; i = next) {
		next = end_of_address(table, i);
		if (table->services[i].key.address.family == draft->family)
			judge_address(draft, i, next);
	}
	leave_own_open(draft);
	return 0;
}

bool draft_is_closed(const struct ruleset_draft *draft, const struct address *address)
{
	if (is_among(address, draft->closed, draft->closed_count))
		return true;
	return in_network(draft, address) &&
	       !is_among(address, draft->left_open, draft->left_open_count);
}

bool draft_keeps(const struct ruleset_draft *draft, const struct service *service)
{
	uint8_t level = draft_level(draft, service);

	return service->access && draft_has_key(draft, service) &&
	       level != SOURCE_NAT_ALL && level != SOURCE_NAT_OUTSIDE &&
	       !draft_is_closed(draft, &service->key.address);
}

bool draft_keeps_whole(const struct ruleset_draft *draft, const struct service *service)
{
	const struct service_key *key = &service->key;

	return service->access && !key->fwmark && key->port == 0 &&
	       key->address.family == draft->family &&
	       !draft_is_closed(draft, &key->address);
}

int draft_gather(struct ruleset_draft *draft, size_t restricted)
{
	int r = gather_lists(draft, restricted);

	return r < 0 ? r : close_addresses(draft);
}

void draft_clear(struct ruleset_draft *draft)
{
	free(draft->lists);
	free(draft->closed);
	free(draft->networks);
	free(draft->left_open);
}
