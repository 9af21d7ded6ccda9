/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/address_list.h"

#include <errno.h>
#include <string.h>

#include "common/array.h"

static size_t lower_bound(const struct address_list *list, const struct address *address)
{
	size_t low = 0, high = list->count;

	if (high > 0 && address_compare(&list->items[high - 1], address) < 0)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address_compare(&list->items[middle], address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct address_list *list, size_t at,
		  const struct address *address)
{
	return at < list->count && address_compare(&list->items[at], address) == 0;
}

int address_list_add(struct address_list *list, const struct address *address)
{
	size_t at = lower_bound(list, address);

	if (is_at(list, at, address))
		return 0;
	if (ARRAY_MAKE_ROOM(list->items, list->count, list->room) < 0)
		return -ENOMEM;
	memmove(&list->items[at + 1], &list->items[at],
		(list->count - at) * sizeof(*list->items));
	list->items[at] = *address;
	list->count++;
	return 0;
}

void address_list_remove(struct address_list *list, const struct address *address)
{
	size_t at = lower_bound(list, address);

	if (!is_at(list, at, address))
		return;
	list->count--;
	memmove(&list->items[at], &list->items[at + 1],
		(list->count - at) * sizeof(*list->items));
}

bool address_list_has(const struct address_list *list, const struct address *address)
{
	return is_at(list, lower_bound(list, address), address);
}

bool address_list_equal(const struct address_list *a, const struct address_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (address_compare(&a->items[i], &b->items[i]) != 0)
			return false;
	}
	return true;
}

void address_list_clear(struct address_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
