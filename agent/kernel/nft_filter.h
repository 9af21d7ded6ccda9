/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/model/packet_filter.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Reads others' packet filters out of nf_tables, those of iptables-nft among them: base
 * chains at input, forward and output, the chains that they jump to, and sets without a
 * name (linux/netfilter/nf_tables.h). Of a ruleset that is very large only the beginning
 * is read, and the rest may accept anything.
 */

/* Whether the kernel has nf_tables in use: asking would load it. */
bool nft_filter_is_there(void);

/*
 * except: the name of our own tables, which are passed over. Fills an empty filter.
 * -errno.
 */
int nft_filter_read(const char *except, struct packet_filter *filter,
		    struct err *err) MUST_CHECK;
