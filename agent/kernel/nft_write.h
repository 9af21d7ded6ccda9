/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/err.h"
#include "common/macro.h"

/*
 * Has libnftables carry out commands in nft(8)'s language as one transaction: all of them
 * or none. What it needs of memory, a few times the text, is free again at the end.
 * nfnetlink must be there, which reading a table (nft_table.h) makes sure of:
 * libnftables ends the process otherwise. -EOPNOTSUPP where this program was built
 * without; -EIO with its own words.
 */
int nft_run(const char *commands, struct err *err) MUST_CHECK;
