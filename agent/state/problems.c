/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/problems.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/printable.h"

int state_problems_add(struct state_problems *problems, const char *fmt, ...)
{
	char *line;
	va_list ap;
	int length;

	if (problems->count >= STATE_PROBLEMS_MAX) {
		problems->count++;
		return 0;
	}
	va_start(ap, fmt);
	length = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (length < 0)
		return -ENOMEM;
	printable_make(line);
	problems->lines[problems->count++] = line;
	return 0;
}

void state_problems_clear(struct state_problems *problems)
{
	for (size_t i = 0; i < ARRAY_SIZE(problems->lines); i++)
		free(problems->lines[i]);
	memset(problems, 0, sizeof(*problems));
}

const char *quote(const char *text, char buffer[static QUOTE_TEXT])
{
	size_t room = QUOTE_TEXT - sizeof("''..."), length = strnlen(text, room + 1);
	const char *more = "";

	if (length > room) {
		length = room;
		more = "...";
		/* Not within a character: UTF-8's later bytes are 10xxxxxx. */
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	snprintf(buffer, QUOTE_TEXT, "'%.*s%s'", (int)length, text, more);
	return buffer;
}
