/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/kube/kube_fields.h"

#include <stdlib.h>
#include <string.h>

#include "agent/state/kube/cluster.h"

static const struct kind {
	const char *kind;
	const char *version;
	void (*read)(struct reader *reader, const struct kube_value *object);
} kinds[] = {
	[OBJECT_SERVICE] = { "Service", "v1", kube_read_service },
	[OBJECT_SLICE] = { "EndpointSlice", "discovery.k8s.io/v1", kube_read_slice },
	[OBJECT_NODE] = { "Node", "v1", kube_read_node },
};

/* Others' kinds are ignored; one of ours in a version that is not known is not passed over. */
static bool is_our_group(const struct kind *kind, const char *version)
{
	const char *slash = strchr(kind->version, '/');
	size_t length = slash ? (size_t)(slash - kind->version) + 1 : 0;

	return slash ? strncmp(version, kind->version, length) == 0
		     : strchr(version, '/') == NULL;
}

/* What an API server says in place of an object. */
static const struct {
	const char *kind;
	const char *what;
} no_objects[] = {
	{ "Status", "a message of the API server" },
	{ "Table", "a table for people to read" },
	{ "PartialObjectMetadata", "the metadata of an object alone" },
};

static bool is_no_object(struct reader *reader, const struct kube_value *object,
			 const char *kind)
{
	const char *message = json_string_value(json_object_get(object->json, "message"));

	for (size_t i = 0; i < ARRAY_SIZE(no_objects); i++) {
		if (strcmp(no_objects[i].kind, kind) != 0)
			continue;
		reader_problem(reader, object->place.parent ? &object->place : NULL,
			       "is %s and no object to serve%s%.200s", no_objects[i].what,
			       message ? ": " : "", message ? message : "");
		return true;
	}
	return false;
}

static void refuse_version(struct reader *reader, const struct kube_value *object,
			   const struct kind *kind, const char *version)
{
	struct object_name name = { 0 };

	if (kube_object_name(reader, object, KUBE_NAME_MAX, &name))
		kube_refuse(reader, kind->kind, &name,
			    "apiVersion %s is not read, only %s is", version,
			    kind->version);
	free(name.space);
	free(name.name);
}

bool kube_goes_on(const json_t *metadata)
{
	const char *text = json_string_value(json_object_get(metadata, "continue"));

	return (text && *text) ||
	       json_integer_value(json_object_get(metadata, "remainingItemCount")) > 0;
}

/* A list within a list, or one whose items are null. */
static void read_list(struct reader *reader, const struct kube_value *object,
		      const struct list_type *type)
{
	struct kube_value metadata = kube_member(reader, object, "metadata", JSON_OBJECT);
	struct kube_value items = kube_member(reader, object, "items", JSON_ARRAY);

	if (kube_goes_on(metadata.json)) {
		struct place place = { .parent = &metadata.place, .key = "continue" };

		reader_problem(reader, &place, KUBE_GOES_ON_TEXT);
	}
	for (size_t i = 0; i < kube_count(&items) && reader->error == 0; i++) {
		struct kube_value one = kube_element(reader, &items, i, JSON_OBJECT);

		if (one.json)
			kube_read_object(reader, &one, type);
	}
}

static void read_of_kind(struct reader *reader, const struct kube_value *object,
			 const char *kind, const char *version)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		/* One that was written by hand need not say it. */
		if (!*version || strcmp(version, kinds[i].version) == 0) {
			kube_see(reader, (enum object_kind)i, object);
			kinds[i].read(reader, object);
		} else if (is_our_group(&kinds[i], version)) {
			refuse_version(reader, object, &kinds[i], version);
		}
		return;
	}
}

void kube_read_object(struct reader *reader, const struct kube_value *object,
		      const struct list_type *list)
{
	struct list_type type = { 0 }, of_list = list_type_of_items(list);
	const char *kind = kube_text(reader, object, "kind", of_list.kind);
	/* The list's version is that of its own kind, and of no other. */
	const char *version =
		kube_text(reader, object, "apiVersion",
			  strcmp(kind, of_list.kind) == 0 ? of_list.version : "");

	if (!*kind) {
		reader_problem(reader, object->place.parent ? &object->place : NULL,
			       "has no kind: it is no Kubernetes object");
		return;
	}
	list_type_note(&type, "kind", json_object_get(object->json, "kind"));
	list_type_note(&type, "apiVersion", json_object_get(object->json, "apiVersion"));
	if (list_type_is_list(&type))
		read_list(reader, object, &type);
	else if (!is_no_object(reader, object, kind))
		read_of_kind(reader, object, kind, version);
}
