/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/fingerprint.h"
#include "agent/plan/ruleset_parts.h"

/* --- what one service needs --- */

bool ruleset_masquerades(const struct service *service)
{
	/* ip_vs_core.c, ip_vs_schedule: one packet is no connection that conntrack follows. */
	return service->access && !service->one_packet && !service->key.fwmark &&
	       service->key.port != 0 && service->access->source_nat != SOURCE_NAT_NONE;
}

bool ruleset_restricts(const struct service *service)
{
	const struct service_access *access = service->access;

	/* The larger of two networks with one address comes first. */
	return access && !service->key.fwmark && service->key.port != 0 &&
	       access->source_count > 0 && access->sources[0].prefix != 0;
}

static bool redirects(const struct service *service)
{
	return service->access && !service->key.fwmark && service->key.port != 0 &&
	       service->access->inside.address.family == service->key.address.family;
}

bool ruleset_concerns(const struct service *service)
{
	return ruleset_masquerades(service) || ruleset_restricts(service) ||
	       redirects(service) ||
	       (service->access && service->access->bind && !service->key.fwmark);
}

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

bool draft_restricts(const struct ruleset_draft *draft, const struct service *service)
{
	return draft_has_key(draft, service) && ruleset_restricts(service);
}

bool draft_redirects(const struct ruleset_draft *draft, const struct service *service)
{
	return draft_has_key(draft, service) && redirects(service);
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

/* --- the whole --- */

static void count(const struct ruleset_draft *draft, struct ruleset_counts *counts)
{
	for (size_t i = 0; i < draft->table->service_count; i++) {
		const struct service *service = &draft->table->services[i];

		counts->masqueraded += draft_level(draft, service) != SOURCE_NAT_NONE;
		counts->restricted += draft_restricts(draft, service);
		counts->redirected += draft_redirects(draft, service);
		counts->refused += draft_refuses(draft, service);
	}
}

static bool is_needed(const struct table *table, const struct ruleset_settings *settings)
{
	if (settings->no_endpoints != NO_ENDPOINTS_NONE)
		return true;
	for (size_t i = 0; i < table->service_count; i++) {
		if (ruleset_concerns(&table->services[i]))
			return true;
	}
	return false;
}

static bool counts_nothing(const struct ruleset_counts *counts)
{
	return counts->masqueraded + counts->restricted + counts->redirected +
		       counts->closed + counts->networks + counts->refused ==
	       0;
}

static bool has_cluster(const struct ruleset_settings *settings, uint8_t family)
{
	for (size_t i = 0; i < settings->cluster_count; i++) {
		if (settings->cluster[i].address.family == family)
			return true;
	}
	return false;
}

/* With its marker, and taken over; text is then empty. */
static int complete(struct growing_text *text, uint8_t family,
		    const struct ruleset_counts *counts, struct ruleset *ruleset)
{
	uint64_t fingerprint;
	int r;

	fingerprint = fingerprint_bytes(text->text ? text->text : "", text->length);
	growing_text_add(text, "\tchain " RULESET_MARKER "%016llx {\n\t}\n}\n",
			 (unsigned long long)fingerprint);
	r = growing_text_check(text);
	if (r < 0)
		return r;
	*ruleset = (struct ruleset){ .family = family,
				     .length = text->length,
				     .fingerprint = fingerprint,
				     .counts = *counts };
	ruleset->text = TAKE_PTR(text->text);
	return 0;
}

static int write_out(const struct ruleset_draft *draft,
		     const struct ruleset_counts *counts, struct ruleset *ruleset)
{
	cleanup_growing_text struct growing_text text = { 0 };

	draft_write(draft, counts, &text);
	return complete(&text, draft->family, counts, ruleset);
}

int ruleset_make_idle(uint8_t family, struct ruleset *ruleset)
{
	cleanup_growing_text struct growing_text text = { 0 };

	growing_text_add(&text,
			 "table %s " RULESET_TABLE " {\n"
			 "\tchain postrouting {\n"
			 "\t\ttype nat hook postrouting priority 100; policy accept;\n"
			 "\t\tct state established accept\n"
			 "\t}\n",
			 ruleset_family_name(family));
	return complete(&text, family, &(struct ruleset_counts){ 0 }, ruleset);
}

int ruleset_make(const struct table *table, const struct ruleset_settings *settings,
		 uint8_t family, struct ruleset *ruleset)
{
	struct ruleset_draft draft = { .table = table,
				       .settings = settings,
				       .family = family,
				       .has_cluster = has_cluster(settings, family) };
	struct ruleset_counts counts = { 0 };
	int r = 0;

	ruleset->family = family;
	if (!is_needed(table, settings))
		return 0;
	count(&draft, &counts);
	r = gather_lists(&draft, counts.restricted);
	if (r == 0)
		r = draft_close(&draft);
	counts.closed = draft.closed_count;
	counts.networks = draft.network_count;
	if (r == 0 && !counts_nothing(&counts))
		r = write_out(&draft, &counts, ruleset);
	free(draft.lists);
	draft_clear_closed(&draft);
	return r;
}

/* "3 services masqueraded" where there are any. */
static void describe(size_t count, const char *one, const char *many, char *buffer,
		     size_t size)
{
	size_t used = strlen(buffer);

	if (count > 0)
		snprintf(buffer + used, size - used, "%s%zu %s", used > 0 ? ", " : "",
			 count, count == 1 ? one : many);
}

const char *ruleset_describe(const struct ruleset *ruleset, char *buffer, size_t size)
{
	const struct ruleset_counts *counts = &ruleset->counts;

	buffer[0] = '\0';
	if (counts_nothing(counts))
		snprintf(buffer, size, "connections that drain");
	describe(counts->masqueraded, "service masqueraded", "services masqueraded",
		 buffer, size);
	describe(counts->restricted, "service with source ranges",
		 "services with source ranges", buffer, size);
	describe(counts->redirected, "service redirected from inside",
		 "services redirected from inside", buffer, size);
	describe(counts->closed, "address closed but for services",
		 "addresses closed but for services", buffer, size);
	describe(counts->networks, "network closed but for services",
		 "networks closed but for services", buffer, size);
	describe(counts->refused, "service without destinations answered for",
		 "services without destinations answered for", buffer, size);
	return buffer;
}

const char *ruleset_family_name(uint8_t family)
{
	return family == AF_INET6 ? "ip6" : "ip";
}

void ruleset_clear(struct ruleset *ruleset)
{
	free(ruleset->text);
	memset(ruleset, 0, sizeof(*ruleset));
}
