/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/kube/kube_fields.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/state/kube/cluster.h"
#include "agent/state/fields.h"
#include "agent/state/problems.h"

static bool has_type(const json_t *json, json_type type)
{
	return json_typeof(json) == type || (type == JSON_TRUE && json_is_false(json));
}

static struct kube_value typed(struct reader *reader, struct kube_value value,
			       json_type type)
{
	if (!value.json || json_is_null(value.json)) {
		value.json = NULL;
	} else if (type == JSON_INTEGER && json_is_real(value.json)) {
		reader_problem(reader, &value.place, FRACTION_TEXT);
		value.json = NULL;
	} else if (!has_type(value.json, type)) {
		wrong_type(reader, &value.place, value.json, json_type_text(type));
		value.json = NULL;
	}
	return value;
}

struct kube_value kube_member(struct reader *reader, const struct kube_value *object,
			      const char *name, json_type type)
{
	/* The whole of a document has no place of its own. */
	bool top = !object->place.parent && !object->place.key;
	struct kube_value value = { .place = { .parent = top ? NULL : &object->place,
					       .key = name },
				    .json = json_object_get(object->json, name) };

	return typed(reader, value, type);
}

struct kube_value kube_element(struct reader *reader, const struct kube_value *array,
			       size_t index, json_type type)
{
	struct kube_value value = { .place = { .parent = &array->place, .index = index },
				    .json = json_array_get(array->json, index) };

	return typed(reader, value, type);
}

size_t kube_count(const struct kube_value *array)
{
	return json_array_size(array->json);
}

const char *kube_text(struct reader *reader, const struct kube_value *object,
		      const char *name, const char *otherwise)
{
	struct kube_value value = kube_member(reader, object, name, JSON_STRING);

	return value.json ? json_string_value(value.json) : otherwise;
}

uint32_t kube_number(struct reader *reader, const struct kube_value *object,
		     const char *name, uint32_t min, uint32_t max, uint32_t otherwise)
{
	struct kube_value value = kube_member(reader, object, name, JSON_INTEGER);
	json_int_t number;

	if (!value.json)
		return otherwise;
	number = json_integer_value(value.json);
	if (number >= (json_int_t)min && number <= (json_int_t)max)
		return (uint32_t)number;
	reader_problem(reader, &value.place, "%" JSON_INTEGER_FORMAT " is not in %u..%u",
		       number, min, max);
	return otherwise;
}

bool kube_bool(struct reader *reader, const struct kube_value *object, const char *name,
	       bool otherwise)
{
	struct kube_value value = kube_member(reader, object, name, JSON_TRUE);

	return value.json ? json_is_true(value.json) : otherwise;
}

uint8_t kube_protocol(struct reader *reader, const struct kube_value *port)
{
	struct kube_value value = kube_member(reader, port, "protocol", JSON_STRING);
	const char *text = value.json ? json_string_value(value.json) : "TCP";
	char quoted[QUOTE_TEXT];

	if (strcmp(text, "TCP") == 0)
		return IPPROTO_TCP;
	if (strcmp(text, "UDP") == 0)
		return IPPROTO_UDP;
	if (strcmp(text, "SCTP") == 0)
		return IPPROTO_SCTP;
	reader_problem(reader, &value.place, "%s is none of TCP, UDP, SCTP",
		       quote(text, quoted));
	return 0;
}

char *kube_copy(struct reader *reader, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		reader->error = -ENOMEM;
	return copy;
}

const char *kube_name(struct reader *reader, const struct kube_value *object,
		      const char *member, size_t max, const char *otherwise)
{
	struct kube_value value = kube_member(reader, object, member, JSON_STRING);
	const char *text = value.json ? json_string_value(value.json) : otherwise;
	char quoted[QUOTE_TEXT];
	size_t length;

	if (!text || text == otherwise)
		return text;
	length = strlen(text);
	if (length <= max &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == length)
		return text;
	reader_problem(reader, &value.place, "%s is no name of an object or port",
		       quote(text, quoted));
	return NULL;
}

bool kube_object_name(struct reader *reader, const struct kube_value *object, size_t max,
		      struct object_name *name)
{
	struct kube_value metadata = kube_member(reader, object, "metadata", JSON_OBJECT);
	size_t problems = reader->problems->count;
	const char *text = kube_name(reader, &metadata, "name", max, NULL);
	const char *space =
		kube_name(reader, &metadata, "namespace", KUBE_LABEL_MAX, "default");

	if (!text && reader->problems->count == problems)
		reader_problem(reader, &metadata.place, "has no name");
	if (!text || !space)
		return false;
	name->space = kube_copy(reader, space);
	name->name = kube_copy(reader, text);
	return reader->error == 0;
}

void kube_refuse(struct reader *reader, const char *kind, const struct object_name *name,
		 const char *fmt, ...)
{
	char object[200], reason[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	snprintf(object, sizeof(object), "%s %s/%s", kind, name->space, name->name);
	if (notes_omit(&reader->cluster->notes, object, "%s", reason) < 0)
		reader->error = -ENOMEM;
}

bool kube_has_label(struct reader *reader, const struct kube_value *object,
		    const char *label)
{
	struct kube_value metadata = kube_member(reader, object, "metadata", JSON_OBJECT);
	struct kube_value labels = kube_member(reader, &metadata, "labels", JSON_OBJECT);

	return kube_text(reader, &labels, label, NULL) != NULL;
}
