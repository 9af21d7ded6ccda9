/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/kernel/netlink/answer.h"
#include "agent/model/packet_filter.h"
#include "common/macro.h"

/*
 * Decoders of nf_tables' expressions and set elements (linux/netfilter/nf_tables.h) into
 * the form of packet_filter.h. An expression that is not known becomes one that may
 * match. The bytes are untrusted.
 */

enum { NFT_NAME = 64 };

struct nft_name {
	char text[NFT_NAME];
};

/* Chains and sets that are referred to: an expression has the index of its name here. */
struct nft_names {
	struct nft_name *items; /* owned */
	size_t count, room;
};

/* The value of NFTA_RULE_EXPRESSIONS into an empty rule. -EBADMSG, -ENOMEM. */
int nft_decode_rule(const void *bytes, size_t length, struct filter_rule *rule,
		    struct nft_names *names) MUST_CHECK;

/*
 * The value of NFTA_SET_ELEM_LIST_ELEMENTS, added to the set. -EOPNOTSUPP for elements
 * that are not single values of one length up to FILTER_DATA; -EBADMSG, -ENOMEM.
 */
int nft_decode_elements(const void *bytes, size_t length, struct filter_set *set,
			struct nft_names *names) MUST_CHECK;

void nft_names_clear(struct nft_names *names);
