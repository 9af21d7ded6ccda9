/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/guard_rules.h"

#include <errno.h>
#include <string.h>

static int add_network(struct network list[static GUARD_RULES_MAX], size_t *count,
		       const char *text)
{
	struct network network;

	if (network_parse(text, &network) < 0)
		return -EINVAL;
	/* Every address: then there would be no service, or no guard. */
	if (network.prefix == 0)
		return -ERANGE;
	if (*count == GUARD_RULES_MAX)
		return -E2BIG;
	list[(*count)++] = network;
	return 0;
}

/* A DNS label (RFC 1123), as the API has them for namespaces. */
static bool is_namespace(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strspn(text, letters);

	return length > 0 && length <= GUARD_NAMESPACE_MAX && text[length] == '\0' &&
	       text[0] != '-' && text[length - 1] != '-';
}

int guard_rules_reserve(struct guard_rules *rules, const char *text)
{
	return add_network(rules->reserved, &rules->reserved_count, text);
}

int guard_rules_permit(struct guard_rules *rules, const char *text)
{
	if (!is_namespace(text))
		return add_network(rules->permitted, &rules->permitted_count, text);
	if (rules->namespace_count == GUARD_RULES_MAX)
		return -E2BIG;
	strcpy(rules->namespaces[rules->namespace_count++], text);
	return 0;
}

static bool has_address(const struct network *list, size_t count,
			const struct address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (network_contains(&list[i], address))
			return true;
	}
	return false;
}

bool guard_rules_has_reserved(const struct guard_rules *rules,
			      const struct address *address)
{
	return rules && has_address(rules->reserved, rules->reserved_count, address);
}

bool guard_rules_permits_address(const struct guard_rules *rules,
				 const struct address *address)
{
	return rules && has_address(rules->permitted, rules->permitted_count, address);
}

bool guard_rules_permits_namespace(const struct guard_rules *rules, const char *name)
{
	for (size_t i = 0; rules && i < rules->namespace_count; i++) {
		if (strcmp(rules->namespaces[i], name) == 0)
			return true;
	}
	return false;
}
