/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the bench's table (addresses.h) in the form that a contender reads:
 *
 *   generate state|ipvsadm|keepalived SERVICES DESTINATIONS
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "common/parse.h"
#include "tests/bench/addresses.h"

struct format {
	const char *name, *head, *tail;
	void (*service)(uint32_t number, const char *address);
	void (*destination)(uint32_t number, const char *service, const char *address);
	const char *service_end;
};

static void state_service(uint32_t number, const char *address)
{
	printf("%s\n    { \"name\": \"service-%u\", \"address\": \"%s\", \"port\": %d,"
	       " \"protocol\": \"tcp\",\n      \"destinations\": [",
	       number > 0 ? "," : "", number, address, SERVICE_PORT);
}

static void state_destination(uint32_t number, const char *service, const char *address)
{
	(void)service;
	printf("%s\n        { \"address\": \"%s\", \"port\": %d }", number > 0 ? "," : "",
	       address, DESTINATION_PORT);
}

static void ipvsadm_service(uint32_t number, const char *address)
{
	(void)number;
	printf("-A -t %s:%d -s rr\n", address, SERVICE_PORT);
}

static void ipvsadm_destination(uint32_t number, const char *service, const char *address)
{
	(void)number;
	printf("-a -t %s:%d -r %s:%d -m -w 1\n", service, SERVICE_PORT, address,
	       DESTINATION_PORT);
}

static void keepalived_service(uint32_t number, const char *address)
{
	(void)number;
	printf("virtual_server %s %d {\n  lvs_sched rr\n  lvs_method NAT\n  protocol TCP\n",
	       address, SERVICE_PORT);
}

static void keepalived_destination(uint32_t number, const char *service,
				   const char *address)
{
	(void)number;
	(void)service;
	printf("  real_server %s %d {\n    weight 1\n  }\n", address, DESTINATION_PORT);
}

static const struct format formats[] = {
	{ "state", "{\n  \"version\": 1,\n  \"services\": [", "\n  ]\n}\n", state_service,
	  state_destination, "\n      ] }" },
	{ "ipvsadm", "", "", ipvsadm_service, ipvsadm_destination, "" },
	{ "keepalived", "global_defs {\n}\n", "", keepalived_service,
	  keepalived_destination, "}\n" },
};

static const char *format_address(struct in_addr address, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

static void print_table(const struct format *format, uint32_t services,
			uint32_t destinations)
{
	char service[INET_ADDRSTRLEN], destination[INET_ADDRSTRLEN];

	fputs(format->head, stdout);
	for (uint32_t i = 0; i < services; i++) {
		format_address(service_address(i), service);
		format->service(i, service);
		for (uint32_t j = 0; j < destinations; j++) {
			format_address(destination_address(i, destinations, j),
				       destination);
			format->destination(j, service, destination);
		}
		fputs(format->service_end, stdout);
	}
	fputs(format->tail, stdout);
}

int main(int argc, char **argv)
{
	const struct format *format = NULL;
	uint32_t services, destinations;

	for (size_t i = 0; argc == 4 && i < ARRAY_SIZE(formats); i++) {
		if (strcmp(argv[1], formats[i].name) == 0)
			format = &formats[i];
	}
	if (!format || parse_u32(argv[2], 1, SERVICES_MAX, &services) < 0 ||
	    parse_u32(argv[3], 0, DESTINATIONS_MAX, &destinations) < 0)
		errx(2, "usage: generate state|ipvsadm|keepalived SERVICES DESTINATIONS");
	print_table(format, services, destinations);
	if (fflush(stdout) != 0)
		err(1, "writing");
	return 0;
}
