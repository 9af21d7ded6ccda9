/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/ruleset_make.h"

#include "agent/model/fingerprint.h"
#include "agent/plan/ruleset_draft.h"
#include "agent/plan/ruleset_text.h"

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

	ruleset_text_write(draft, counts, &text);
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
	r = draft_gather(&draft, counts.restricted);
	counts.closed = draft.closed_count;
	counts.networks = draft.network_count;
	if (r == 0 && !ruleset_counts_nothing(&counts))
		r = write_out(&draft, &counts, ruleset);
	draft_clear(&draft);
	return r;
}
