/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/problems.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of the character at p, or 0 where it is no UTF-8 or a control character. */
static size_t character_length(const unsigned char *p)
{
	size_t length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	/* Later bytes alone, overlong forms and what is beyond Unicode; then U+0080 to U+009F. */
	if (p[0] < 0xc2 || p[0] > 0xf4 || (p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

static void make_printable(char *text)
{
	while (*text) {
		size_t length = character_length((const unsigned char *)text);

		if (length == 0)
			*text = '?';
		text += MAX_OF(length, 1);
	}
}

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
	make_printable(line);
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
