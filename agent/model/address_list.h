/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/address.h"
#include "common/cleanup.h"
#include "common/macro.h"

/* A set of addresses, sorted. Zeroed where it is empty. */
struct address_list {
	struct address *items; /* owned */
	size_t count, room;
};

/* Adds it, unless it is there. Those that come in order cost no search. -ENOMEM. */
int address_list_add(struct address_list *list, const struct address *address) MUST_CHECK;

void address_list_remove(struct address_list *list, const struct address *address);

bool address_list_has(const struct address_list *list, const struct address *address);

bool address_list_equal(const struct address_list *a, const struct address_list *b);

void address_list_clear(struct address_list *list);

#define cleanup_address_list CLEANUP(address_list_clear)
