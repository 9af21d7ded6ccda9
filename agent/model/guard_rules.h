/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/address.h"
#include "common/macro.h"
#include "common/network.h"

/*
 * What the node's administrator tells the guard (agent/model/guard.h): which addresses no virtual
 * service may have, and at which addresses, or for the Services of which namespaces, it is not to
 * refuse. Pure memory, owns nothing. NULL, where a function takes one, says nothing.
 */

enum {
	GUARD_RULES_MAX = 64,	  /* of each kind */
	GUARD_NAMESPACE_MAX = 63, /* bytes; of a DNS label */
};

struct guard_rules {
	struct network reserved[GUARD_RULES_MAX];
	size_t reserved_count;
	struct network permitted[GUARD_RULES_MAX];
	size_t permitted_count;
	char namespaces[GUARD_RULES_MAX][GUARD_NAMESPACE_MAX + 1];
	size_t namespace_count;
};

/*
 * Adds "192.0.2.1" or "192.0.2.0/24". -EINVAL, -ERANGE for a network of every address, -E2BIG where
 * there are GUARD_RULES_MAX.
 */
int guard_rules_reserve(struct guard_rules *rules, const char *text) MUST_CHECK;

/* The same, or the name of a namespace, in which no address is written. */
int guard_rules_permit(struct guard_rules *rules, const char *text) MUST_CHECK;

bool guard_rules_has_reserved(const struct guard_rules *rules,
			      const struct address *address);
bool guard_rules_permits_address(const struct guard_rules *rules,
				 const struct address *address);
bool guard_rules_permits_namespace(const struct guard_rules *rules, const char *name);
