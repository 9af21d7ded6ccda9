/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/printable.h"

#include <stddef.h>

#include "common/macro.h"

/*
 * Characters that change the direction of text or end a line: U+061C, U+200E, U+200F,
 * U+2028 to U+202E and U+2066 to U+2069 (Unicode's Bidi_Control, line and paragraph
 * separators).
 */
static bool is_mark(const unsigned char *p, size_t length)
{
	if (length == 2)
		return p[0] == 0xd8 && p[1] == 0x9c;
	if (length != 3 || p[0] != 0xe2)
		return false;
	if (p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae);
	return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

/*
 * The length in bytes of the character at p. 0 if it is not printable: not UTF-8, a
 * control character, or a directional mark.
 */
static size_t character_length(const unsigned char *p)
{
	size_t length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	/*
	 * Continuation bytes alone, overlong forms, beyond Unicode; then U+0080 to
	 * U+009F.
	 */
	if (p[0] < 0xc2 || p[0] > 0xf4 || (p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return is_mark(p, length) ? 0 : length;
}

bool printable_is(const char *text)
{
	while (*text) {
		size_t length = character_length((const unsigned char *)text);

		if (length == 0)
			return false;
		text += length;
	}
	return true;
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
