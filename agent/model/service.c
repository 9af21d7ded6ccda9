/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

uint32_t service_default_netmask(uint8_t family)
{
	return family == AF_INET6 ? 128 : UINT32_MAX;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int service_key_compare(const struct service_key *a, const struct service_key *b)
{
	int order = compare_numbers(a->fwmark, b->fwmark);

	if (order == 0)
		order = address_compare(&a->address, &b->address);
	if (order == 0)
		order = compare_numbers(a->protocol, b->protocol);
	if (order == 0)
		order = compare_numbers(a->port, b->port);
	return order;
}

const char *service_key_format(const struct service_key *key,
			       char buffer[static SERVICE_KEY_TEXT])
{
	bool v6 = key->address.family == AF_INET6;
	char address[ADDRESS_TEXT];
	const char *protocol;

	if (key->fwmark) {
		snprintf(buffer, SERVICE_KEY_TEXT, "fwmark %u%s", key->fwmark,
			 v6 ? " ipv6" : "");
		return buffer;
	}
	protocol = protocol_name(key->protocol);
	snprintf(buffer, SERVICE_KEY_TEXT, "%s %s%s%s:%u",
		 protocol ? protocol : "unknown", v6 ? "[" : "",
		 address_format(&key->address, address), v6 ? "]" : "", key->port);
	return buffer;
}

static const struct {
	const char *name;
	uint8_t protocol;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
};

const char *protocol_name(uint8_t protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].protocol == protocol)
			return protocols[i].name;
	}
	return NULL;
}

uint8_t protocol_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(protocols[i].name, name) == 0)
			return protocols[i].protocol;
	}
	return 0;
}

bool service_equal(const struct service *a, const struct service *b)
{
	if (strcmp(a->scheduler, b->scheduler) != 0 ||
	    a->scheduler_flags != b->scheduler_flags)
		return false;
	if (a->one_packet != b->one_packet ||
	    a->persistence_timeout != b->persistence_timeout)
		return false;
	if (a->persistence_timeout == 0)
		return true;
	return a->persistence_netmask == b->persistence_netmask &&
	       strcmp(a->engine, b->engine) == 0;
}

struct destination *service_add_destination(struct service *service)
{
	struct destination *added;

	if (ARRAY_MAKE_ROOM(service->destinations, service->destination_count,
			    service->destination_room) < 0)
		return NULL;
	service->fingerprint = 0;
	added = &service->destinations[service->destination_count++];
	memset(added, 0, sizeof(*added));
	return added;
}

int service_reserve(struct service *service, size_t count)
{
	if (count == 0 || service->destinations)
		return 0;
	service->destinations = calloc(count, sizeof(*service->destinations));
	if (!service->destinations)
		return -ENOMEM;
	service->destination_room = count;
	return 0;
}

void service_trim(struct service *service)
{
	struct destination *trimmed;

	if (service->destination_room == service->destination_count)
		return;
	if (service->destination_count == 0) {
		free(service->destinations);
		service->destinations = NULL;
		service->destination_room = 0;
		return;
	}
	trimmed = reallocarray(service->destinations, service->destination_count,
			       sizeof(*trimmed));
	if (!trimmed)
		return;
	service->destinations = trimmed;
	service->destination_room = service->destination_count;
}

static int compare_destinations(const void *a, const void *b)
{
	return destination_key_compare(a, b);
}

struct destination *service_find_destination(const struct service *service,
					     const struct destination *key)
{
	if (service->destination_count == 0)
		return NULL;
	return bsearch(key, service->destinations, service->destination_count,
		       sizeof(*service->destinations), compare_destinations);
}

void service_sort(struct service *service)
{
	/* Usually sorted already: states are, and the kernel lists in the order of creation. */
	for (size_t i = 1; i < service->destination_count; i++) {
		if (destination_key_compare(&service->destinations[i - 1],
					    &service->destinations[i]) > 0) {
			qsort(service->destinations, service->destination_count,
			      sizeof(*service->destinations), compare_destinations);
			service->fingerprint = 0;
			return;
		}
	}
}

void service_clear(struct service *service)
{
	free(service->name);
	free(service->destinations);
	service_access_free(service->access);
	memset(service, 0, sizeof(*service));
}
