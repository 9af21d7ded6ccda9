/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nft_expression.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

enum { VALUE_MAX = 256 };

static int add_name(struct nft_names *names, const struct answer *answer,
		    unsigned int type, int *index)
{
	if (ARRAY_MAKE_ROOM(names->items, names->count, names->room) < 0)
		return -ENOMEM;
	*index = (int)names->count;
	answer_text(answer, type, names->items[names->count++].text, NFT_NAME);
	return 0;
}

/* A number in network byte order, or instead where it is not there. */
static uint32_t number(const struct answer *answer, unsigned int type, uint32_t instead)
{
	return answer->value[type] && answer->length[type] == sizeof(uint32_t)
		       ? ntohl(answer_u32(answer, type))
		       : instead;
}

/*
 * Registers count in four bytes since 4.1; the first four numbers are the old ones, of
 * sixteen bytes.
 */
static bool take_register(const struct answer *answer, unsigned int type, uint8_t length,
			  uint8_t *index)
{
	uint32_t found = number(answer, type, 0), first;

	if (found >= NFT_REG_1 && found <= NFT_REG_4)
		first = (found - NFT_REG_1) * 4;
	else if (found >= NFT_REG32_00 && found <= NFT_REG32_15)
		first = found - NFT_REG32_00;
	else
		return false;
	if (first * 4 + length > FILTER_REGISTERS * 4)
		return false;
	*index = (uint8_t)first;
	return true;
}

static bool take_data(const struct answer *answer, unsigned int type,
		      uint8_t data[static FILTER_DATA], uint8_t *length)
{
	static const struct answer_rule rules[NFTA_DATA_VALUE + 1] = {
		[NFTA_DATA_VALUE] = { 1, VALUE_MAX },
	};
	struct answer value;

	if (answer_find_nested(&value, answer, type, rules, ARRAY_SIZE(rules)) < 0 ||
	    !value.value[NFTA_DATA_VALUE] || value.length[NFTA_DATA_VALUE] > FILTER_DATA)
		return false;
	*length = (uint8_t)value.length[NFTA_DATA_VALUE];
	memcpy(data, value.value[NFTA_DATA_VALUE], *length);
	return true;
}

static int take_verdict(const struct answer *data, uint8_t *verdict, int *chain,
			struct nft_names *names)
{
	static const struct answer_rule rules[NFTA_VERDICT_CHAIN + 1] = {
		[NFTA_VERDICT_CODE] = { 4, 4 },
		[NFTA_VERDICT_CHAIN] = { 1, 256 },
	};
	struct answer answer;
	int r = answer_find_nested(&answer, data, NFTA_DATA_VERDICT, rules,
				   ARRAY_SIZE(rules));

	if (r < 0)
		return r;
	switch ((int)number(&answer, NFTA_VERDICT_CODE, NF_ACCEPT)) {
	case NF_DROP:
		*verdict = VERDICT_DROP;
		break;
	case NFT_CONTINUE:
		*verdict = VERDICT_NONE;
		break;
	case NFT_RETURN:
		*verdict = VERDICT_RETURN;
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		*verdict = (int)number(&answer, NFTA_VERDICT_CODE, 0) == NFT_JUMP
				   ? VERDICT_JUMP
				   : VERDICT_GOTO;
		if (!answer.value[NFTA_VERDICT_CHAIN])
			return -EBADMSG;
		return add_name(names, &answer, NFTA_VERDICT_CHAIN, chain);
	default:
		*verdict = VERDICT_ACCEPT;
	}
	return 0;
}

/* --- kinds of expressions: each fills one that is EXPRESSION_UNKNOWN so far --- */

typedef int (*decoder)(const struct answer *data, struct filter_expression *expression,
		       struct nft_names *names);

/*
 * Attributes of all kinds are numbers, texts or nests, by their type; the longest has
 * ten.
 */
enum { DATA_ATTRIBUTES = 11 };

static int decode_payload(const struct answer *data, struct filter_expression *expression,
			  UNUSED struct nft_names *names)
{
	static const uint8_t fields[] = {
		[NFT_PAYLOAD_LL_HEADER] = FIELD_UNKNOWN,
		[NFT_PAYLOAD_NETWORK_HEADER] = FIELD_NETWORK_HEADER,
		[NFT_PAYLOAD_TRANSPORT_HEADER] = FIELD_TRANSPORT_HEADER,
	};
	uint32_t base = number(data, NFTA_PAYLOAD_BASE, UINT32_MAX);
	uint32_t offset = number(data, NFTA_PAYLOAD_OFFSET, 0);
	uint32_t length = number(data, NFTA_PAYLOAD_LEN, 0);

	if (length == 0 || length > FILTER_DATA ||
	    !take_register(data, NFTA_PAYLOAD_DREG, (uint8_t)length, &expression->target))
		return 0;
	expression->kind = EXPRESSION_LOAD;
	expression->length = (uint8_t)length;
	expression->offset = (uint8_t)MIN_OF(offset, 200U);
	expression->field =
		base < ARRAY_SIZE(fields) ? fields[base] : (uint8_t)FIELD_UNKNOWN;
	return 0;
}

static int decode_meta(const struct answer *data, struct filter_expression *expression,
		       UNUSED struct nft_names *names)
{
	static const struct {
		uint8_t field, length;
	} keys[] = {
		[NFT_META_IIF] = { FIELD_INPUT_LINK, 4 },
		[NFT_META_OIF] = { FIELD_OUTPUT_LINK, 4 },
		[NFT_META_IIFNAME] = { FIELD_INPUT_NAME, IF_NAMESIZE },
		[NFT_META_OIFNAME] = { FIELD_OUTPUT_NAME, IF_NAMESIZE },
		[NFT_META_NFPROTO] = { FIELD_NETWORK_PROTOCOL, 1 },
		[NFT_META_L4PROTO] = { FIELD_PROTOCOL, 1 },
	};
	uint32_t key = number(data, NFTA_META_KEY, UINT32_MAX);
	bool known = key < ARRAY_SIZE(keys) && keys[key].field != FIELD_UNKNOWN;
	uint8_t length = known ? keys[key].length : FILTER_DATA;

	/* One that sets something of the packet loads nothing. */
	if (data->value[NFTA_META_SREG])
		expression->kind = EXPRESSION_NEUTRAL;
	if (!data->value[NFTA_META_DREG] ||
	    !take_register(data, NFTA_META_DREG, length, &expression->target))
		return 0;
	expression->kind = EXPRESSION_LOAD;
	expression->length = length;
	expression->field = known ? keys[key].field : (uint8_t)FIELD_UNKNOWN;
	return 0;
}

static int decode_ct(const struct answer *data, struct filter_expression *expression,
		     UNUSED struct nft_names *names)
{
	bool is_state = number(data, NFTA_CT_KEY, UINT32_MAX) == NFT_CT_STATE;
	uint8_t length = is_state ? 4 : FILTER_DATA;

	if (data->value[NFTA_CT_SREG])
		expression->kind = EXPRESSION_NEUTRAL;
	if (!data->value[NFTA_CT_DREG] ||
	    !take_register(data, NFTA_CT_DREG, length, &expression->target))
		return 0;
	expression->kind = EXPRESSION_LOAD;
	expression->length = length;
	expression->field = is_state ? FIELD_CT_STATE : FIELD_UNKNOWN;
	return 0;
}

/*
 * What is loaded by another kind (fib, socket, rt, …) is not known afterwards: a rule
 * with it may match.
 */
static int decode_compare(const struct answer *data, struct filter_expression *expression,
			  UNUSED struct nft_names *names)
{
	if (!take_data(data, NFTA_CMP_DATA, expression->data, &expression->length) ||
	    !take_register(data, NFTA_CMP_SREG, expression->length, &expression->source))
		return 0;
	expression->kind = EXPRESSION_COMPARE;
	expression->operation = (uint8_t)MIN_OF(number(data, NFTA_CMP_OP, 255), 255U);
	return 0;
}

static int decode_bitwise(const struct answer *data, struct filter_expression *expression,
			  UNUSED struct nft_names *names)
{
	enum { OPERATION = 6 }; /* NFTA_BITWISE_OP, since 5.6 */
	uint32_t length = number(data, NFTA_BITWISE_LEN, 0);
	uint8_t mask = 0, flip = 0;

	if (length == 0 || length > FILTER_DATA || number(data, OPERATION, 0) != 0 ||
	    !take_data(data, NFTA_BITWISE_MASK, expression->data, &mask) ||
	    !take_data(data, NFTA_BITWISE_XOR, expression->flip, &flip) ||
	    mask < length || flip < length ||
	    !take_register(data, NFTA_BITWISE_SREG, (uint8_t)length,
			   &expression->source) ||
	    !take_register(data, NFTA_BITWISE_DREG, (uint8_t)length, &expression->target))
		return 0;
	expression->kind = EXPRESSION_BITWISE;
	expression->length = (uint8_t)length;
	return 0;
}

static int decode_lookup(const struct answer *data, struct filter_expression *expression,
			 struct nft_names *names)
{
	enum { VERDICT_REGISTER = 0 };
	/* The key's length is the set's. */
	bool known = data->value[NFTA_LOOKUP_SET] &&
		     take_register(data, NFTA_LOOKUP_SREG, 4, &expression->source);

	expression->inverts = number(data, NFTA_LOOKUP_FLAGS, 0) & NFT_LOOKUP_F_INV;
	expression->maps =
		data->value[NFTA_LOOKUP_DREG] &&
		number(data, NFTA_LOOKUP_DREG, VERDICT_REGISTER) == VERDICT_REGISTER;
	/*
	 * A map to data: what it gives is not known, and whether the key is in it
	 * neither.
	 */
	if (data->value[NFTA_LOOKUP_DREG] && !expression->maps)
		return 0;
	expression->kind = EXPRESSION_LOOKUP;
	return known ? add_name(names, data, NFTA_LOOKUP_SET, &expression->set) : 0;
}

static int decode_immediate(const struct answer *data,
			    struct filter_expression *expression, struct nft_names *names)
{
	static const struct answer_rule rules[NFTA_DATA_VERDICT + 1] = {
		[NFTA_DATA_VALUE] = { 1, VALUE_MAX },
		[NFTA_DATA_VERDICT] = { 0, UINT16_MAX },
	};
	struct answer value;
	int r = answer_find_nested(&value, data, NFTA_IMMEDIATE_DATA, rules,
				   ARRAY_SIZE(rules));

	if (r < 0)
		return r;
	if (!value.value[NFTA_DATA_VERDICT])
		return 0;
	expression->kind = EXPRESSION_VERDICT;
	return take_verdict(&value, &expression->verdict, &expression->chain, names);
}

static int decode_neutral(UNUSED const struct answer *data,
			  struct filter_expression *expression,
			  UNUSED struct nft_names *names)
{
	expression->kind = EXPRESSION_NEUTRAL;
	return 0;
}

static int decode_reject(UNUSED const struct answer *data,
			 struct filter_expression *expression,
			 UNUSED struct nft_names *names)
{
	expression->kind = EXPRESSION_VERDICT;
	expression->verdict = VERDICT_DROP;
	return 0;
}

/* Queue, TPROXY and whatever else decides about the packet in a way that is not known. */
static int decode_other_verdict(UNUSED const struct answer *data,
				struct filter_expression *expression,
				UNUSED struct nft_names *names)
{
	expression->kind = EXPRESSION_VERDICT;
	expression->verdict = VERDICT_ACCEPT;
	return 0;
}

static bool is_one_of(const char *text, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, texts[i]) == 0)
			return true;
	}
	return false;
}

/* Targets of iptables-nft that nf_tables has no expression for. */
static int decode_target(const struct answer *data, struct filter_expression *expression,
			 struct nft_names *names)
{
	static const char *const passing[] = { "LOG",	  "NFLOG",    "MARK",  "CONNMARK",
					       "CT",	  "TCPMSS",   "TRACE", "AUDIT",
					       "DSCP",	  "CHECKSUM", "SET",   "SECMARK",
					       "CLASSIFY" };
	char name[32] = "";

	if (data->value[NFTA_TARGET_NAME])
		answer_text(data, NFTA_TARGET_NAME, name, sizeof(name));
	if (is_one_of(name, passing, ARRAY_SIZE(passing)))
		return decode_neutral(data, expression, names);
	if (strcmp(name, "REJECT") == 0 || strcmp(name, "DROP") == 0)
		return decode_reject(data, expression, names);
	return decode_other_verdict(data, expression, names);
}

/*
 * `-m conntrack --ctstate` alone, as the states that nft would look at: xt_conntrack.h
 * and nf_tables have the same bits for invalid, established, related and new, and others
 * for untracked.
 */
static bool take_ct_states(const struct answer *data, uint32_t *states)
{
	enum { COMMON = 0xf, XT_UNTRACKED = 1 << 8 };
	struct xt_conntrack_mtinfo3 info;

	if (!data->value[NFTA_MATCH_INFO] ||
	    data->length[NFTA_MATCH_INFO] < sizeof(info) ||
	    number(data, NFTA_MATCH_REV, 0) != 3)
		return false;
	memcpy(&info, data->value[NFTA_MATCH_INFO], sizeof(info));
	*states = info.state_mask & COMMON;
	if (info.state_mask & XT_UNTRACKED)
		*states |= CT_STATE_UNTRACKED;
	return info.match_flags == XT_CONNTRACK_STATE && info.invert_flags == 0 &&
	       (info.state_mask & ~(COMMON | XT_UNTRACKED)) == 0;
}

static int decode_match(const struct answer *data, struct filter_expression *expression,
			UNUSED struct nft_names *names)
{
	char name[32] = "";

	if (data->value[NFTA_MATCH_NAME])
		answer_text(data, NFTA_MATCH_NAME, name, sizeof(name));
	if (strcmp(name, "comment") == 0)
		expression->kind = EXPRESSION_NEUTRAL;
	if (strcmp(name, "conntrack") == 0 &&
	    take_ct_states(data, &expression->ct_states))
		expression->kind = EXPRESSION_CT_STATE;
	return 0;
}

static const struct {
	const char *name;
	decoder decode;
} decoders[] = {
	{ "payload", decode_payload },
	{ "meta", decode_meta },
	{ "ct", decode_ct },
	{ "cmp", decode_compare },
	{ "bitwise", decode_bitwise },
	{ "lookup", decode_lookup },
	{ "immediate", decode_immediate },
	{ "counter", decode_neutral },
	{ "log", decode_neutral },
	{ "last", decode_neutral },
	{ "notrack", decode_neutral },
	{ "reject", decode_reject },
	{ "queue", decode_other_verdict },
	{ "tproxy", decode_other_verdict },
	{ "synproxy", decode_other_verdict },
	{ "target", decode_target },
	{ "match", decode_match },
};

static int decode_expression(const struct answer *element, struct filter_rule *rule,
			     struct nft_names *names)
{
	/*
	 * Numbers are of four bytes, so that a shorter attribute of another kind is
	 * passed over.
	 */
	static const struct answer_rule rules[DATA_ATTRIBUTES] = {
		[1] = { 1, UINT16_MAX }, [2] = { 1, UINT16_MAX },
		[3] = { 1, UINT16_MAX }, [4] = { 1, UINT16_MAX },
		[5] = { 1, UINT16_MAX }, [6] = { 1, UINT16_MAX },
		[7] = { 1, UINT16_MAX }, [8] = { 1, UINT16_MAX },
		[9] = { 1, UINT16_MAX }, [10] = { 1, UINT16_MAX },
	};
	struct filter_expression expression = { .kind = EXPRESSION_UNKNOWN,
						.chain = -1,
						.set = -1 };
	struct answer data = { 0 };
	char name[32];
	int r = 0;

	answer_text(element, NFTA_EXPR_NAME, name, sizeof(name));
	if (element->value[NFTA_EXPR_DATA])
		r = answer_find_nested(&data, element, NFTA_EXPR_DATA, rules,
				       ARRAY_SIZE(rules));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(decoders); i++) {
		if (strcmp(name, decoders[i].name) == 0)
			r = decoders[i].decode(&data, &expression, names);
	}
	if (r < 0)
		return r;
	if (ARRAY_MAKE_ROOM(rule->expressions, rule->count, rule->room) < 0)
		return -ENOMEM;
	rule->expressions[rule->count++] = expression;
	return 0;
}

struct rule_context {
	struct filter_rule *rule;
	struct nft_names *names;
};

static int handle_expression(const void *value, size_t size, void *context)
{
	static const struct answer_rule rules[NFTA_EXPR_DATA + 1] = {
		[NFTA_EXPR_NAME] = { 1, 64 },
		[NFTA_EXPR_DATA] = { 0, UINT16_MAX },
	};
	struct rule_context *in = context;
	struct answer element;
	int r = answer_find(&element, value, size, rules, ARRAY_SIZE(rules));

	if (r < 0 || !element.value[NFTA_EXPR_NAME])
		return r < 0 ? r : -EBADMSG;
	return decode_expression(&element, in->rule, in->names);
}

int nft_decode_rule(const void *bytes, size_t length, struct filter_rule *rule,
		    struct nft_names *names)
{
	struct rule_context context = { rule, names };

	return answer_each(bytes, length, handle_expression, &context);
}

/* --- elements --- */

struct set_context {
	struct filter_set *set;
	struct nft_names *names;
};

static int handle_element(const void *value, size_t size, void *context)
{
	static const struct answer_rule rules[NFTA_SET_ELEM_FLAGS + 1] = {
		[NFTA_SET_ELEM_KEY] = { 0, UINT16_MAX },
		[NFTA_SET_ELEM_DATA] = { 0, UINT16_MAX },
		[NFTA_SET_ELEM_FLAGS] = { 4, 4 },
	};
	static const struct answer_rule data_rules[NFTA_DATA_VERDICT + 1] = {
		[NFTA_DATA_VALUE] = { 1, VALUE_MAX },
		[NFTA_DATA_VERDICT] = { 0, UINT16_MAX },
	};
	struct set_context *in = context;
	struct filter_element element = { .chain = -1 };
	struct filter_set *set = in->set;
	struct answer answer, data;
	uint8_t length;
	int r = answer_find(&answer, value, size, rules, ARRAY_SIZE(rules));

	if (r < 0)
		return r;
	if (number(&answer, NFTA_SET_ELEM_FLAGS, 0) != 0 ||
	    !take_data(&answer, NFTA_SET_ELEM_KEY, element.key, &length) ||
	    (set->count > 0 && set->length != length))
		return -EOPNOTSUPP;
	set->length = length;
	if (answer.value[NFTA_SET_ELEM_DATA]) {
		r = answer_find_nested(&data, &answer, NFTA_SET_ELEM_DATA, data_rules,
				       ARRAY_SIZE(data_rules));
		if (r == 0 && data.value[NFTA_DATA_VERDICT])
			r = take_verdict(&data, &element.verdict, &element.chain,
					 in->names);
		if (r < 0)
			return r;
	}
	if (ARRAY_MAKE_ROOM(set->elements, set->count, set->room) < 0)
		return -ENOMEM;
	set->elements[set->count++] = element;
	return 0;
}

int nft_decode_elements(const void *bytes, size_t length, struct filter_set *set,
			struct nft_names *names)
{
	struct set_context context = { set, names };

	return answer_each(bytes, length, handle_element, &context);
}

void nft_names_clear(struct nft_names *names)
{
	free(names->items);
	memset(names, 0, sizeof(*names));
}
