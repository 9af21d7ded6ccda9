/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/service_access.h"

#include <stdlib.h>
#include <string.h>

bool exposure_is_default(const struct exposure *exposure)
{
	return !exposure->bind && !exposure->cluster_ip && !exposure->node_port &&
	       !exposure->over_local && exposure->source_nat == SOURCE_NAT_NONE &&
	       exposure->inside.address.family == 0 && exposure->source_count == 0 &&
	       exposure->health_port == 0;
}

struct exposure *exposure_keep(struct exposure *exposure)
{
	struct exposure *kept = malloc(sizeof(*kept));

	if (!kept)
		return NULL;
	*kept = *exposure;
	memset(exposure, 0, sizeof(*exposure));
	return kept;
}

static bool sources_equal(const struct exposure *a, const struct exposure *b)
{
	if (a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++) {
		if (network_compare(&a->sources[i], &b->sources[i]) != 0)
			return false;
	}
	return true;
}

bool exposure_equal(const struct exposure *a, const struct exposure *b)
{
	static const struct exposure none;

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

void exposure_clear(struct exposure *exposure)
{
	free(exposure->sources);
	memset(exposure, 0, sizeof(*exposure));
}

void exposure_free(struct exposure *exposure)
{
	if (!exposure)
		return;
	exposure_clear(exposure);
	free(exposure);
}
