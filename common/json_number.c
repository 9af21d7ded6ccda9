/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/json_number.h"

#include "common/json_fault.h"

/* So many digits always fit in 64 bits without a sign. */
enum { DIGITS_SURE = 19 };

static bool is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

static const char *skip_digits(const char *p, const char *end)
{
	while (is_digit(p, end))
		p++;
	return p;
}

/* From a '.' or an 'e' to the end of the number; NULL where digits are missing. */
static const char *skip_fraction(const char *p, const char *end)
{
	if (*p == '.') {
		if (!is_digit(p + 1, end))
			return NULL;
		p = skip_digits(p + 1, end);
	}
	if (p == end || (*p != 'e' && *p != 'E'))
		return p;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	return is_digit(p, end) ? skip_digits(p, end) : NULL;
}

static bool set_integer(struct json_document *document, struct json_value *value,
			uint64_t number, size_t digits)
{
	bool negative = *value->start == '-';
	uint64_t most = (uint64_t)INT64_MAX + negative;

	if (digits > DIGITS_SURE || number > most)
		return json_document_fail(document, value->start,
					  "the number does not fit in 64 bits");
	value->integer = negative ? (int64_t)(0 - number) : (int64_t)number;
	return true;
}

/* What mostly follows a number is looked for first. */
static bool ends_here(const struct json_document *document, const char *p)
{
	return p == document->end || *p == ',' || *p == ' ' || *p == '\n' || *p == '}' ||
	       json_fault_ends_word(document, p);
}

bool json_number_read(struct json_document *document, struct json_value *value)
{
	const char *end = document->end, *p = value->start, *first, *last;
	uint64_t number = 0;

	if (*p == '-')
		p++;
	first = p;
	for (; is_digit(p, end); p++)
		number = number * 10 + (uint64_t)(*p - '0');
	if (p == first || (*first == '0' && p > first + 1))
		return json_fault_word(document, value->start);
	value->kind = JSON_KIND_INTEGER;
	value->integer = 0;
	last = p;
	if (p < end && (*p == '.' || *p == 'e' || *p == 'E')) {
		value->kind = JSON_KIND_REAL;
		last = skip_fraction(p, end);
	}
	if (!last || !ends_here(document, last))
		return json_fault_word(document, value->start);
	value->length = last - value->start;
	return value->kind == JSON_KIND_REAL ||
	       set_integer(document, value, number, p - first);
}
