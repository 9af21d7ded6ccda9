/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/printable.h"

#include <stddef.h>

#include "common/macro.h"

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

void printable_make(char *text)
{
	while (*text) {
		size_t length = character_length((const unsigned char *)text);

		if (length == 0)
			*text = '?';
		text += MAX_OF(length, 1);
	}
}
