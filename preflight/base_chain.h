/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/macro.h"

/* A base chain of a packet filter, reduced to its policy. */
struct base_chain {
	char name[160]; /* "inet filter input", "iptables filter INPUT" */
	bool forward;	/* at the forward hook; else at input */
	bool drop;	/* its policy */
	int priority;
};

enum { BASE_CHAINS_MAX = 64 };

struct base_chains {
	struct base_chain items[BASE_CHAINS_MAX];
	size_t count; /* further chains are ignored */
};

/*
 * Reads the base chains at input and forward from libnftables' JSON of `list chains`.
 * -EINVAL.
 */
int base_chains_from_json(const char *text, struct base_chains *chains) MUST_CHECK;

/*
 * Reads the chains of nf_tables. The module must be present, because the query would load
 * it. -EOPNOTSUPP if this program was built without libnftables.
 */
int base_chains_of_nftables(struct base_chains *chains, struct err *err) MUST_CHECK;

/*
 * Reads the chains of iptables' own filter table (with ipv6, of ip6tables'). The table
 * must be present, because the query would load it.
 */
int base_chains_of_iptables(bool ipv6, struct base_chains *chains,
			    struct err *err) MUST_CHECK;

/* The next free entry, or NULL if there is none. */
struct base_chain *base_chains_add(struct base_chains *chains);
