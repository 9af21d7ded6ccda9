/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/nft_expression.h"

/* Any bytes as a rule and as a set's elements of nf_tables; what is taken is then run. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct filter_rule *rule, struct filter_set *set,
		const struct nft_names *names)
{
	struct filter_chain chain = { .family = AF_INET,
				      .base = true,
				      .hook = FILTER_INPUT,
				      .drops = true,
				      .read = true,
				      .rules = rule,
				      .count = 1 };
	struct packet_filter filter = {
		.chains = &chain, .count = 1, .sets = set, .set_count = 1
	};
	struct filter_memory memory = { 0 };
	struct packet packet = { .family = AF_INET,
				 .protocol = 6,
				 .target = { .family = AF_INET },
				 .target_port = 80,
				 .ct_state = CT_STATE_NEW };

	/* Names have become indices by then: of the one chain and the one set here. */
	for (size_t i = 0; i < rule->count; i++) {
		struct filter_expression *expression = &rule->expressions[i];

		if (expression->chain >= (int)names->count ||
		    expression->set >= (int)names->count)
			abort();
		expression->chain = expression->chain >= 0 ? 0 : -1;
		expression->set = expression->set >= 0 ? 0 : -1;
	}
	for (size_t i = 0; i < set->count; i++) {
		if (set->elements[i].chain >= (int)names->count)
			abort();
		set->elements[i].chain = -1;
	}
	(void)packet_filter_drops(&filter, FILTER_INPUT, 98, &packet, &memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory of its own size, so that a read past its end is seen. */
	uint8_t *bytes = malloc(size ? size : 1);
	struct nft_names names = { 0 };
	struct filter_rule rule = { 0 };
	struct filter_set set = { 0 };

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	/* What came before what is wrong is taken. */
	if (nft_decode_elements(bytes, size, &set, &names) < 0 ||
	    nft_decode_rule(bytes, size, &rule, &names) < 0)
		names.room += 0;
	run(&rule, &set, &names);
	free(rule.expressions);
	free(set.elements);
	nft_names_clear(&names);
	free(bytes);
	return 0;
}
