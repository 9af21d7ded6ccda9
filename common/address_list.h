/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/address.h"
#include "common/macro.h"

/* Addresses of both families, in the order in which they were added. {0} is an empty one. */
struct address_list {
	struct address *list; /* owned */
	size_t count;
	size_t room;
};

/* -ENOMEM. */
int address_list_add(struct address_list *list, const struct address *address) MUST_CHECK;

/* Whether they have the same addresses in the same order. */
bool address_list_equal(const struct address_list *a, const struct address_list *b);

void address_list_clear(struct address_list *list);
