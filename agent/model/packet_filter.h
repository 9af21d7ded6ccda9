/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/macro.h"

/*
 * What others' base chains of nftables do with a packet of which not everything is known:
 * from outside, by an unknown client. An expression that is not understood, or that looks
 * at what is not known, may match or not. A packet counts as dropped only where no rule
 * can accept it, so that what this says is dropped is dropped. Pure;
 * agent/kernel/nft_filter.h reads the chains.
 */

/* Numbers of enum nf_inet_hooks. */
enum filter_hook { FILTER_INPUT = 1, FILTER_FORWARD = 2, FILTER_OUTPUT = 3 };

enum { FILTER_NAME = 64, FILTER_DATA = 16, FILTER_REGISTERS = 16 };

enum filter_field {
	FIELD_UNKNOWN,
	FIELD_NETWORK_HEADER, /* offset bytes into it, and so the next one */
	FIELD_TRANSPORT_HEADER,
	FIELD_NETWORK_PROTOCOL, /* meta nfproto */
	FIELD_PROTOCOL,		/* meta l4proto */
	FIELD_INPUT_LINK,	/* meta iif */
	FIELD_INPUT_NAME,
	FIELD_OUTPUT_LINK,
	FIELD_OUTPUT_NAME,
	FIELD_CT_STATE,
};

enum filter_verdict {
	VERDICT_NONE,	/* goes on; in a chain: falls off its end, or returns */
	VERDICT_ACCEPT, /* also: what is not known and could be that */
	VERDICT_DROP,	/* also reject */
	VERDICT_JUMP,
	VERDICT_GOTO,
	VERDICT_RETURN,
};

struct filter_expression {
	enum {
		EXPRESSION_NEUTRAL, /* counters, log */
		EXPRESSION_LOAD,
		EXPRESSION_BITWISE,
		EXPRESSION_COMPARE,
		EXPRESSION_LOOKUP, /* in a set, or a map to verdicts */
		EXPRESSION_CT_STATE, /* one of ct_states; iptables has it in one expression */
		EXPRESSION_VERDICT,
		EXPRESSION_UNKNOWN, /* matches or not, and may load anything */
	} kind;
	uint8_t source, target; /* registers of four bytes, below FILTER_REGISTERS */
	uint8_t length;		/* bytes, at most FILTER_DATA */
	uint8_t field;		/* enum filter_field */
	uint8_t offset;
	uint8_t operation; /* enum nft_cmp_ops: 0 eq, 1 neq, 2 lt, 3 lte, 4 gt, 5 gte */
	uint8_t verdict;   /* enum filter_verdict */
	uint32_t ct_states;
	uint8_t data[FILTER_DATA]; /* compared with; of BITWISE the mask */
	uint8_t flip[FILTER_DATA]; /* of BITWISE */
	int chain;    /* of JUMP and GOTO: its index, -1 where it was not read */
	int set;      /* of LOOKUP: its index, -1 where it was not read */
	bool maps;    /* LOOKUP: the verdict is the element's */
	bool inverts; /* LOOKUP: matches what is not in the set */
};

/* A set of single values, without intervals. */
struct filter_element {
	uint8_t key[FILTER_DATA];
	uint8_t verdict; /* of a map: enum filter_verdict */
	int chain;	 /* as above */
};

struct filter_set {
	uint8_t length;			 /* of the keys */
	struct filter_element *elements; /* owned */
	size_t count, room;
};

struct filter_rule {
	struct filter_expression *expressions; /* owned */
	size_t count, room;
};

struct filter_chain {
	uint8_t family;		 /* AF_INET, AF_INET6, NFPROTO_INET (1) */
	char table[FILTER_NAME]; /* cut short where they are longer */
	char name[FILTER_NAME];
	bool base;
	uint8_t hook; /* of a base chain */
	int priority;
	bool drops; /* its policy */
	bool read;  /* rules has all of them; where not, it may accept anything */
	struct filter_rule *rules; /* owned */
	size_t count, room;
};

struct packet_filter {
	struct filter_chain *chains; /* owned, as the sets */
	size_t count, room;
	struct filter_set *sets;
	size_t set_count, set_room;
};

/* A link: an index of 0 with a name "" is one that is not known, but not lo. */
struct packet_link {
	int index;
	char name[IF_NAMESIZE];
};

struct packet {
	uint8_t family;
	uint8_t protocol;      /* 0: not known */
	struct address source; /* family 0: not known, as below */
	struct address target;
	uint16_t source_port; /* host byte order; 0: not known */
	uint16_t target_port;
	struct packet_link input, output; /* at input: none */
	uint32_t ct_state; /* NF_CT_STATE_BIT of the kernel; 0: not known */
};

enum {
	CT_STATE_INVALID = 1,
	CT_STATE_ESTABLISHED = 2,
	CT_STATE_NEW = 8,
	CT_STATE_UNTRACKED = 64,
};

/* "inet filter input". */
enum { FILTER_CHAIN_TEXT = 2 * FILTER_NAME + 16 };
const char *filter_chain_format(const struct filter_chain *chain,
				char buffer[static FILTER_CHAIN_TEXT]);

/*
 * What was asked last at a hook. A packet that is equal to it in all that rules looked at
 * has the same fate. Zeroed at the start; asked counts the packets for which rules were
 * run.
 */
struct filter_memory {
	struct packet packet;
	unsigned int looked_at;
	const struct filter_chain *chain;
	size_t asked;
};

/* Whether anything at the hook can drop a packet at all. */
bool packet_filter_can_drop(const struct packet_filter *filter, enum filter_hook hook);

/*
 * The first base chain at the hook, of those with a priority below that one, that drops
 * the packet for certain; NULL where none does.
 */
const struct filter_chain *packet_filter_drops(const struct packet_filter *filter,
					       enum filter_hook hook, int below,
					       const struct packet *packet,
					       struct filter_memory *memory);

void packet_filter_clear(struct packet_filter *filter);
