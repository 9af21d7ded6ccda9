/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The one table that every contender programs, for any number of services and destinations of
 * each: TCP, round robin, masquerade, weight 1, no two services with one address.
 */
enum { SERVICE_PORT = 80, DESTINATION_PORT = 8080 };
enum {
	SERVICES_MAX = 1 << 20,
	DESTINATIONS_MAX = 65534
}; /* what the two networks hold */

/* The address of service number service, from 10.96.0.1 on in 10.96.0.0/12. */
static inline struct in_addr service_address(uint32_t service)
{
	return (struct in_addr){ htonl(0x0a600001 + service) };
}

/* That of the service's destination number destination, in 10.244.0.0/16; after all have had a
 * service it begins again. */
static inline struct in_addr destination_address(uint32_t service, uint32_t destinations,
						 uint32_t destination)
{
	uint64_t number = (uint64_t)service * destinations + destination;

	return (struct in_addr){ htonl(0x0af40001 +
				       (uint32_t)(number % DESTINATIONS_MAX)) };
}

/*
 * A change of the table: every so many destinations, from number first on (counted through all
 * services), one gets another weight. None is changed where every is 0.
 */
struct table_change {
	uint32_t every, first, weight;
};

static inline bool table_changes(const struct table_change *change, uint64_t number)
{
	return change->every > 0 && number >= change->first &&
	       (number - change->first) % change->every == 0;
}
