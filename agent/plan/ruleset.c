/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what one service needs --- */

bool ruleset_masquerades(const struct service *service)
{
	/* ip_vs_core.c, ip_vs_schedule: one packet is no connection that conntrack follows. */
	return service->access && !service->one_packet && !service->key.fwmark &&
	       service->key.port != 0 && service->access->source_nat != SOURCE_NAT_NONE;
}

bool ruleset_restricts(const struct service *service)
{
	const struct service_access *access = service->access;

	/* The larger of two networks with one address comes first. */
	return access && !service->key.fwmark && service->key.port != 0 &&
	       access->source_count > 0 && access->sources[0].prefix != 0;
}

bool ruleset_redirects(const struct service *service)
{
	return service->access && !service->key.fwmark && service->key.port != 0 &&
	       service->access->inside.address.family == service->key.address.family;
}

bool ruleset_concerns(const struct service *service)
{
	return ruleset_masquerades(service) || ruleset_restricts(service) ||
	       ruleset_redirects(service) ||
	       (service->access && service->access->bind && !service->key.fwmark);
}

/* --- the whole --- */

bool ruleset_counts_nothing(const struct ruleset_counts *counts)
{
	return counts->masqueraded + counts->restricted + counts->redirected +
		       counts->closed + counts->networks + counts->refused ==
	       0;
}

/* "3 services masqueraded" where there are any. */
static void describe(size_t count, const char *one, const char *many, char *buffer,
		     size_t size)
{
	size_t used = strlen(buffer);

	if (count > 0)
		snprintf(buffer + used, size - used, "%s%zu %s", used > 0 ? ", " : "",
			 count, count == 1 ? one : many);
}

const char *ruleset_describe(const struct ruleset *ruleset, char *buffer, size_t size)
{
	const struct ruleset_counts *counts = &ruleset->counts;

	buffer[0] = '\0';
	if (ruleset_counts_nothing(counts))
		snprintf(buffer, size, "connections that drain");
	describe(counts->masqueraded, "service masqueraded", "services masqueraded",
		 buffer, size);
	describe(counts->restricted, "service with source ranges",
		 "services with source ranges", buffer, size);
	describe(counts->redirected, "service redirected from inside",
		 "services redirected from inside", buffer, size);
	describe(counts->closed, "address closed but for services",
		 "addresses closed but for services", buffer, size);
	describe(counts->networks, "network closed but for services",
		 "networks closed but for services", buffer, size);
	describe(counts->refused, "service without destinations answered for",
		 "services without destinations answered for", buffer, size);
	return buffer;
}

const char *ruleset_family_name(uint8_t family)
{
	return family == AF_INET6 ? "ip6" : "ip";
}

void ruleset_clear(struct ruleset *ruleset)
{
	free(ruleset->text);
	memset(ruleset, 0, sizeof(*ruleset));
}
