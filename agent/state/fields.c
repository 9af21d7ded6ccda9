/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/state/problems.h"
#include "common/nearest_name.h"

const char *json_type_text(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	default:
		return "null";
	}
}

bool wrong_type(struct reader *reader, const struct place *place, const json_t *value,
		const char *wanted)
{
	reader_problem(reader, place, "is %s, not %s", json_type_text(json_typeof(value)),
		       wanted);
	return false;
}

void fields_unknown(struct reader *reader, const struct place *place,
		    const struct field_set *set)
{
	const char *suggestion;

	for (const char *const *p = set->reserved; p && *p; p++) {
		if (strcmp(*p, place->key) == 0) {
			reader_problem(reader, place,
				       "%s is not supported by this version", place->key);
			return;
		}
	}
	for (const char *const *p = set->elsewhere; p && *p; p += 2) {
		if (strcmp(*p, place->key) == 0) {
			reader_problem(reader, place, "unknown field here: %s", p[1]);
			return;
		}
	}
	suggestion = nearest_name(place->key, set->names, set->count);
	if (suggestion)
		reader_problem(reader, place, "unknown field; did you mean '%s'?",
			       suggestion);
	else
		reader_problem(reader, place, "unknown field");
}

bool fields_take(struct reader *reader, const struct place *place, json_t *object,
		 const struct field_set *set, json_t **values)
{
	bool sound = true;
	const char *key;
	json_t *value;

	memset(values, 0, set->count * sizeof(*values));
	if (!json_is_object(object))
		return wrong_type(reader, place, object, "an object");
	json_object_foreach (object, key, value) {
		size_t i = 0;

		while (i < set->count && strcmp(key, set->names[i]) != 0)
			i++;
		if (i < set->count) {
			values[i] = value;
		} else {
			struct place member = { .parent = place, .key = key };

			fields_unknown(reader, &member, set);
			sound = false;
		}
	}
	return sound;
}

bool field_problem(const struct field *field, const char *fmt, ...)
{
	struct place place = { .parent = field->parent, .key = field->name };
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reader_problem(field->reader, &place, "%s", text);
	return false;
}

static bool is_there(const struct field *field)
{
	return field->value || field_problem(field, "missing");
}

static bool not_a(const struct field *field, const char *wanted)
{
	field_problem(field, "is %s, not %s", json_type_text(json_typeof(field->value)),
		      wanted);
	return false;
}

bool field_number(const struct field *field, uint32_t min, uint32_t max, uint32_t *value)
{
	json_int_t number;

	if (!is_there(field))
		return false;
	if (json_is_real(field->value))
		return field_problem(field, FRACTION_TEXT);
	if (!json_is_integer(field->value))
		return not_a(field, "a number");
	number = json_integer_value(field->value);
	if (number < min || number > max)
		return field_problem(field, "%" JSON_INTEGER_FORMAT " is not in %u..%u",
				     number, min, max);
	*value = number;
	return true;
}

bool field_bool(const struct field *field, bool *value)
{
	if (!is_there(field))
		return false;
	if (!json_is_boolean(field->value))
		return not_a(field, "a boolean");
	*value = json_is_true(field->value);
	return true;
}

bool field_text(const struct field *field, const char **text)
{
	if (!is_there(field))
		return false;
	if (!json_is_string(field->value))
		return not_a(field, "a string");
	*text = json_string_value(field->value);
	return true;
}

bool field_word(const struct field *field, const char *const *words, size_t *index)
{
	char list[200] = "", quoted[QUOTE_TEXT];
	const char *text;
	size_t used = 0;

	if (!field_text(field, &text))
		return false;
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(words[i], text) == 0) {
			*index = i;
			return true;
		}
		if (used < sizeof(list))
			used += snprintf(list + used, sizeof(list) - used, "%s%s",
					 i ? ", " : "", words[i]);
	}
	return field_problem(field, "%s is not one of %s", quote(text, quoted), list);
}

bool field_address(const struct field *field, struct address *address)
{
	char quoted[QUOTE_TEXT];
	const char *text;

	if (!field_text(field, &text))
		return false;
	if (address_parse(text, address) < 0)
		return field_problem(
			field,
			"%s is not an IPv4 or IPv6 address (names are not looked up)",
			quote(text, quoted));
	return true;
}

bool field_array(const struct field *field)
{
	return json_is_array(field->value) || not_a(field, "an array");
}
