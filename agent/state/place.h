/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * Where a value stands in a document: a chain from the value to the top level, on the stack of
 * the functions that read it. It costs nothing until a problem asks for its words or its line.
 */
struct place {
	const struct place *parent; /* NULL: a field of the top level */
	const char *key;	    /* NULL: an element of an array */
	size_t index;
};

enum { PLACE_TEXT = 256, PLACE_DEPTH = 16 };

/* "services[3].destinations[0].weight", cut where it is too long; returns buffer. */
const char *place_format(const struct place *place, char buffer[static PLACE_TEXT]);

/*
 * The value at a place below anchor, in the JSON text of anchor's value, which must have been
 * accepted by a parser: a pointer into text; text itself where place is anchor or cannot be
 * found.
 */
const char *place_find(const struct place *place, const struct place *anchor,
		       const char *text, size_t length);
