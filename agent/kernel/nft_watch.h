/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * Tells when anything in the tables of one name changes, over nfnetlink (NFNLGRP_NFTABLES). Our own
 * changes are told like all others.
 */
struct nft_watch;

enum nft_event {
	NFT_NOTHING = 0,
	NFT_CHANGED = 1, /* perhaps: also where the kernel had to drop messages */
};

/* table: borrowed. As nft_reader_open(). */
int nft_watch_new(struct nft_watch **watch, const char *table,
		  struct err *err) MUST_CHECK;
void nft_watch_free(struct nft_watch *watch);

DEFINE_CLEANUP(nft_watch_cleanup, struct nft_watch *, nft_watch_free)
#define cleanup_nft_watch CLEANUP(nft_watch_cleanup)

/* Readable when nft_watch_dispatch() has something to read. */
int nft_watch_fd(const struct nft_watch *watch);

/* Reads what has come, never blocks. An enum nft_event, or -errno. */
int nft_watch_dispatch(struct nft_watch *watch) MUST_CHECK;
