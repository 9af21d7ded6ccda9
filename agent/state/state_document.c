/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outermost object of a state file: its braces, commas and field names. Which form the
 * document has is known by its fields: native ones, or those of a Kubernetes object.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/state/json_memory.h"
#include "agent/state/kube/kube_document.h"
#include "agent/state/native.h"
#include "agent/state/reader.h"
#include "common/cluster_document.h"

static bool fail(struct reader *reader, int result, const struct json_fault *fault)
{
	if (result == -EINVAL)
		reader_fault(reader, fault);
	else
		reader->error = result;
	return false;
}

static bool expected(struct reader *reader, struct json_text *text, const char *what)
{
	struct json_fault fault;

	return fail(reader, json_text_expected(text, what, &fault), &fault);
}

static bool read_field(struct native *native)
{
	struct reader *reader = native->reader;
	struct json_text *text = native->text;
	struct json_fault fault;
	cleanup_json json_t *name = NULL;
	struct place place = { 0 };
	size_t line;
	int r;

	if (json_text_peek(text) != '"')
		return expected(reader, text, "a field's name in double quotes");
	line = text->line;
	r = json_text_value(text, &name, &fault);
	if (r < 0)
		return fail(reader, r, &fault);
	place.key = json_string_value(name);
	if (!json_text_take(text, ':'))
		return expected(reader, text, "':'");
	return native_read_field(native, place.key, line);
}

static bool read_fields(struct native *native)
{
	if (json_text_take(native->text, '}'))
		return true;
	while (read_field(native)) {
		if (json_text_take(native->text, '}'))
			return true;
		if (!json_text_take(native->text, ','))
			return expected(native->reader, native->text, "',' or '}'");
	}
	return false;
}

/* What people take for a state, by its first bytes. */
static const struct {
	const char *start;
	const char *what;
} other_forms[] = {
	{ "\xef\xbb\xbf", "a byte order mark, which JSON does not have" },
	{ "\x1f\x8b", "the file is compressed by gzip; unpack it first" },
	{ "\xfd"
	  "7zXZ",
	  "the file is compressed by xz; unpack it first" },
	{ "\x28\xb5\x2f\xfd", "the file is compressed by zstd; unpack it first" },
	{ "BZh", "the file is compressed by bzip2; unpack it first" },
	{ "apiVersion:", "the file is YAML; print it as JSON (kubectl get -o json)" },
	{ "kind:", "the file is YAML; print it as JSON (kubectl get -o json)" },
	{ "items:", "the file is YAML; print it as JSON (kubectl get -o json)" },
	{ "---", "the file is YAML; print it as JSON (kubectl get -o json)" },
};

static const char *find_other_form(const struct source *source)
{
	for (size_t i = 0; i < ARRAY_SIZE(other_forms); i++) {
		size_t length = strlen(other_forms[i].start);

		if (source->length >= length &&
		    memcmp(source->data, other_forms[i].start, length) == 0)
			return other_forms[i].what;
	}
	return NULL;
}

static void read_document(struct reader *reader, struct source *source)
{
	struct json_text text;
	struct native native = { .reader = reader, .source = source, .text = &text };
	struct json_fault fault = { .line = 1, .column = 1 };
	const char *other = find_other_form(source);

	json_text_init(&text, source->data, source->length);
	if (other) {
		snprintf(fault.text, sizeof(fault.text), "%s", other);
		reader_fault(reader, &fault);
		return;
	}
	if (json_text_peek(&text) < 0) {
		snprintf(
			fault.text, sizeof(fault.text),
			"the file is empty; a state without services says \"services\": []");
		reader_fault(reader, &fault);
		return;
	}
	if (cluster_document_is(&text)) {
		if (!kube_document_read(reader, &text, source))
			return;
	} else {
		if (!json_text_take(&text, '{')) {
			expected(reader, &text, "'{'");
			return;
		}
		if (!read_fields(&native))
			return;
		native_finish(&native);
	}
	if (json_text_peek(&text) >= 0)
		expected(reader, &text, "the end of the file");
}

void document_read(struct reader *reader, struct source *source)
{
	read_document(reader, source);
	json_memory_drop();
}
