/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/ruleset_sets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

/* What differs from service to service. */

enum { NFT_ADDRESS_TEXT = 48 };

/* Addresses that differ in their last byte only. */
enum { BLOCK = 256 };

/* Of IPv6 all eight groups: nft does not read every form that inet_ntop(3) writes. */
static const char *address_text(const struct address *address,
				char buffer[static NFT_ADDRESS_TEXT])
{
	const uint8_t *b = address->bytes;

	if (address->family == AF_INET)
		snprintf(buffer, NFT_ADDRESS_TEXT, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	else
		snprintf(buffer, NFT_ADDRESS_TEXT, "%x:%x:%x:%x:%x:%x:%x:%x",
			 b[0] << 8 | b[1], b[2] << 8 | b[3], b[4] << 8 | b[5],
			 b[6] << 8 | b[7], b[8] << 8 | b[9], b[10] << 8 | b[11],
			 b[12] << 8 | b[13], b[14] << 8 | b[15]);
	return buffer;
}

static void begin_set(struct ruleset_writer *w, const char *kind, const char *name,
		      const char *more)
{
	growing_text_add(w->text, "\t%s %s {\n\t\ttype %s%s\n", kind, name,
			 w->address_type, more);
	w->first = true;
}

static void begin_element(struct ruleset_writer *w)
{
	growing_text_add(w->text, w->first ? "\t\telements = {\n\t\t\t" : ",\n\t\t\t");
	w->first = false;
}

static void end_set(struct ruleset_writer *w)
{
	growing_text_add(w->text, w->first ? "\t}\n" : "\n\t\t}\n\t}\n");
}

static void add_key(struct ruleset_writer *w, const struct service *service)
{
	char address[NFT_ADDRESS_TEXT];

	begin_element(w);
	growing_text_add(w->text, "%s . %u . %u",
			 address_text(&service->key.address, address),
			 service->key.protocol, service->key.port);
}

/* The address joined with itself: of a connection that has it as source and destination. */
static void add_pair(struct ruleset_writer *w, const struct address *address)
{
	char text[NFT_ADDRESS_TEXT];

	begin_element(w);
	address_text(address, text);
	growing_text_add(w->text, "%s . %s", text, text);
}

/* Networks that lie in the one before them are left out: what overlaps would be refused. */
void ruleset_write_networks(struct ruleset_writer *w, const struct network *networks,
			    size_t count)
{
	const struct network *last = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct network *network = &networks[i];
		char address[NFT_ADDRESS_TEXT];

		if (network->address.family != w->draft->family ||
		    (last && network_contains(last, &network->address)))
			continue;
		growing_text_add(w->text, "%s%s/%u", last ? ",\n\t\t\t" : "",
				 address_text(&network->address, address),
				 network->prefix);
		last = network;
	}
}

static void write_cluster(struct ruleset_writer *w)
{
	const struct ruleset_settings *settings = w->draft->settings;

	begin_set(w, "set", "cluster", "\n\t\tflags interval");
	begin_element(w);
	ruleset_write_networks(w, settings->cluster, settings->cluster_count);
	end_set(w);
}

typedef bool (*service_test)(const struct ruleset_draft *draft,
			     const struct service *service);

static bool is_masqueraded(const struct ruleset_draft *draft,
			   const struct service *service)
{
	return draft_level(draft, service) == SOURCE_NAT_ALL;
}

static bool is_outside(const struct ruleset_draft *draft, const struct service *service)
{
	return draft_level(draft, service) == SOURCE_NAT_OUTSIDE;
}

/* ip_vs_xmit.c: what it does not masquerade and delivers here goes on as it came. */
static bool goes_on_unchanged(const struct ruleset_draft *draft,
			      const struct service *service)
{
	return draft_has_key(draft, service) && draft_forwards_unchanged(service) &&
	       draft_is_closed(draft, &service->key.address);
}

/* Whether any service passes; the set of their keys is then written. */
static bool write_keys(struct ruleset_writer *w, const char *name, service_test test)
{
	const struct table *table = w->draft->table;
	bool any = false;

	for (size_t i = 0; i < table->service_count; i++) {
		if (!test(w->draft, &table->services[i]))
			continue;
		if (!any)
			begin_set(w, "set", name, " . inet_proto . inet_service");
		any = true;
		add_key(w, &table->services[i]);
	}
	if (any)
		end_set(w);
	return any;
}

/* Some but not all connections are masqueraded. */
static bool is_masqueraded_in_part(const struct ruleset_draft *draft,
				   const struct service *service)
{
	uint8_t level = draft_level(draft, service);

	return level != SOURCE_NAT_NONE && level != SOURCE_NAT_ALL;
}

static bool lets_own_in(const struct ruleset_draft *draft, const struct service *service)
{
	return draft_restricts(draft, service) &&
	       draft->lists[draft_list(draft, service)].has_own;
}

/* The same for addresses joined with themselves, each once. */
static bool write_pairs(struct ruleset_writer *w, const char *name, service_test test)
{
	const struct table *table = w->draft->table;
	const struct address *last = NULL;

	for (size_t i = 0; i < table->service_count; i++) {
		const struct address *address = &table->services[i].key.address;

		if (!test(w->draft, &table->services[i]) ||
		    (last && address_compare(last, address) == 0))
			continue;
		if (!last)
			begin_set(w, "set", name,
				  w->draft->family == AF_INET6 ? " . ipv6_addr"
							       : " . ipv4_addr");
		last = address;
		add_pair(w, address);
	}
	if (last)
		end_set(w);
	return last;
}

static void write_restricted(struct ruleset_writer *w)
{
	const struct table *table = w->draft->table;

	begin_set(w, "map", "restricted", " . inet_proto . inet_service : verdict");
	for (size_t i = 0; i < table->service_count; i++) {
		if (!draft_restricts(w->draft, &table->services[i]))
			continue;
		add_key(w, &table->services[i]);
		growing_text_add(w->text, " : jump sources_%zu",
				 draft_list(w->draft, &table->services[i]));
	}
	end_set(w);
}

static void write_inside(struct ruleset_writer *w)
{
	const struct table *table = w->draft->table;
	char address[NFT_ADDRESS_TEXT];

	begin_set(w, "map", "inside",
		  w->draft->family == AF_INET6
			  ? " . inet_proto . inet_service : ipv6_addr . inet_service"
			  : " . inet_proto . inet_service : ipv4_addr . inet_service");
	for (size_t i = 0; i < table->service_count; i++) {
		const struct service *service = &table->services[i];

		if (!draft_redirects(w->draft, service))
			continue;
		add_key(w, service);
		growing_text_add(w->text, " : %s . %u",
				 address_text(&service->access->inside.address, address),
				 service->access->inside.port);
	}
	end_set(w);
}

/* Whether the next BLOCK closed addresses differ in their last byte alone, and so are a network. */
static bool begins_block(const struct ruleset_draft *draft, size_t i)
{
	const struct address *first = &draft->closed[i], *last = first + BLOCK - 1;
	size_t end = draft->family == AF_INET6 ? 15 : 3;

	return draft->closed_count - i >= BLOCK && first->bytes[end] == 0 &&
	       last->bytes[end] == BLOCK - 1 &&
	       memcmp(first->bytes, last->bytes, end) == 0;
}

/* One after another, so that none lies in one before it. */
static void write_closed_networks(struct ruleset_writer *w, const char *name)
{
	const struct ruleset_draft *draft = w->draft;

	begin_set(w, "set", name, "\n\t\tflags interval");
	begin_element(w);
	ruleset_write_networks(w, draft->networks, draft->network_count);
}

/* Those of a whole block are one element, of the other set. Whether there is any of this kind. */
static bool write_closed(struct ruleset_writer *w, const char *name, bool blocks)
{
	const struct ruleset_draft *draft = w->draft;
	char address[NFT_ADDRESS_TEXT];
	bool any = blocks && draft->network_count > 0;

	if (any)
		write_closed_networks(w, name);
	for (size_t i = 0, step; i < draft->closed_count; i += step) {
		bool is_block = begins_block(draft, i);

		step = is_block ? BLOCK : 1;
		if (is_block != blocks)
			continue;
		if (!any)
			begin_set(w, "set", name, blocks ? "\n\t\tflags interval" : "");
		any = true;
		begin_element(w);
		growing_text_add(w->text, "%s", address_text(&draft->closed[i], address));
		if (is_block)
			growing_text_add(w->text, "/%d",
					 draft->family == AF_INET6 ? 120 : 24);
	}
	if (any)
		end_set(w);
	return any;
}

/* Whether there is any. */
static bool write_left_open(struct ruleset_writer *w)
{
	const struct ruleset_draft *draft = w->draft;
	char address[NFT_ADDRESS_TEXT];

	if (draft->left_open_count == 0)
		return false;
	begin_set(w, "set", "left_open", "");
	for (size_t i = 0; i < draft->left_open_count; i++) {
		begin_element(w);
		growing_text_add(w->text, "%s",
				 address_text(&draft->left_open[i], address));
	}
	end_set(w);
	return true;
}

/* Whether any service has every port of an address that is not closed. */
static bool write_kept_whole(struct ruleset_writer *w)
{
	const struct table *table = w->draft->table;
	char address[NFT_ADDRESS_TEXT];
	bool any = false;

	for (size_t i = 0; i < table->service_count; i++) {
		const struct service *service = &table->services[i];

		if (!draft_keeps_whole(w->draft, service))
			continue;
		if (!any)
			begin_set(w, "set", "kept_whole", " . inet_proto");
		any = true;
		begin_element(w);
		growing_text_add(w->text, "%s . %u",
				 address_text(&service->key.address, address),
				 service->key.protocol);
	}
	if (any)
		end_set(w);
	return any;
}

/* --- sets of what several services may have, each once --- */

struct place {
	struct address address;
	uint16_t port;
	uint8_t protocol;
};

struct places {
	struct place *list; /* owned */
	size_t count, room;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;
	int order = address_compare(&left->address, &right->address);

	if (order == 0)
		order = (left->protocol > right->protocol) -
			(left->protocol < right->protocol);
	return order ? order : (left->port > right->port) - (left->port < right->port);
}

static int add_place(struct places *places, const struct address *address,
		     uint8_t protocol, uint16_t port)
{
	if (ARRAY_MAKE_ROOM(places->list, places->count, places->room) < 0)
		return -ENOMEM;
	places->list[places->count++] = (struct place){ *address, port, protocol };
	return 0;
}

static void sort_places(struct places *places)
{
	size_t kept = 0;

	if (places->count > 0)
		qsort(places->list, places->count, sizeof(*places->list), compare_places);
	for (size_t i = 0; i < places->count; i++) {
		if (kept == 0 ||
		    compare_places(&places->list[kept - 1], &places->list[i]) != 0)
			places->list[kept++] = places->list[i];
	}
	places->count = kept;
}

/* Whether there is any; client: it is joined with its own address as that of a client. Frees them. */
static bool write_places(struct ruleset_writer *w, const char *name,
			 struct places *places, bool client)
{
	bool any = places->count > 0;
	char address[NFT_ADDRESS_TEXT], type[80];

	sort_places(places);
	snprintf(type, sizeof(type), " . inet_proto . inet_service%s%s",
		 client ? " . " : "", client ? w->address_type : "");
	if (any)
		begin_set(w, "set", name, type);
	for (size_t i = 0; i < places->count; i++) {
		const struct place *place = &places->list[i];

		begin_element(w);
		address_text(&place->address, address);
		growing_text_add(w->text, "%s . %u . %u%s%s", address, place->protocol,
				 place->port, client ? " . " : "", client ? address : "");
	}
	if (any)
		end_set(w);
	free(places->list);
	return any;
}

/* Destinations that may be their own client, which one on another node is not by way of this one. */
static int add_hairpins(const struct service *service, struct places *places)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < service->destination_count; i++) {
		const struct destination *to = &service->destinations[i];

		if (to->forward == FORWARD_MASQUERADE && !to->elsewhere)
			r = add_place(places, &to->address, service->key.protocol,
				      to->port);
	}
	return r;
}

static bool write_hairpins(struct ruleset_writer *w)
{
	const struct table *table = w->draft->table;
	struct places places = { 0 };

	for (size_t i = 0; i < table->service_count; i++) {
		const struct service *service = &table->services[i];

		if (is_masqueraded_in_part(w->draft, service) &&
		    add_hairpins(service, &places) < 0)
			w->text->failed = true;
	}
	return write_places(w, "hairpin", &places, true);
}

/* Ports at which this node itself answers load balancers, on addresses that are closed. */
static bool write_health(struct ruleset_writer *w)
{
	const struct table *table = w->draft->table;
	struct places places = { 0 };

	for (size_t i = 0; i < table->service_count; i++) {
		const struct service *service = &table->services[i];
		const struct address *address = &service->key.address;

		if (draft_has_key(w->draft, service) && service->access &&
		    service->access->health_port != 0 &&
		    draft_is_closed(w->draft, address) &&
		    add_place(&places, address, IPPROTO_TCP,
			      service->access->health_port) < 0)
			w->text->failed = true;
	}
	return write_places(w, "health_checks", &places, false);
}

/* --- all of them --- */

struct ruleset_sets ruleset_write_sets(struct ruleset_writer *w)
{
	struct ruleset_sets sets = { 0 };

	if (w->draft->has_cluster)
		write_cluster(w);
	sets.masqueraded = write_keys(w, "masqueraded", is_masqueraded);
	sets.outside = write_keys(w, "outside", is_outside);
	sets.self = write_pairs(w, "self", is_masqueraded_in_part);
	sets.hairpin = write_hairpins(w);
	sets.own = write_pairs(w, "own", lets_own_in);
	if (w->counts->restricted)
		write_restricted(w);
	if (w->counts->redirected) {
		write_keys(w, "redirected", draft_redirects);
		write_inside(w);
	}
	if (w->counts->refused)
		write_keys(w, "unserved", draft_refuses);
	sets.addresses = write_closed(w, "virtual_addresses", false);
	sets.networks = write_closed(w, "virtual_networks", true);
	sets.left_open = write_left_open(w);
	sets.health = write_health(w);
	sets.unchanged = write_keys(w, "unchanged", goes_on_unchanged);
	sets.kept = write_keys(w, "kept", draft_keeps);
	sets.kept_whole = write_kept_whole(w);
	return sets;
}
