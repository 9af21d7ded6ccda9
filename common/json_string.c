/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_string.h"

#include <endian.h>
#include <string.h>

#include "common/json_fault.h"

/* Bytes that stand for themselves: U+0020 to U+007F without '"' and '\'. */
static const uint8_t plain[256] = {
	[0x20 ... 0x21] = 1,
	[0x23 ... 0x5b] = 1,
	[0x5d ... 0x7f] = 1,
};

/* Of eight bytes of text, how many from the first one on are plain. */
static size_t plain_run(const char *p)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	uint64_t word, quote, backslash, others;

	memcpy(&word, p, sizeof(word));
	word = le64toh(word);
	quote = word ^ ones * '"';
	backslash = word ^ ones * '\\';
	/*
	 * A byte below n is one that n cannot be taken from (Hacker's Delight, section 6-1); of those
	 * that are found so, the first one is right.
	 */
	others = (word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) &
		 highs;
	return others ? (size_t)__builtin_ctzll(others) / 8 : sizeof(word);
}

static const char *skip_plain(const char *p, const char *end)
{
	while ((size_t)(end - p) >= sizeof(uint64_t)) {
		size_t run = plain_run(p);

		p += run;
		if (run < sizeof(uint64_t))
			return p;
	}
	while (p < end && plain[(unsigned char)*p])
		p++;
	return p;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of \uXXXX at p, -1 where it is none. */
static int32_t unit_at(const char *p, const char *end)
{
	int32_t unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool is_high(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Past the escape at p; NULL where it is none. */
static const char *pass_escape(const struct json_document *document, const char *p)
{
	const char *end = document->end;
	int32_t unit;

	if (end - p < 2)
		return NULL;
	if (p[1] != 'u')
		return p[1] && strchr("\"\\/bfnrt", p[1]) ? p + 2 : NULL;
	unit = unit_at(p, end);
	if (unit < 0 || is_low(unit) || (unit == 0 && !document->takes_nul))
		return NULL;
	if (!is_high(unit))
		return p + 6;
	return is_low(unit_at(p + 6, end)) ? p + 12 : NULL;
}

/* Past the character beyond U+007F at p; NULL where it is no UTF-8 (RFC 3629, section 4). */
static const char *pass_character(const char *p, const char *end)
{
	unsigned char first = (unsigned char)*p, second;
	size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0xc2 || first > 0xf4 || (size_t)(end - p) < length)
		return NULL;
	second = (unsigned char)p[1];
	if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	    (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
		return NULL;
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return NULL;
	}
	return p + length;
}

/* Past what is not plain at p; NULL after a fault. */
static const char *pass_other(struct json_document *document, struct json_value *value,
			      const char *p)
{
	const char *next = NULL;

	if (*p == '\\') {
		value->escaped = true;
		next = pass_escape(document, p);
		if (!next)
			json_fault_escape(document, p);
	} else if ((unsigned char)*p >= 0x80) {
		next = pass_character(p, document->end);
		if (!next)
			json_fault_character(document, p);
	} else {
		json_fault_in_string(document, value->start, p);
	}
	return next;
}

bool json_string_read(struct json_document *document, struct json_value *value)
{
	const char *end = document->end, *p = value->start + 1;

	value->kind = JSON_KIND_STRING;
	value->escaped = false;
	while (true) {
		p = skip_plain(p, end);
		if (p == end)
			return json_fault_in_string(document, value->start, p);
		if (*p == '"')
			break;
		p = pass_other(document, value, p);
		if (!p)
			return false;
	}
	if (p - value->start - 1 > JSON_STRING_MAX)
		return json_document_fail(document, value->start,
					  "the string is longer than %d MiB",
					  JSON_STRING_MAX >> 20);
	value->length = (uint32_t)(p + 1 - value->start);
	return true;
}

/* U+0000 to U+10FFFF in UTF-8; returns the bytes. */
static size_t encode(uint32_t c, char bytes[static 4])
{
	if (c < 0x80) {
		bytes[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		bytes[0] = (char)(0xc0 | c >> 6);
		bytes[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		bytes[0] = (char)(0xe0 | c >> 12);
		bytes[1] = (char)(0x80 | (c >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | c >> 18);
	bytes[1] = (char)(0x80 | (c >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (c >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Takes a character or a byte of one from a sound string; returns its bytes. */
static size_t take_piece(const char **p, const char *end, char bytes[static 4])
{
	static const char names[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *at = *p, *name;
	uint32_t c;

	if (*at != '\\') {
		bytes[0] = *at;
		*p = at + 1;
		return 1;
	}
	if (at[1] != 'u') {
		name = strchr(names, at[1]);
		bytes[0] = name ? meanings[name - names] : at[1];
		*p = at + 2;
		return 1;
	}
	c = (uint32_t)unit_at(at, end);
	*p = at + 6;
	if (is_high((int32_t)c)) {
		c = 0x10000 + ((c - 0xd800) << 10) +
		    ((uint32_t)unit_at(at + 6, end) - 0xdc00);
		*p = at + 12;
	}
	return encode(c, bytes);
}

/* Not within a character: its later bytes are 10xxxxxx. */
static size_t cut_length(const char *text, size_t length)
{
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static size_t copy_escaped(const struct json_value *value, char *buffer, size_t room)
{
	const char *p = value->start + 1, *end = value->start + value->length - 1;
	size_t length = 0;
	char bytes[4];

	while (p < end) {
		size_t count = take_piece(&p, end, bytes);

		for (size_t i = 0; i < count; i++) {
			if (length + i <= room)
				buffer[length + i] = bytes[i];
		}
		length += count;
	}
	buffer[length > room ? cut_length(buffer, room) : length] = '\0';
	return length;
}

size_t json_string_text(const struct json_value *value, char *buffer, size_t size)
{
	size_t length = value->length - 2, copied = length;

	if (value->escaped)
		return copy_escaped(value, buffer, size - 1);
	if (copied > size - 1)
		copied = cut_length(value->start + 1, size - 1);
	memcpy(buffer, value->start + 1, copied);
	buffer[copied] = '\0';
	return length;
}

bool json_string_is(const struct json_value *value, const char *text)
{
	size_t length = strlen(text);
	const char *p, *end;
	char bytes[4];

	if (value->kind != JSON_KIND_STRING)
		return false;
	p = value->start + 1;
	end = value->start + value->length - 1;
	if (!value->escaped)
		return length == value->length - 2U && memcmp(p, text, length) == 0;
	while (p < end) {
		size_t count = take_piece(&p, end, bytes);

		if (count > length || memcmp(text, bytes, count) != 0)
			return false;
		text += count;
		length -= count;
	}
	return length == 0;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* Far from each other, so that no name equals a shorter one with another end. */
static uint64_t begin_hash(size_t length)
{
	return mix(0, length);
}

static uint64_t hash_plain(const char *p, size_t length)
{
	uint64_t hash = begin_hash(length), word;

	for (; length >= sizeof(word); p += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	for (size_t i = 0; i < length; i++)
		word |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return mix(hash, word);
}

/* The same of the resolved text, for which two passes are made: it is rare. */
static uint64_t hash_escaped(const struct json_value *value)
{
	const char *end = value->start + value->length - 1;
	uint64_t hash = begin_hash(json_string_text(value, (char[1]){ 0 }, 1));
	uint64_t word = 0;
	size_t length = 0;
	char bytes[4];

	for (const char *p = value->start + 1; p < end;) {
		size_t count = take_piece(&p, end, bytes);

		for (size_t i = 0; i < count; i++) {
			word |= (uint64_t)(unsigned char)bytes[i] << 8 * (length % 8);
			if (++length % 8 == 0) {
				hash = mix(hash, word);
				word = 0;
			}
		}
	}
	return mix(hash, word);
}

uint64_t json_string_hash(const struct json_value *value)
{
	return value->escaped ? hash_escaped(value)
			      : hash_plain(value->start + 1, value->length - 2);
}
