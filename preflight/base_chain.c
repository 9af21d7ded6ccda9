/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight/base_chain.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct base_chain *base_chains_add(struct base_chains *chains)
{
	if (chains->count == BASE_CHAINS_MAX)
		return NULL;
	return &chains->items[chains->count++];
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void add_chain(const json_t *object, struct base_chains *chains)
{
	const char *hook = text_of(object, "hook");
	bool forward = strcmp(hook, "forward") == 0;
	struct base_chain *chain;

	if (!forward && strcmp(hook, "input") != 0)
		return;
	chain = base_chains_add(chains);
	if (!chain)
		return;
	*chain = (struct base_chain){
		.forward = forward,
		.drop = strcmp(text_of(object, "policy"), "drop") == 0,
		.priority = (int)json_integer_value(json_object_get(object, "prio")),
	};
	snprintf(chain->name, sizeof(chain->name), "%s %s %s", text_of(object, "family"),
		 text_of(object, "table"), text_of(object, "name"));
}

int base_chains_from_json(const char *text, struct base_chains *chains)
{
	json_t *root = json_loads(text, 0, NULL);
	const json_t *list = json_object_get(root, "nftables");
	const json_t *entry;
	size_t i;

	if (!json_is_array(list)) {
		json_decref(root);
		return -EINVAL;
	}
	json_array_foreach (list, i, entry) {
		const json_t *chain = json_object_get(entry, "chain");

		/*
		 * A chain without a hook is called from other chains' rules. The families
		 * arp, bridge and netdev never see the packets of IPVS.
		 */
		if (chain && strncmp(text_of(chain, "family"), "i", 1) == 0)
			add_chain(chain, chains);
	}
	json_decref(root);
	return 0;
}
