/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/json_memory.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/macro.h"

/* A service with a hundred destinations is in the first; each further one is twice as large. */
enum { FIRST_BLOCK = 64 * 1024, ALIGNMENT = _Alignof(max_align_t) };

struct block {
	struct block *before;
	size_t used, room;
	max_align_t bytes[];
};

static _Thread_local struct {
	struct block *last;
	size_t live; /* pieces of all blocks that were not freed */
	bool taking;
} own;

static bool add_block(size_t size)
{
	size_t room = own.last ? 2 * own.last->room : FIRST_BLOCK;
	struct block *block;

	room = MAX_OF(room, size);
	block = malloc(sizeof(*block) + room);
	if (!block)
		return false;
	*block = (struct block){ .before = own.last, .room = room };
	own.last = block;
	return true;
}

static void *take(size_t size)
{
	struct block *block = own.last;

	if (!own.taking || size > SIZE_MAX / 2)
		return malloc(size);
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!block || block->room - block->used < size) {
		if (!add_block(size))
			return NULL;
		block = own.last;
	}
	block->used += size;
	own.live++;
	return (char *)block->bytes + block->used - size;
}

static bool is_in(const struct block *block, const void *piece)
{
	uintptr_t start = (uintptr_t)block->bytes;

	return (uintptr_t)piece >= start && (uintptr_t)piece < start + block->room;
}

/* The first block stays: one that came and went with every value would leave holes in the heap. */
static void reset_blocks(void)
{
	while (own.last->before) {
		struct block *block = own.last;

		own.last = block->before;
		free(block);
	}
	own.last->used = 0;
}

static void give_back(void *piece)
{
	for (const struct block *block = own.last; block; block = block->before) {
		if (!is_in(block, piece))
			continue;
		if (--own.live == 0)
			reset_blocks();
		return;
	}
	free(piece);
}

void json_memory_use(void)
{
	json_set_alloc_funcs(take, give_back);
}

void json_memory_begin(void)
{
	own.taking = true;
}

void json_memory_end(void)
{
	own.taking = false;
}

void json_memory_drop(void)
{
	if (!own.last || own.live > 0)
		return;
	free(own.last);
	own.last = NULL;
}
