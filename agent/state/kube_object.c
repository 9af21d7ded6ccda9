/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/kube_fields.h"

#include <string.h>

#include "agent/state/cluster.h"

static const struct kind {
	const char *kind;
	const char *version;
	void (*read)(struct reader *reader, const struct kube_value *object);
} kinds[] = {
	{ "Service", "v1", kube_read_service },
	{ "EndpointSlice", "discovery.k8s.io/v1", kube_read_slice },
	{ "Node", "v1", kube_read_node },
};

/* Others' kinds are ignored; one of ours in a version that is not known is not passed over. */
static bool is_our_group(const struct kind *kind, const char *version)
{
	const char *slash = strchr(kind->version, '/');
	size_t length = slash ? (size_t)(slash - kind->version) + 1 : 0;

	return slash ? strncmp(version, kind->version, length) == 0
		     : strchr(version, '/') == NULL;
}

void kube_read_object(struct reader *reader, const struct kube_value *object,
		      const char *otherwise)
{
	const char *kind = kube_text(reader, object, "kind", otherwise);
	const char *version = kube_text(reader, object, "apiVersion", NULL);

	if (!kind) {
		reader_problem(reader, object->place.parent ? &object->place : NULL,
			       "has no kind: it is no Kubernetes object");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		/* The items of a raw list say neither kind nor version. */
		if (!version || strcmp(version, kinds[i].version) == 0) {
			kinds[i].read(reader, object);
		} else if (is_our_group(&kinds[i], version)) {
			struct object_name name = { 0 };

			if (kube_object_name(reader, object, KUBE_NAME_MAX, &name))
				kube_refuse(reader, kind, &name,
					    "apiVersion %s is not read, only %s is",
					    version, kinds[i].version);
			free(name.space);
			free(name.name);
		}
		return;
	}
}
