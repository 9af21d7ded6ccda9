/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/address_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

int address_list_add(struct address_list *list, const struct address *address)
{
	if (ARRAY_MAKE_ROOM(list->list, list->count, list->room) < 0)
		return -ENOMEM;
	list->list[list->count++] = *address;
	return 0;
}

bool address_list_equal(const struct address_list *a, const struct address_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (address_compare(&a->list[i], &b->list[i]) != 0)
			return false;
	}
	return true;
}

void address_list_clear(struct address_list *list)
{
	free(list->list);
	memset(list, 0, sizeof(*list));
}
