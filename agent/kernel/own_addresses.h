/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "common/address.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * The addresses that the node has on any link but except, neither loopback's nor link-local ones, in a
 * new array that the caller frees.
 */
int own_addresses_read(const char *except, struct address **addresses, size_t *count,
		       struct err *err) MUST_CHECK;
