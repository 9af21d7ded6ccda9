/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/temporary.h"

#include <jansson.h>

#include "agent/state/json_memory.h"

/* Under the sanitizers a piece that goes the wrong way, or is forgotten, ends the program. */

static json_t *load(const char *text)
{
	json_t *value;

	json_memory_begin();
	value = json_loads(text, JSON_DECODE_ANY, NULL);
	json_memory_end();
	return value;
}

/* An array of so many objects, as text; the caller frees it. */
static char *many_objects(size_t count)
{
	static const char object[] = "{\"address\":\"10.0.0.1\",\"port\":80},";
	char *text = malloc(count * sizeof(object) + 3), *at = text;

	assert_non_null(text);
	*at++ = '[';
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s", object);
	strcpy(at - 1, "]");
	return text;
}

static void values_are_what_they_were(void **state)
{
	json_t *a = load("{\"a\": [1, 2.5, true, null, \"text\"]}");
	json_t *b = load("{\"a\": [1, 2.5, true, null, \"text\"]}");

	(void)state;
	assert_int_equal(json_equal(a, b), 1);
	json_decref(a);
	assert_string_equal(json_string_value(json_array_get(json_object_get(b, "a"), 4)),
			    "text");
	json_decref(b);
}

static void large_value_takes_more_blocks(void **state)
{
	char *text = many_objects(20000);
	json_t *value = load(text), *other = load("[1]");

	(void)state;
	assert_int_equal(json_array_size(value), 20000);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(value, 19999), "address")),
			    "10.0.0.1");
	json_decref(value);
	assert_int_equal(json_array_size(other), 1);
	json_decref(other);
	free(text);
}

/* Longer than the first block. */
static void long_text(void **state)
{
	size_t length = 1000 * 1000;
	char *text = malloc(length + 3);
	json_t *value;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', length + 2);
	text[0] = text[length + 1] = '"';
	text[length + 2] = '\0';
	value = load(text);
	assert_int_equal(json_string_length(value), length);
	json_decref(value);
	json_memory_drop();
	free(text);
}

static void what_is_refused_leaves_nothing(void **state)
{
	(void)state;
	assert_null(load("[1, 2, {\"a\": \"b\""));
	assert_null(load(""));
}

/* What is made otherwise is malloc()'s, and json_dumps() is for free(). */
static void other_values_are_left_alone(void **state)
{
	json_t *value = load("[1]"), *other = json_object();
	char *text;

	(void)state;
	assert_int_equal(json_object_set_new(other, "b", json_string("c")), 0);
	assert_int_equal(json_array_append(value, other), 0);
	text = json_dumps(value, JSON_COMPACT);
	assert_string_equal(text, "[1,{\"b\":\"c\"}]");
	free(text);
	json_decref(value);
	assert_string_equal(json_string_value(json_object_get(other, "b")), "c");
	json_decref(other);
}

static void nothing_in_use_is_dropped(void **state)
{
	json_t *value = load("[\"text\"]");

	(void)state;
	json_memory_drop();
	assert_string_equal(json_string_value(json_array_get(value, 0)), "text");
	json_decref(value);
	json_memory_drop();
	json_memory_drop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_what_they_were),
		cmocka_unit_test(large_value_takes_more_blocks),
		cmocka_unit_test(long_text),
		cmocka_unit_test(what_is_refused_leaves_nothing),
		cmocka_unit_test(other_values_are_left_alone),
		cmocka_unit_test(nothing_in_use_is_dropped),
	};

	int failed;

	json_memory_use();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_memory_drop();
	return failed;
}
