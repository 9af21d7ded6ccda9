/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/cluster_document.h"

#include <string.h>

/* What a Kubernetes object has at its top and a native state has not. */
bool cluster_document_is(const struct json_text *text)
{
	static const char *const names[] = { "kind", "apiVersion", "items", "metadata" };
	struct json_text ahead = *text;
	struct json_fault fault;
	cleanup_json json_t *name = NULL;

	if (!json_text_take(&ahead, '{') || json_text_peek(&ahead) != '"' ||
	    json_text_value(&ahead, &name, &fault) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(json_string_value(name), names[i]) == 0)
			return true;
	}
	return false;
}
