/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as JSON: what jansson takes is taken, what it refuses is refused, and the values are the
 * same. The two differ in this:
 *  - a real number whose exponent is too large for a double is refused by jansson; here its form
 *    alone counts;
 *  - jansson refuses \u0000 in the name of a field in any case;
 *  - a NUL byte after the end is the end for jansson;
 *  - a fault in a string or number may be another one, as may its place.
 * Values are also read in parts, as a caller would who looks at them later.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "common/json_reader.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL };

static void require_same_text(const struct json_value *value, const char *text,
			      size_t length)
{
	char *buffer = malloc(length + 1);

	REQUIRE(buffer);
	REQUIRE(json_string_text(value, buffer, length + 1) == length);
	REQUIRE(memcmp(buffer, text, length) == 0 && buffer[length] == '\0');
	if (strlen(text) == length)
		REQUIRE(json_string_is(value, text));
	/* A cut text is the beginning of the whole one. */
	if (length > 1) {
		size_t kept;

		REQUIRE(json_string_text(value, buffer, length) == length);
		kept = strlen(buffer);
		REQUIRE(kept < length && memcmp(buffer, text, kept) == 0);
	}
	free(buffer);
}

static void require_same(struct json_reader *reader, const json_t *json);

static void require_same_object(struct json_reader *reader, const json_t *json)
{
	struct json_value name;
	size_t count = 0;

	REQUIRE(json_reader_open(reader, JSON_KIND_OBJECT));
	while (json_reader_member(reader, &name)) {
		size_t length = json_string_text(&name, (char[1]){ 0 }, 1);
		char *text = malloc(length + 1);
		json_t *member;

		REQUIRE(text);
		json_string_text(&name, text, length + 1);
		member = json_object_getn(json, text, length);
		REQUIRE(member);
		require_same(reader, member);
		free(text);
		count++;
	}
	REQUIRE(count == json_object_size(json));
}

static void require_same_array(struct json_reader *reader, const json_t *json)
{
	size_t count = 0;

	REQUIRE(json_reader_open(reader, JSON_KIND_ARRAY));
	while (json_reader_element(reader))
		require_same(reader, json_array_get(json, count++));
	REQUIRE(count == json_array_size(json));
}

static void require_same_scalar(const struct json_value *value, const json_t *json)
{
	switch (value->kind) {
	case JSON_KIND_STRING:
		REQUIRE(json_is_string(json));
		require_same_text(value, json_string_value(json),
				  json_string_length(json));
		break;
	case JSON_KIND_INTEGER:
		REQUIRE(json_is_integer(json));
		REQUIRE(json_integer_value(json) == value->integer);
		break;
	case JSON_KIND_REAL:
		REQUIRE(json_is_real(json));
		break;
	case JSON_KIND_TRUE:
		REQUIRE(json_is_true(json));
		break;
	case JSON_KIND_FALSE:
		REQUIRE(json_is_false(json));
		break;
	default:
		REQUIRE(value->kind == JSON_KIND_NULL && json_is_null(json));
	}
}

static void require_same(struct json_reader *reader, const json_t *json)
{
	struct json_reader again;
	struct json_value value;
	enum json_kind kind = json_reader_peek(reader);

	if (kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY) {
		struct json_reader whole = *reader;

		/* Read before, and so without a look for duplicates. */
		whole.checked = true;
		REQUIRE(json_reader_value(&whole, &value));
		again = json_reader_of(reader->document, &value);
		if (kind == JSON_KIND_OBJECT) {
			REQUIRE(value.count == json_object_size(json));
			require_same_object(&again, json);
		} else {
			REQUIRE(value.count == json_array_size(json));
			require_same_array(&again, json);
		}
		*reader = whole;
		return;
	}
	REQUIRE(json_reader_value(reader, &value));
	require_same_scalar(&value, json);
}

/* A place in the text and a message that can be printed. */
static void require_fault(const struct json_document *document)
{
	struct json_location at;
	char excerpt[JSON_EXCERPT_TEXT];

	REQUIRE(document->error == -EINVAL && document->fault[0] != '\0');
	REQUIRE(document->fault_at >= document->start &&
		document->fault_at <= document->end);
	at = json_document_locate(document, document->fault_at);
	REQUIRE(at.line >= 1 && at.column >= 1);
	json_document_excerpt(document, document->fault_at, excerpt);
	REQUIRE(excerpt[strlen(excerpt) - 1] == '\n');
}

static bool is_nul(const struct json_document *document)
{
	return document->fault_at < document->end && *document->fault_at == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_document document;
	struct json_reader reader;
	struct json_value value;
	json_error_t error;
	json_t *json;
	bool taken;

	json_document_init(&document, (const char *)data, size);
	document.takes_nul = true;
	json_reader_init(&reader, &document);
	taken = json_reader_value(&reader, &value) && json_reader_end(&reader);
	json = json_loadb((const char *)data, size, FLAGS, &error);
	if (!taken)
		require_fault(&document);
	if (json)
		REQUIRE(taken || is_nul(&document));
	else if (taken)
		REQUIRE(json_error_code(&error) == json_error_numeric_overflow ||
			json_error_code(&error) == json_error_null_byte_in_key);
	if (json && taken) {
		json_reader_init(&reader, &document);
		reader.checked = true;
		require_same(&reader, json);
		REQUIRE(json_reader_end(&reader));
	}
	json_decref(json);
	json_document_clear(&document);
	return 0;
}
