/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/growing_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4096, PIECE_ROOM = 256 };

static bool make_room(struct growing_text *text)
{
	size_t room = text->room ? text->room * 2 : FIRST_ROOM;
	char *grown;

	if (text->room - text->length >= PIECE_ROOM)
		return true;
	grown = realloc(text->text, room);
	if (!grown)
		return false;
	text->text = grown;
	text->room = room;
	return true;
}

void growing_text_add(struct growing_text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (text->failed || !make_room(text)) {
		text->failed = true;
		return;
	}
	va_start(ap, fmt);
	n = vsnprintf(text->text + text->length, PIECE_ROOM, fmt, ap);
	va_end(ap);
	text->failed = n < 0 || n >= PIECE_ROOM;
	if (!text->failed)
		text->length += (size_t)n;
}

int growing_text_check(const struct growing_text *text)
{
	return text->failed ? -ENOMEM : 0;
}

void growing_text_clear(struct growing_text *text)
{
	free(text->text);
	memset(text, 0, sizeof(*text));
}
