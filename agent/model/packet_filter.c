/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/packet_filter.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After this many jumps or rules a packet counts as accepted. */
enum { JUMPS_MAX = 16, RULES_MAX = 10000 };

enum { LOOPBACK_INDEX = 1, INET_FAMILY = 1 };

/* What is known of a byte. */
enum knowledge {
	BYTE_UNKNOWN,
	BYTE_KNOWN,
	BYTE_NOT_LOOPBACK, /* of a link that is not lo: all that is known of it */
};

struct registers {
	uint8_t bytes[FILTER_REGISTERS * 4];
	uint8_t known[FILTER_REGISTERS * 4];
	unsigned int looked_at; /* parts of the packet, enum part */
};

enum part {
	PART_SOURCE = 1,
	PART_TARGET = 2,
	PART_PROTOCOL = 4,
	PART_SOURCE_PORT = 8,
	PART_TARGET_PORT = 16,
	PART_INPUT = 32,
	PART_OUTPUT = 64,
	PART_CT_STATE = 128,
};

enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

/* --- what is known of the packet --- */

static void set_known(struct registers *registers, size_t at, const void *bytes,
		      size_t length)
{
	memcpy(registers->bytes + at, bytes, length);
	memset(registers->known + at, BYTE_KNOWN, length);
}

/* The part of a header that is value, as far as it is asked for and known. */
static void load_part(struct registers *registers,
		      const struct filter_expression *expression, enum part part,
		      size_t offset, const void *value, size_t length)
{
	size_t at = (size_t)expression->target * 4;

	if (expression->offset >= offset + length ||
	    expression->offset + (size_t)expression->length <= offset)
		return;
	registers->looked_at |= (unsigned int)part;
	for (size_t i = 0; i < expression->length; i++) {
		size_t position = expression->offset + i;

		if (value && position >= offset && position < offset + length)
			set_known(registers, at + i,
				  (const uint8_t *)value + (position - offset), 1);
	}
}

static const void *address_bytes(const struct address *address)
{
	return address->family ? address->bytes : NULL;
}

static void load_network_header(struct registers *registers,
				const struct filter_expression *expression,
				const struct packet *packet)
{
	bool v6 = packet->family == AF_INET6;
	size_t length = v6 ? 16 : 4;

	load_part(registers, expression, PART_SOURCE, v6 ? 8 : 12,
		  address_bytes(&packet->source), length);
	load_part(registers, expression, PART_TARGET, v6 ? 24 : 16,
		  address_bytes(&packet->target), length);
	load_part(registers, expression, PART_PROTOCOL, v6 ? 6 : 9,
		  packet->protocol ? &packet->protocol : NULL, 1);
}

static void load_ports(struct registers *registers,
		       const struct filter_expression *expression,
		       const struct packet *packet)
{
	uint16_t source = htons(packet->source_port), target = htons(packet->target_port);

	load_part(registers, expression, PART_SOURCE_PORT, 0, source ? &source : NULL,
		  sizeof(source));
	load_part(registers, expression, PART_TARGET_PORT, 2, target ? &target : NULL,
		  sizeof(target));
}

static void load_link(struct registers *registers,
		      const struct filter_expression *expression,
		      const struct packet_link *link)
{
	bool by_name = expression->field == FIELD_INPUT_NAME ||
		       expression->field == FIELD_OUTPUT_NAME;
	size_t at = (size_t)expression->target * 4;
	char name[FILTER_DATA] = "";

	if (link->index == 0) {
		memset(registers->known + at, BYTE_NOT_LOOPBACK, expression->length);
	} else if (by_name) {
		memcpy(name, link->name, sizeof(name));
		set_known(registers, at, name, expression->length);
	} else if (expression->length == sizeof(link->index)) {
		set_known(registers, at, &link->index, sizeof(link->index));
	}
}

static void load(struct registers *registers, const struct filter_expression *expression,
		 const struct packet *packet)
{
	uint8_t family = packet->family;
	size_t at = (size_t)expression->target * 4;

	memset(registers->known + at, BYTE_UNKNOWN, expression->length);
	switch ((enum filter_field)expression->field) {
	case FIELD_NETWORK_HEADER:
		load_network_header(registers, expression, packet);
		break;
	case FIELD_TRANSPORT_HEADER:
		load_ports(registers, expression, packet);
		break;
	case FIELD_NETWORK_PROTOCOL:
		set_known(registers, at, &family, sizeof(family));
		break;
	case FIELD_PROTOCOL:
		registers->looked_at |= PART_PROTOCOL;
		if (packet->protocol)
			set_known(registers, at, &packet->protocol, 1);
		break;
	case FIELD_INPUT_LINK:
	case FIELD_INPUT_NAME:
		registers->looked_at |= PART_INPUT;
		load_link(registers, expression, &packet->input);
		break;
	case FIELD_OUTPUT_LINK:
	case FIELD_OUTPUT_NAME:
		registers->looked_at |= PART_OUTPUT;
		load_link(registers, expression, &packet->output);
		break;
	case FIELD_CT_STATE:
		registers->looked_at |= PART_CT_STATE;
		if (packet->ct_state && expression->length == sizeof(packet->ct_state))
			set_known(registers, at, &packet->ct_state,
				  sizeof(packet->ct_state));
		break;
	case FIELD_UNKNOWN:
		break;
	}
}

/* --- rules --- */

static void calculate(struct registers *registers,
		      const struct filter_expression *expression)
{
	size_t from = (size_t)expression->source * 4, to = (size_t)expression->target * 4;

	for (size_t i = 0; i < expression->length; i++) {
		uint8_t known = registers->known[from + i];

		registers->bytes[to + i] =
			(uint8_t)((registers->bytes[from + i] & expression->data[i]) ^
				  expression->flip[i]);
		/* Bits that are masked away need not be known. */
		registers->known[to + i] = known == BYTE_KNOWN || expression->data[i] == 0
						   ? BYTE_KNOWN
						   : BYTE_UNKNOWN;
	}
}

static bool names_loopback(const struct filter_expression *expression)
{
	static const char name[] = "lo";
	int index = LOOPBACK_INDEX;

	return expression->length == sizeof(index)
		       ? memcmp(expression->data, &index, sizeof(index)) == 0
		       : expression->length >= sizeof(name) &&
				 memcmp(expression->data, name, sizeof(name)) == 0;
}

static enum match compare_known(int order, uint8_t operation)
{
	static const bool holds[][3] = {
		{ false, true, false }, /* eq; by order -1, 0, 1 */
		{ true, false, true },	/* neq */
		{ true, false, false }, /* lt */
		{ true, true, false },	/* lte */
		{ false, false, true }, /* gt */
		{ false, true, true },	/* gte */
	};

	if (operation >= ARRAY_SIZE(holds))
		return MATCH_MAYBE;
	return holds[operation][(order > 0) - (order < 0) + 1] ? MATCH_YES : MATCH_NO;
}

static enum match compare(const struct registers *registers,
			  const struct filter_expression *expression)
{
	size_t at = (size_t)expression->source * 4;
	bool equality = expression->operation <= 1, unknown = false;

	for (size_t i = 0; i < expression->length; i++) {
		uint8_t known = registers->known[at + i];

		if (known == BYTE_NOT_LOOPBACK && equality && names_loopback(expression))
			return compare_known(1, expression->operation);
		/* One byte that differs decides whether they are equal. */
		if (known == BYTE_KNOWN && equality &&
		    registers->bytes[at + i] != expression->data[i])
			return compare_known(1, expression->operation);
		unknown |= known != BYTE_KNOWN;
	}
	if (unknown)
		return MATCH_MAYBE;
	return compare_known(
		memcmp(registers->bytes + at, expression->data, expression->length),
		expression->operation);
}

static bool is_known(const struct registers *registers, size_t at, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (registers->known[at + i] != BYTE_KNOWN)
			return false;
	}
	return true;
}

/* What a rule does where it matches. */
struct effect {
	enum filter_verdict verdict;
	int chain; /* of a jump */
};

static enum match look_up(const struct packet_filter *filter,
			  const struct registers *registers,
			  const struct filter_expression *expression,
			  struct effect *effect)
{
	const struct filter_set *set =
		expression->set < 0 ? NULL : &filter->sets[expression->set];
	size_t at = (size_t)expression->source * 4;
	bool found = false;

	if (!set || at + set->length > sizeof(registers->bytes) ||
	    !is_known(registers, at, set->length)) {
		/* Any of its verdicts, which may accept. */
		if (expression->maps)
			effect->verdict = VERDICT_ACCEPT;
		return MATCH_MAYBE;
	}
	for (size_t i = 0; !found && i < set->count; i++) {
		found = memcmp(set->elements[i].key, registers->bytes + at,
			       set->length) == 0;
		if (found && expression->maps)
			*effect = (struct effect){
				(enum filter_verdict)set->elements[i].verdict,
				set->elements[i].chain
			};
	}
	return found != expression->inverts ? MATCH_YES : MATCH_NO;
}

static enum match run_expression(const struct packet_filter *filter,
				 const struct packet *packet, struct registers *registers,
				 const struct filter_expression *expression,
				 struct effect *effect)
{
	switch (expression->kind) {
	case EXPRESSION_LOAD:
		load(registers, expression, packet);
		return MATCH_YES;
	case EXPRESSION_BITWISE:
		calculate(registers, expression);
		return MATCH_YES;
	case EXPRESSION_COMPARE:
		return compare(registers, expression);
	case EXPRESSION_LOOKUP:
		return look_up(filter, registers, expression, effect);
	case EXPRESSION_VERDICT:
		*effect = (struct effect){ (enum filter_verdict)expression->verdict,
					   expression->chain };
		return MATCH_YES;
	case EXPRESSION_CT_STATE:
		registers->looked_at |= PART_CT_STATE;
		if (packet->ct_state == 0)
			return MATCH_MAYBE;
		return packet->ct_state & expression->ct_states ? MATCH_YES : MATCH_NO;
	case EXPRESSION_UNKNOWN:
		memset(registers->known, BYTE_UNKNOWN, sizeof(registers->known));
		return MATCH_MAYBE;
	case EXPRESSION_NEUTRAL:
		break;
	}
	return MATCH_YES;
}

static enum match run_rule(const struct packet_filter *filter,
			   const struct filter_rule *rule, const struct packet *packet,
			   unsigned int *looked_at, struct effect *effect)
{
	struct registers registers;
	enum match match = MATCH_YES;

	memset(registers.known, BYTE_UNKNOWN, sizeof(registers.known));
	registers.looked_at = 0;
	*effect = (struct effect){ VERDICT_NONE, -1 };
	for (size_t i = 0; i < rule->count; i++) {
		enum match found = run_expression(filter, packet, &registers,
						  &rule->expressions[i], effect);

		match = MIN_OF(match, found);
		if (match == MATCH_NO || effect->verdict != VERDICT_NONE)
			break;
	}
	*looked_at |= registers.looked_at;
	return match;
}

/* --- chains --- */

struct run {
	const struct packet_filter *filter;
	const struct packet *packet;
	int jumps;
	size_t rules_left;
	unsigned int looked_at;
};

/*
 * ACCEPT where a rule can accept it, DROP where one does drop it, NONE where it goes on
 * in the chain that jumped here.
 */
static enum filter_verdict run_chain(struct run *run, int index)
{
	const struct filter_chain *chain = index < 0 ? NULL : &run->filter->chains[index];
	bool may_have_left = false; /* by a return or goto that may not match */

	if (!chain || !chain->read || run->jumps == JUMPS_MAX)
		return VERDICT_ACCEPT;
	for (size_t i = 0; i < chain->count; i++) {
		struct effect effect;
		enum match match;

		if (run->rules_left-- == 0)
			return VERDICT_ACCEPT;
		match = run_rule(run->filter, &chain->rules[i], run->packet,
				 &run->looked_at, &effect);
		if (match == MATCH_NO)
			continue;
		if (effect.verdict == VERDICT_JUMP || effect.verdict == VERDICT_GOTO) {
			bool leaves = effect.verdict == VERDICT_GOTO;

			run->jumps++;
			effect.verdict = run_chain(run, effect.chain);
			run->jumps--;
			if (effect.verdict == VERDICT_NONE && leaves)
				effect.verdict = VERDICT_RETURN;
		}
		if (effect.verdict == VERDICT_ACCEPT)
			return VERDICT_ACCEPT;
		if (effect.verdict == VERDICT_RETURN && match == MATCH_YES)
			return VERDICT_NONE;
		may_have_left |= effect.verdict == VERDICT_RETURN;
		if (effect.verdict == VERDICT_DROP && match == MATCH_YES &&
		    !may_have_left)
			return VERDICT_DROP;
	}
	return VERDICT_NONE;
}

static bool concerns(const struct filter_chain *chain, enum filter_hook hook, int below,
		     const struct packet *packet)
{
	return chain->base && chain->hook == hook && chain->priority < below &&
	       (chain->family == INET_FAMILY || chain->family == packet->family);
}

static bool rule_drops(const struct filter_rule *rule)
{
	for (size_t i = 0; i < rule->count; i++) {
		if (rule->expressions[i].kind == EXPRESSION_VERDICT &&
		    rule->expressions[i].verdict == VERDICT_DROP)
			return true;
	}
	return false;
}

/* By a rule or a set's element, wherever that is. */
static bool anything_drops(const struct packet_filter *filter)
{
	for (size_t i = 0; i < filter->count; i++) {
		for (size_t k = 0; k < filter->chains[i].count; k++) {
			if (rule_drops(&filter->chains[i].rules[k]))
				return true;
		}
	}
	for (size_t i = 0; i < filter->set_count; i++) {
		for (size_t k = 0; k < filter->sets[i].count; k++) {
			if (filter->sets[i].elements[k].verdict == VERDICT_DROP)
				return true;
		}
	}
	return false;
}

bool packet_filter_can_drop(const struct packet_filter *filter, enum filter_hook hook)
{
	bool has_chain = false;

	for (size_t i = 0; i < filter->count; i++) {
		const struct filter_chain *chain = &filter->chains[i];

		if (!chain->base || chain->hook != hook)
			continue;
		has_chain = true;
		if (chain->drops)
			return true;
	}
	return has_chain && anything_drops(filter);
}

static bool links_equal(const struct packet_link *a, const struct packet_link *b)
{
	return a->index == b->index;
}

/* Whether the packet is the remembered one in all that counted for that. */
static bool is_remembered(const struct filter_memory *memory, const struct packet *packet)
{
	const struct packet *last = &memory->packet;
	unsigned int parts = memory->looked_at;

	return memory->asked > 0 && last->family == packet->family &&
	       (!(parts & PART_CT_STATE) || last->ct_state == packet->ct_state) &&
	       (!(parts & PART_PROTOCOL) || last->protocol == packet->protocol) &&
	       (!(parts & PART_SOURCE_PORT) ||
		last->source_port == packet->source_port) &&
	       (!(parts & PART_TARGET_PORT) ||
		last->target_port == packet->target_port) &&
	       (!(parts & PART_INPUT) || links_equal(&last->input, &packet->input)) &&
	       (!(parts & PART_OUTPUT) || links_equal(&last->output, &packet->output)) &&
	       (!(parts & PART_SOURCE) ||
		address_compare(&last->source, &packet->source) == 0) &&
	       (!(parts & PART_TARGET) ||
		address_compare(&last->target, &packet->target) == 0);
}

const struct filter_chain *packet_filter_drops(const struct packet_filter *filter,
					       enum filter_hook hook, int below,
					       const struct packet *packet,
					       struct filter_memory *memory)
{
	struct run run = { .filter = filter, .packet = packet };
	const struct filter_chain *found = NULL;

	if (is_remembered(memory, packet))
		return memory->chain;
	for (size_t i = 0; !found && i < filter->count; i++) {
		const struct filter_chain *chain = &filter->chains[i];
		enum filter_verdict verdict;

		if (!concerns(chain, hook, below, packet))
			continue;
		run.rules_left = RULES_MAX;
		verdict = run_chain(&run, (int)i);
		if (verdict == VERDICT_DROP || (verdict == VERDICT_NONE && chain->drops))
			found = chain;
	}
	memory->packet = *packet;
	memory->looked_at = run.looked_at;
	memory->chain = found;
	memory->asked++;
	return found;
}

const char *filter_chain_format(const struct filter_chain *chain,
				char buffer[static FILTER_CHAIN_TEXT])
{
	const char *family = chain->family == AF_INET6	? "ip6"
			     : chain->family == AF_INET ? "ip"
							: "inet";

	snprintf(buffer, FILTER_CHAIN_TEXT, "%s %s %s", family, chain->table,
		 chain->name);
	return buffer;
}

void packet_filter_clear(struct packet_filter *filter)
{
	for (size_t i = 0; i < filter->count; i++) {
		struct filter_chain *chain = &filter->chains[i];

		for (size_t k = 0; k < chain->count; k++)
			free(chain->rules[k].expressions);
		free(chain->rules);
	}
	for (size_t i = 0; i < filter->set_count; i++)
		free(filter->sets[i].elements);
	free(filter->sets);
	free(filter->chains);
	memset(filter, 0, sizeof(*filter));
}
