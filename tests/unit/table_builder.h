/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "agent/model/table.h"

/* Short ways to write tables in tests. Services are TCP on 10.0.0.N:80, destinations 10.1.0.N:8080. */

static inline struct service *build_service(struct table *table, unsigned int n)
{
	struct service *service = table_add_service(table);
	char text[32];

	assert_non_null(service);
	snprintf(text, sizeof(text), "10.0.%u.%u", n / 256, n % 256);
	assert_int_equal(address_parse(text, &service->key.address), 0);
	service->key.protocol = IPPROTO_TCP;
	service->key.port = 80;
	snprintf(service->scheduler, sizeof(service->scheduler), "rr");
	service->persistence_netmask = service_default_netmask(AF_INET);
	return service;
}

static inline struct destination *build_destination(struct service *service,
						    unsigned int n, uint32_t weight)
{
	struct destination *destination = service_add_destination(service);
	char text[32];

	assert_non_null(destination);
	snprintf(text, sizeof(text), "10.1.%u.%u", n / 256, n % 256);
	assert_int_equal(address_parse(text, &destination->address), 0);
	destination->port = 8080;
	destination->weight = weight;
	return destination;
}
