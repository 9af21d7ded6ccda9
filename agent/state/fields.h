/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/state/reader.h"
#include "common/address.h"

/*
 * The typed values of an object's fields. Each function reports what is wrong under the field's
 * place and then returns false; the output is written on success alone.
 */

/* The names an object may have. */
struct field_set {
	const char *const *names;
	size_t count;
	const char *const *reserved; /* ended by NULL: known, but for a later version */
	/* ended by NULL, in pairs: a name that people put here, and where it belongs */
	const char *const *elsewhere;
};

/*
 * Puts the members of an object into values[] by the index of their names, NULL where one is
 * absent. False, and a problem each, where value is no object or has a member by another name.
 */
bool fields_take(struct reader *reader, const struct place *place, json_t *object,
		 const struct field_set *set, json_t **values);

/* The problem of a member whose name the set does not have, with a suggestion where one is close. */
void fields_unknown(struct reader *reader, const struct place *place,
		    const struct field_set *set);

/* A field of parent: its name and its value, which may be NULL for "missing". */
struct field {
	struct reader *reader;
	const struct place *parent;
	const char *name;
	json_t *value;
};

bool field_problem(const struct field *field, const char *fmt, ...) PRINTF_LIKE(2, 3);

bool field_number(const struct field *field, uint32_t min, uint32_t max, uint32_t *value);
bool field_bool(const struct field *field, bool *value);
/* The text is borrowed from the value. */
bool field_text(const struct field *field, const char **text);
/* The index of the text among words, which NULL ends. */
bool field_word(const struct field *field, const char *const *words, size_t *index);
bool field_address(const struct field *field, struct address *address);
/* Whether the value is an array; its elements are the caller's to read. */
bool field_array(const struct field *field);

#define FRACTION_TEXT "has a fraction or an exponent; a whole number is needed"

/* "a string"; numbers and booleans are each one type. */
const char *json_type_text(json_type type);

/* A problem for a value of the wrong type: "is a string, not a number". Returns false. */
bool wrong_type(struct reader *reader, const struct place *place, const json_t *value,
		const char *wanted);
