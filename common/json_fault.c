/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader says that it wanted a value, a name, a colon or a comma and where; people do not think
 * in these terms. Here it is found out what they wrote instead.
 */
#include "common/json_fault.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/json_format.h"

#define NO_BREAK_SPACE "\xc2\xa0"

enum { WORD_TEXT = 40 };

static bool starts_with(const struct json_document *document, const char *at,
			const char *text)
{
	size_t length = strlen(text);

	return (size_t)(document->end - at) >= length && memcmp(at, text, length) == 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The end of what stands before the white space before a place. */
static const char *end_before(const struct json_document *document, const char *at)
{
	while (at > document->there && is_space(at[-1]))
		at--;
	return at;
}

static bool is_comment(const struct json_document *document, const char *at)
{
	return *at == '#' || starts_with(document, at, "//") ||
	       starts_with(document, at, "/*");
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 ||
	       (c && strchr("_-+.$%@:/", c));
}

bool json_fault_ends_word(const struct json_document *document, const char *at)
{
	return at == document->end || !is_word(*at) || is_comment(document, at) ||
	       starts_with(document, at, NO_BREAK_SPACE);
}

/* The word at a place, with what people write in words without thinking of quotes. */
static const char *word_at(const struct json_document *document, const char *at,
			   char word[static WORD_TEXT])
{
	size_t length = 0;

	while (!json_fault_ends_word(document, at + length) && length < WORD_TEXT - 1) {
		word[length] = at[length];
		length++;
	}
	word[length] = '\0';
	return word;
}

/* "'x'", "the end of the file", "byte 0x01" */
static const char *found_at(const struct json_document *document, const char *at,
			    char text[static WORD_TEXT])
{
	if (at == document->end)
		return "the end of the file";
	if (*at > ' ' && *at < 0x7f)
		snprintf(text, WORD_TEXT, "'%c'", *at);
	else
		snprintf(text, WORD_TEXT, "byte 0x%02x", (unsigned char)*at);
	return text;
}

static bool fail_expected(struct json_document *document, const char *at,
			  const char *expected)
{
	const char *other = NULL;
	char text[WORD_TEXT];

	if (at < document->end && *at == '\0') {
		if (document->there == document->start)
			other = json_format_other(document->start, document->end);
		return json_document_fail(document, other ? document->start : at, "%s",
					  other ? other : "a NUL byte");
	}
	return json_document_fail(document, at, "%s expected, found %s", expected,
				  found_at(document, at, text));
}

static bool is_quote_of_print(const struct json_document *document, const char *at)
{
	static const char *const quotes[] = { "\xe2\x80\x9c", "\xe2\x80\x9d",
					      "\xe2\x80\x9e", "\xe2\x80\x98",
					      "\xe2\x80\x99", "\xc2\xab" };

	for (size_t i = 0; i < ARRAY_SIZE(quotes); i++) {
		if (starts_with(document, at, quotes[i]))
			return true;
	}
	return false;
}

/* What is wrong wherever it stands outside of a string; true where it was that. */
static bool is_mistake_anywhere(struct json_document *document, const char *at)
{
	const char *what = NULL;

	if (at == document->end)
		return false;
	if (is_comment(document, at))
		what = "a comment: JSON does not have comments";
	else if (*at == '\'')
		what = "single quotes: JSON takes double quotes";
	else if (is_quote_of_print(document, at))
		what = "typographic quotes: JSON takes plain double quotes";
	else if (*at == '`')
		what = "a backtick: JSON takes double quotes";
	else if (starts_with(document, at, NO_BREAK_SPACE))
		what = "a no-break space: JSON takes plain blanks";
	else if (starts_with(document, at, "\xef\xbb\xbf"))
		what = "a byte order mark, which JSON does not have";
	if (what)
		json_document_fail(document, at, "%s", what);
	return what != NULL;
}

static bool fail_end(struct json_document *document, const char *expected)
{
	return json_document_fail(document, document->end,
				  "the file ends too early: %s is missing", expected);
}

/* A comma stands before the place, white space between. */
static const char *comma_before(const struct json_document *document, const char *at)
{
	const char *end = end_before(document, at);

	return end > document->there && end[-1] == ',' ? end - 1 : NULL;
}

static bool fail_value(struct json_document *document, const char *at)
{
	return is_word(*at) ? json_fault_word(document, at)
			    : fail_expected(document, at, "a value");
}

/* The first thing in a file. */
static bool fail_start(struct json_document *document, const char *at)
{
	const char *other = json_format_other(document->start, document->end);

	if (other)
		return json_document_fail(document, document->start, "%s", other);
	if (at == document->end)
		return json_document_fail(document, at, "the file is empty");
	return !is_mistake_anywhere(document, at) && fail_value(document, at);
}

bool json_fault_open(struct json_document *document, const char *at, char open)
{
	char expected[] = { '\'', open, '\'', '\0' };

	if (end_before(document, at) == document->start &&
	    (at == document->end || json_format_other(document->start, document->end)))
		return fail_start(document, at);
	if (at == document->end)
		return fail_end(document, expected);
	return !is_mistake_anywhere(document, at) &&
	       fail_expected(document, at, expected);
}

bool json_fault_value(struct json_document *document, const char *at)
{
	const char *comma = comma_before(document, at);

	if (end_before(document, at) == document->start)
		return fail_start(document, at);
	if (at == document->end)
		return fail_end(document, "a value");
	if (is_mistake_anywhere(document, at))
		return false;
	if (comma && (*at == ']' || *at == '}'))
		return json_document_fail(
			document, comma,
			"comma after the last element: JSON does not allow one");
	if (comma && *at == ',')
		return json_document_fail(document, at, "two commas in a row");
	return fail_value(document, at);
}

bool json_fault_name(struct json_document *document, const char *at)
{
	const char *comma = comma_before(document, at);
	char word[WORD_TEXT];

	if (at == document->end)
		return fail_end(document, "'}'");
	if (is_mistake_anywhere(document, at))
		return false;
	if (comma && *at == '}')
		return json_document_fail(
			document, comma,
			"comma after the last field: JSON does not allow one");
	if (comma && *at == ',')
		return json_document_fail(document, at, "two commas in a row");
	if (!is_word(*at))
		return fail_expected(document, at, "a field's name in double quotes");
	word_at(document, at, word);
	word[strcspn(word, ":")] = '\0';
	return json_document_fail(document, at, "a name without quotes: write \"%s\"",
				  word);
}

bool json_fault_colon(struct json_document *document, const char *at)
{
	if (at == document->end)
		return fail_end(document, "':' and a value");
	if (is_mistake_anywhere(document, at))
		return false;
	if (*at == '=')
		return json_document_fail(
			document, at,
			"'=' between a field's name and its value: JSON takes ':'");
	if (*at == ',' || *at == '}')
		return json_document_fail(document, end_before(document, at),
					  "the field has no value: ':' is missing");
	return fail_expected(document, at, "':'");
}

static bool begins_value(char c)
{
	return c == '"' || c == '{' || c == '[' || is_word(c);
}

bool json_fault_separator(struct json_document *document, const char *at, char close)
{
	char expected[] = { '\'', close, '\'', '\0' }, both[WORD_TEXT];

	if (at == document->end)
		return fail_end(document, expected);
	if (is_mistake_anywhere(document, at))
		return false;
	if (*at == ';')
		return json_document_fail(document, at,
					  "';' after a value: JSON takes ','");
	if (*at == ':' && close == ']')
		return json_document_fail(
			document, at,
			"a field in an array: fields stand in an object, between '{' and '}'");
	if (begins_value(*at) && *at != ':')
		return json_document_fail(document, end_before(document, at),
					  "a comma is missing after this value");
	snprintf(both, sizeof(both), "',' or %s", expected);
	return fail_expected(document, at, both);
}

bool json_fault_after_end(struct json_document *document, const char *at)
{
	if (is_mistake_anywhere(document, at))
		return false;
	if (*at == '}' || *at == ']')
		return json_document_fail(
			document, at, "'%c' closes nothing: there is one too many", *at);
	if (*at == ',' || begins_value(*at))
		return json_document_fail(
			document, at,
			"more text after the end: a file has one value, which ends before this");
	return fail_expected(document, at, "the end of the file");
}

/* What other languages call true, false and null. */
static const struct {
	const char *word, *json;
} other_words[] = {
	{ "true", "true" },	 { "yes", "true" },  { "on", "true" },
	{ "false", "false" },	 { "no", "false" },  { "off", "false" },
	{ "null", "null" },	 { "none", "null" }, { "nil", "null" },
	{ "undefined", "null" },
};

static const char *json_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(other_words); i++) {
		if (strcasecmp(word, other_words[i].word) == 0)
			return other_words[i].json;
	}
	return NULL;
}

static bool is_not_a_number(const char *word)
{
	word += *word == '-' || *word == '+';
	return strcasecmp(word, "nan") == 0 || strcasecmp(word, "inf") == 0 ||
	       strcasecmp(word, "infinity") == 0;
}

/* Whether there are digits alone, from the first byte on. */
static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static const char *number_mistake(const char *word)
{
	const char *digits = word + (*word == '-');

	if (*word == '+' && is_digits(word + 1))
		return "a plus sign before a number: JSON does not allow one";
	if (strncasecmp(digits, "0x", 2) == 0)
		return "a hexadecimal number: JSON has decimal ones alone";
	if (strcmp(word, "-") == 0)
		return "a minus sign without a number";
	if (*digits == '0' && is_digits(digits))
		return "a number with a leading zero: JSON does not allow one";
	if (*digits == '.' && isdigit((unsigned char)digits[1]))
		return "a number without a digit before its point";
	if (*digits == '0' || is_digits(digits) || !isdigit((unsigned char)*digits))
		return NULL;
	digits += strspn(digits, "0123456789");
	if (strcmp(digits, ".") == 0)
		return "a number without a digit after its point";
	if (digits[0] == '.' && strcspn(digits + 1, "0123456789") == 0)
		digits += 1 + strspn(digits + 1, "0123456789");
	if (*digits == 'e' || *digits == 'E') {
		digits++;
		digits += *digits == '+' || *digits == '-';
		if (*digits == '\0')
			return "a number without a digit in its exponent";
	}
	return NULL;
}

bool json_fault_word(struct json_document *document, const char *at)
{
	char word[WORD_TEXT];
	const char *otherwise, *mistake;
	bool first = end_before(document, at) == document->start;

	if (first && json_format_other(document->start, document->end))
		return fail_start(document, at);
	word_at(document, at, word);
	otherwise = json_word(word);
	mistake = number_mistake(word);
	if (otherwise && strcmp(otherwise, word) != 0)
		return json_document_fail(document, at, "%s: JSON writes %s", word,
					  otherwise);
	if (is_not_a_number(word))
		return json_document_fail(document, at, "%s is not a number in JSON",
					  word);
	if (mistake)
		return json_document_fail(document, at, "%s", mistake);
	if (document->end - at == (ptrdiff_t)strlen(word) && strchr("tfn", *word) &&
	    (strncmp("true", word, strlen(word)) == 0 ||
	     strncmp("false", word, strlen(word)) == 0 ||
	     strncmp("null", word, strlen(word)) == 0))
		return fail_end(document, "the rest of a word");
	return json_document_fail(document, at, "text without quotes: write \"%s\"",
				  word);
}

bool json_fault_in_string(struct json_document *document, const char *start,
			  const char *at)
{
	if (at == document->end)
		return json_document_fail(
			document, start, "the file ends in this string: '\"' is missing");
	if (*at == '\n' || *at == '\r')
		return json_document_fail(
			document, start,
			"the string does not end on its line: '\"' is missing, or a line break is to be written as \\n");
	if (*at == '\t')
		return json_document_fail(document, at, "a tab in a string: write \\t");
	if (*at == '\0')
		return json_document_fail(document, at, "a NUL byte");
	return json_document_fail(document, at, "byte 0x%02x in a string: write \\u%04x",
				  (unsigned char)*at, (unsigned char)*at);
}

static bool is_hex_unit(const struct json_document *document, const char *at)
{
	if (document->end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return false;
	for (size_t i = 2; i < 6; i++) {
		if (!isxdigit((unsigned char)at[i]))
			return false;
	}
	return true;
}

bool json_fault_escape(struct json_document *document, const char *at)
{
	char text[WORD_TEXT];

	if (document->end - at < 2)
		return fail_end(document, "the end of a string");
	if (at[1] != 'u')
		return json_document_fail(
			document, at,
			"a backslash before %s: write \\\\ for a backslash itself",
			found_at(document, at + 1, text));
	if (!is_hex_unit(document, at))
		return json_document_fail(document, at,
					  "\\u needs four hexadecimal digits");
	if (starts_with(document, at, "\\u0000"))
		return json_document_fail(document, at, "\\u0000 cannot stand in a text");
	return json_document_fail(
		document, at,
		"%.6s is one half of a character, the other half is missing", at);
}

bool json_fault_character(struct json_document *document, const char *at)
{
	unsigned char first = (unsigned char)*at;
	unsigned char second = at + 1 < document->end ? (unsigned char)at[1] : 0;
	bool goes_on = (second & 0xc0) == 0x80;

	if (first == 0xc0 || first == 0xc1 ||
	    (goes_on &&
	     ((first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90))))
		return json_document_fail(
			document, at, "a character in a longer form than UTF-8 allows");
	if (goes_on && first == 0xed && second > 0x9f)
		return json_document_fail(
			document, at,
			"half of a surrogate pair, which UTF-8 does not have");
	if (goes_on && (first > 0xf4 || (first == 0xf4 && second > 0x8f)))
		return json_document_fail(document, at, "a character beyond U+10FFFF");
	return json_document_fail(
		document, at, "byte 0x%02x is not UTF-8: save the file as UTF-8", first);
}
