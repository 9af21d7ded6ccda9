/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4 };

int array_make_room(void *array, size_t count, size_t *room, size_t element_size)
{
	size_t wanted = *room ? *room * 2 : FIRST_ROOM;
	void *old, *grown;

	if (count < *room)
		return 0;
	/* Pointers to different types must not alias; copying their bytes is allowed. */
	memcpy(&old, array, sizeof(old));
	grown = reallocarray(old, wanted, element_size);
	if (!grown)
		return -ENOMEM;
	memcpy(array, &grown, sizeof(grown));
	*room = wanted;
	return 0;
}
