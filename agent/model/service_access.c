/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/service_access.h"

#include <stdlib.h>
#include <string.h>

bool service_access_is_default(const struct service_access *access)
{
	return !access->bind && !access->cluster_ip && !access->node_port &&
	       !access->over_local && access->source_nat == SOURCE_NAT_NONE &&
	       access->inside.address.family == 0 && access->source_count == 0 &&
	       access->health_port == 0;
}

struct service_access *service_access_keep(struct service_access *access)
{
	struct service_access *kept = malloc(sizeof(*kept));

	if (!kept)
		return NULL;
	*kept = *access;
	memset(access, 0, sizeof(*access));
	return kept;
}

static bool sources_equal(const struct service_access *a, const struct service_access *b)
{
	if (a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++) {
		if (network_compare(&a->sources[i], &b->sources[i]) != 0)
			return false;
	}
	return true;
}

bool service_access_equal(const struct service_access *a, const struct service_access *b)
{
	static const struct service_access none;

	a = a ? a : &none;
	b = b ? b : &none;
	return a->bind == b->bind && a->cluster_ip == b->cluster_ip &&
	       a->node_port == b->node_port && a->over_local == b->over_local &&
	       a->source_nat == b->source_nat && a->inside.port == b->inside.port &&
	       a->health_port == b->health_port &&
	       address_compare(&a->inside.address, &b->inside.address) == 0 &&
	       sources_equal(a, b);
}

const char *source_nat_name(uint8_t source_nat)
{
	static const char *const names[] = {
		[SOURCE_NAT_HAIRPIN] = "hairpin",
		[SOURCE_NAT_OUTSIDE] = "outside",
		[SOURCE_NAT_ALL] = "all",
	};

	return source_nat < ARRAY_SIZE(names) ? names[source_nat] : NULL;
}

void service_access_clear(struct service_access *access)
{
	free(access->sources);
	memset(access, 0, sizeof(*access));
}

void service_access_free(struct service_access *access)
{
	if (!access)
		return;
	service_access_clear(access);
	free(access);
}
