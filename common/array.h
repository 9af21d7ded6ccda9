/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "common/macro.h"

/*
 * Makes sure that a growing array has room for one element more, doubling it where it has not.
 * array is the address of the pointer to its first element, room the number of elements it has
 * memory for. -ENOMEM; the array is then as it was.
 */
int array_make_room(void *array, size_t count, size_t *room,
		    size_t element_size) MUST_CHECK;

#define ARRAY_MAKE_ROOM(array, count, room)                                              \
	array_make_room(&(array), count, &(room), sizeof(*(array)))
