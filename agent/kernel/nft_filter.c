/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nft_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/kernel/nft_expression.h"
#include "agent/kernel/netlink/nfnetlink.h"
#include "common/array.h"

/* What is read at most. */
enum { CHAINS_MAX = 1024, RULES_MAX = 4096, ELEMENTS_MAX = 256, READ_TRIES = 3 };

struct filter_reader {
	struct netlink_socket *socket;
	struct packet_filter *filter;
	const char *except;
	struct filter_chain *chain; /* whose rules are being read */
	struct filter_set set;	    /* whose elements are being read */
	struct nft_names names;	    /* of chains and sets that rules refer to */
	size_t rules;		    /* so far */
	bool overflow;		    /* the chain or set has more than is read */
};

bool nft_filter_is_there(void)
{
	static const char module[] = "/sys/module/nf_tables", modules[] = "/proc/modules";

	/* A kernel without modules has it or not, and asking loads nothing. */
	return access(module, F_OK) == 0 || access(modules, F_OK) != 0;
}

/* --- questions --- */

struct attribute_text {
	uint16_t type;
	const char *text;
};

static int dump(struct filter_reader *reader, uint8_t command, uint8_t family,
		const struct attribute_text *texts, size_t count, netlink_handler handle)
{
	struct request_buffer buffer;
	struct request request;

	nfnetlink_start(reader->socket, &request, &buffer,
			nfnetlink_type(NFNL_SUBSYS_NFTABLES, command), NLM_F_DUMP,
			family);
	for (size_t i = 0; i < count; i++)
		request_put_text(&request, texts[i].type, texts[i].text);
	return netlink_ask(reader->socket, request_end(&request), handle, reader);
}

/* --- chains --- */

static int take_hook(const struct answer *answer, struct filter_chain *chain)
{
	static const struct answer_rule rules[NFTA_HOOK_PRIORITY + 1] = {
		[NFTA_HOOK_HOOKNUM] = { 4, 4 },
		[NFTA_HOOK_PRIORITY] = { 4, 4 },
	};
	struct answer hook;
	int r = answer_find_nested(&hook, answer, NFTA_CHAIN_HOOK, rules,
				   ARRAY_SIZE(rules));

	if (r < 0 || !hook.value[NFTA_HOOK_HOOKNUM] || !hook.value[NFTA_HOOK_PRIORITY])
		return r < 0 ? r : -EBADMSG;
	chain->base = true;
	chain->hook = (uint8_t)ntohl(answer_u32(&hook, NFTA_HOOK_HOOKNUM));
	chain->priority = (int)ntohl(answer_u32(&hook, NFTA_HOOK_PRIORITY));
	chain->drops = answer->value[NFTA_CHAIN_POLICY] &&
		       ntohl(answer_u32(answer, NFTA_CHAIN_POLICY)) == NF_DROP;
	return 0;
}

static int handle_chain(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[NFTA_CHAIN_POLICY + 1] = {
		[NFTA_CHAIN_TABLE] = { 1, 256 },
		[NFTA_CHAIN_NAME] = { 1, 256 },
		[NFTA_CHAIN_HOOK] = { 0, UINT16_MAX },
		[NFTA_CHAIN_POLICY] = { 4, 4 },
	};
	struct filter_reader *reader = context;
	struct packet_filter *filter = reader->filter;
	struct filter_chain chain = { 0 };
	struct answer answer;
	int r;

	if (!nfnetlink_is(message,
			  nfnetlink_type(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWCHAIN)))
		return 0;
	r = nfnetlink_find(&answer, message, rules, ARRAY_SIZE(rules));
	if (r < 0 || !answer.value[NFTA_CHAIN_TABLE] || !answer.value[NFTA_CHAIN_NAME])
		return r < 0 ? r : -EBADMSG;
	chain.family = nfnetlink_family(message);
	answer_text(&answer, NFTA_CHAIN_TABLE, chain.table, sizeof(chain.table));
	answer_text(&answer, NFTA_CHAIN_NAME, chain.name, sizeof(chain.name));
	if ((chain.family != NFPROTO_IPV4 && chain.family != NFPROTO_IPV6 &&
	     chain.family != NFPROTO_INET) ||
	    strcmp(chain.table, reader->except) == 0 || filter->count == CHAINS_MAX)
		return 0;
	if (answer.value[NFTA_CHAIN_HOOK] && take_hook(&answer, &chain) < 0)
		return -EBADMSG;
	if (ARRAY_MAKE_ROOM(filter->chains, filter->count, filter->room) < 0)
		return -ENOMEM;
	filter->chains[filter->count++] = chain;
	return 0;
}

static int find_chain(const struct filter_reader *reader, const char *name)
{
	const struct filter_chain *from = reader->chain;

	for (size_t i = 0; i < reader->filter->count; i++) {
		const struct filter_chain *chain = &reader->filter->chains[i];

		if (chain->family == from->family &&
		    strcmp(chain->table, from->table) == 0 &&
		    strcmp(chain->name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* --- rules --- */

static int handle_rule(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[NFTA_RULE_EXPRESSIONS + 1] = {
		[NFTA_RULE_TABLE] = { 1, 256 },
		[NFTA_RULE_CHAIN] = { 1, 256 },
		[NFTA_RULE_EXPRESSIONS] = { 0, UINT16_MAX },
	};
	struct filter_reader *reader = context;
	struct filter_chain *chain = reader->chain;
	char table[FILTER_NAME], name[FILTER_NAME];
	struct filter_rule *rule;
	struct answer answer;
	int r;

	if (!nfnetlink_is(message, nfnetlink_type(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWRULE)))
		return 0;
	r = nfnetlink_find(&answer, message, rules, ARRAY_SIZE(rules));
	if (r < 0 || !answer.value[NFTA_RULE_TABLE] || !answer.value[NFTA_RULE_CHAIN])
		return r < 0 ? r : -EBADMSG;
	answer_text(&answer, NFTA_RULE_TABLE, table, sizeof(table));
	answer_text(&answer, NFTA_RULE_CHAIN, name, sizeof(name));
	/* Older kernels tell of more than was asked for. */
	if (nfnetlink_family(message) != chain->family ||
	    strcmp(table, chain->table) != 0 || strcmp(name, chain->name) != 0)
		return 0;
	if (reader->rules++ >= RULES_MAX) {
		reader->overflow = true;
		return 0;
	}
	if (ARRAY_MAKE_ROOM(chain->rules, chain->count, chain->room) < 0)
		return -ENOMEM;
	rule = &chain->rules[chain->count++];
	*rule = (struct filter_rule){ 0 };
	return answer.value[NFTA_RULE_EXPRESSIONS]
		       ? nft_decode_rule(answer.value[NFTA_RULE_EXPRESSIONS],
					 answer.length[NFTA_RULE_EXPRESSIONS], rule,
					 &reader->names)
		       : 0;
}

/* --- sets --- */

static int handle_elements(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[NFTA_SET_ELEM_LIST_ELEMENTS + 1] = {
		[NFTA_SET_ELEM_LIST_ELEMENTS] = { 0, UINT16_MAX },
	};
	struct filter_reader *reader = context;
	struct answer answer;
	int r;

	if (!nfnetlink_is(message,
			  nfnetlink_type(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWSETELEM)))
		return 0;
	r = nfnetlink_find(&answer, message, rules, ARRAY_SIZE(rules));
	if (r < 0 || !answer.value[NFTA_SET_ELEM_LIST_ELEMENTS])
		return r;
	r = nft_decode_elements(answer.value[NFTA_SET_ELEM_LIST_ELEMENTS],
				answer.length[NFTA_SET_ELEM_LIST_ELEMENTS], &reader->set,
				&reader->names);
	/* Intervals, concatenations, and whatever else is not a list of values. */
	if (r == -EOPNOTSUPP || reader->set.count > ELEMENTS_MAX) {
		reader->overflow = true;
		return 0;
	}
	return r;
}

/* The chains that a map's elements jump to are known by their names until here. */
static void resolve_elements(const struct filter_reader *reader, struct filter_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct filter_element *element = &set->elements[i];

		if (element->chain >= 0)
			element->chain = find_chain(
				reader, reader->names.items[element->chain].text);
	}
}

/* The index of the set, or -1 where it is not one that is understood. */
static int read_set(struct filter_reader *reader, const char *name, int *index)
{
	struct packet_filter *filter = reader->filter;
	const struct attribute_text texts[] = {
		{ NFTA_SET_ELEM_LIST_TABLE, reader->chain->table },
		{ NFTA_SET_ELEM_LIST_SET, name },
	};
	struct filter_set set;
	int r;

	*index = -1;
	/* One with a name may be as long as a list of all the world's addresses. */
	if (strncmp(name, "__", 2) != 0)
		return 0;
	reader->set = (struct filter_set){ 0 };
	reader->overflow = false;
	r = dump(reader, NFT_MSG_GETSETELEM, reader->chain->family, texts,
		 ARRAY_SIZE(texts), handle_elements);
	set = reader->set;
	if (r == 0 && !reader->overflow && set.count > 0) {
		resolve_elements(reader, &set);
		if (ARRAY_MAKE_ROOM(filter->sets, filter->set_count, filter->set_room) <
		    0) {
			r = -ENOMEM;
		} else {
			*index = (int)filter->set_count;
			filter->sets[filter->set_count++] = set;
			return 0;
		}
	}
	free(set.elements);
	/* One that has gone meanwhile, or may not be asked for, is not known. */
	return r == -ENOMEM || r == -EINTR ? r : 0;
}

/* --- all of it --- */

/* Names that the chain's rules refer to become indices. */
static int resolve_rules(struct filter_reader *reader)
{
	struct filter_chain *chain = reader->chain;
	int r = 0;

	for (size_t i = 0; r == 0 && i < chain->count; i++) {
		for (size_t k = 0; r == 0 && k < chain->rules[i].count; k++) {
			struct filter_expression *e = &chain->rules[i].expressions[k];
			int set = e->set;

			if (e->kind == EXPRESSION_VERDICT && e->chain >= 0)
				e->chain = find_chain(reader,
						      reader->names.items[e->chain].text);
			if (e->kind == EXPRESSION_LOOKUP && set >= 0)
				r = read_set(reader, reader->names.items[set].text,
					     &e->set);
		}
	}
	return r;
}

static int read_rules(struct filter_reader *reader, int index, bool *wanted)
{
	struct filter_chain *chain = &reader->filter->chains[index];
	const struct attribute_text texts[] = {
		{ NFTA_RULE_TABLE, chain->table },
		{ NFTA_RULE_CHAIN, chain->name },
	};
	int r;

	reader->chain = chain;
	reader->overflow = false;
	nft_names_clear(&reader->names);
	r = dump(reader, NFT_MSG_GETRULE, chain->family, texts, ARRAY_SIZE(texts),
		 handle_rule);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	chain->read = !reader->overflow;
	r = resolve_rules(reader);
	for (size_t i = 0; r == 0 && i < chain->count; i++) {
		for (size_t k = 0; k < chain->rules[i].count; k++) {
			int to = chain->rules[i].expressions[k].chain;

			if (to >= 0)
				wanted[to] = true;
		}
	}
	return r;
}

static bool is_of_interest(const struct filter_chain *chain)
{
	return chain->base &&
	       (chain->hook == FILTER_INPUT || chain->hook == FILTER_FORWARD ||
		chain->hook == FILTER_OUTPUT);
}

/* Chains that a map of a set jumps to are wanted, too. */
static void want_elements(const struct packet_filter *filter, bool *wanted)
{
	for (size_t i = 0; i < filter->set_count; i++) {
		for (size_t k = 0; k < filter->sets[i].count; k++) {
			if (filter->sets[i].elements[k].chain >= 0)
				wanted[filter->sets[i].elements[k].chain] = true;
		}
	}
}

static int read_wanted(struct filter_reader *reader)
{
	size_t count = reader->filter->count;
	cleanup_free bool *wanted = calloc(count + 1, sizeof(*wanted));
	cleanup_free bool *done = calloc(count + 1, sizeof(*done));
	bool more = true;
	int r = wanted && done ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		wanted[i] = is_of_interest(&reader->filter->chains[i]);
	while (r == 0 && more) {
		more = false;
		for (size_t i = 0; r == 0 && i < count; i++) {
			if (!wanted[i] || done[i])
				continue;
			done[i] = more = true;
			r = read_rules(reader, (int)i, wanted);
		}
		if (r == 0)
			want_elements(reader->filter, wanted);
	}
	return r;
}

static int read_all(struct filter_reader *reader)
{
	int r = dump(reader, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL, 0, handle_chain);

	return r == 0 ? read_wanted(reader) : r;
}

int nft_filter_read(const char *except, struct packet_filter *filter, struct err *err)
{
	cleanup_netlink struct netlink_socket *socket = NULL;
	struct filter_reader reader = { .filter = filter, .except = except };
	int r = netlink_open(&socket, NETLINK_NETFILTER, RECEIVE_LONG, err);

	if (r < 0)
		return r;
	reader.socket = socket;
	r = -EINTR;
	/* What others change meanwhile would be half of the old and half of the new. */
	for (int i = 0; i < READ_TRIES && r == -EINTR; i++) {
		packet_filter_clear(filter);
		reader.rules = 0;
		r = read_all(&reader);
	}
	nft_names_clear(&reader.names);
	if (r < 0) {
		packet_filter_clear(filter);
		return err_errno(err, -r, "reading the chains of nf_tables");
	}
	return 0;
}
