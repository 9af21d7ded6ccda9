/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Whether one table of nf_tables is what it was, over nfnetlink
 * (linux/netfilter/nf_tables.h; nf_tables_api.c). Its contents are not understood, only
 * summed up, which takes no more memory than a message of them and is as exact as the
 * kernel's own words.
 */
struct nft_reader;

struct nft_table {
	bool exists;
	uint64_t handle; /* another one each time that it is made */
	/* Of a chain named marker prefix and 16 hexadecimal digits; 0: none. */
	uint64_t marker;
	/*
	 * Of chains, rules, sets and elements, in whatever order they are told; never 0.
	 */
	uint64_t sum;
};

/*
 * Opening the socket may load nfnetlink, and asking nf_tables. -EPROTONOSUPPORT where
 * this kernel has neither.
 */
int nft_reader_open(struct nft_reader **reader, struct err *err) MUST_CHECK;
void nft_reader_close(struct nft_reader *reader);

DEFINE_CLEANUP(nft_reader_cleanup, struct nft_reader *, nft_reader_close)
#define cleanup_nft_reader CLEANUP(nft_reader_cleanup)

/*
 * The number of the network namespace's rulesets so far: every transaction of anybody
 * adds one.
 */
int nft_read_generation(struct nft_reader *reader, uint32_t *generation,
			struct err *err) MUST_CHECK;

/* family: AF_INET, AF_INET6. One that is not there is no failure. */
int nft_read_table(struct nft_reader *reader, uint8_t family, const char *name,
		   const char *marker_prefix, struct nft_table *table,
		   struct err *err) MUST_CHECK;
