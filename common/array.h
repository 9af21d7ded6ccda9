/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "common/macro.h"

/*
 * Makes room for one more element in a growing array, doubling its memory when it is
 * full. array is the address of the pointer to the first element, room the number of
 * elements that fit. On -ENOMEM the array is unchanged.
 */
int array_make_room(void *array, size_t count, size_t *room,
		    size_t element_size) MUST_CHECK;

#define ARRAY_MAKE_ROOM(array, count, room)                                              \
	array_make_room(&(array), count, &(room), sizeof(*(array)))
