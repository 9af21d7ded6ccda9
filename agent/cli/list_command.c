/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/commands.h"
#include "agent/kernel/ipvs.h"
#include "common/log.h"

/*
 * The layout of `ipvsadm -Ln`, which people and scripts know (ipvsadm.c: print_title,
 * print_service_and_dests).
 */

static const char *netmask_text(const struct service *service,
				char buffer[static ADDRESS_TEXT])
{
	struct in_addr mask = { .s_addr = service->persistence_netmask };

	if (service->key.address.family == AF_INET6)
		snprintf(buffer, ADDRESS_TEXT, "%u", service->persistence_netmask);
	else
		inet_ntop(AF_INET, &mask, buffer, ADDRESS_TEXT);
	return buffer;
}

/* "sh-fallback,sh-port" with the scheduler's own names, "flag-1" without a name. */
static void format_flags(const struct service *service, char *buffer, size_t size)
{
	static const char *const generic[] = { "flag-1", "flag-2", "flag-3" };
	static const char *const named[] = { "fallback", "port" };
	bool has_names = strcmp(service->scheduler, "sh") == 0 ||
			 strcmp(service->scheduler, "mh") == 0;
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t bit = 0; bit < ARRAY_SIZE(generic); bit++) {
		const char *comma = used ? "," : "";
		int n;

		if (!(service->scheduler_flags & 1 << bit))
			continue;
		if (has_names && bit < ARRAY_SIZE(named))
			n = snprintf(buffer + used, size - used, "%s%s-%s", comma,
				     service->scheduler, named[bit]);
		else
			n = snprintf(buffer + used, size - used, "%s%s", comma,
				     generic[bit]);
		used += (size_t)n;
	}
}

static void print_service_key(const struct service_key *key)
{
	char address[ADDRESS_TEXT];
	const char *protocol = key->protocol == IPPROTO_TCP   ? "TCP"
			       : key->protocol == IPPROTO_UDP ? "UDP"
							      : "SCTP";

	if (key->fwmark)
		printf("FWM  %u%s", key->fwmark,
		       key->address.family == AF_INET6 ? " IPv6" : "");
	else if (key->address.family == AF_INET6)
		printf("%-4s [%s]:%u", protocol, address_format(&key->address, address),
		       key->port);
	else
		printf("%-4s %s:%u", protocol, address_format(&key->address, address),
		       key->port);
}

static void print_service(const struct service *service)
{
	char netmask[ADDRESS_TEXT], flags[64];

	print_service_key(&service->key);
	printf(" %s", service->scheduler);
	format_flags(service, flags, sizeof(flags));
	if (flags[0])
		printf(" (%s)", flags);
	if (service->persistence_timeout)
		printf(" persistent %u", service->persistence_timeout);
	if (service->persistence_netmask !=
	    service_default_netmask(service->key.address.family))
		printf(" mask %s", netmask_text(service, netmask));
	if (service->engine[0])
		printf(" pe %s", service->engine);
	if (service->one_packet)
		printf(" ops");
	putchar('\n');
}

static const char *forward_column(uint8_t forward)
{
	static const char *const names[] = {
		[FORWARD_MASQUERADE] = "Masq", [FORWARD_LOCAL] = "Local",
		[FORWARD_TUNNEL] = "Tunnel",   [FORWARD_DIRECT] = "Route",
		[FORWARD_BYPASS] = "Bypass",
	};

	return forward < ARRAY_SIZE(names) ? names[forward] : "?";
}

static void print_destination(const struct destination *destination)
{
	char key[DESTINATION_KEY_TEXT];

	printf("  -> %-28s %-7s %-6u %-10u %-10u\n",
	       destination_key_format(destination, key),
	       forward_column(destination->forward), destination->weight,
	       destination->active_connections, destination->inactive_connections);
}

static void print_text(const struct table *table, const struct ipvs_info *info)
{
	printf("IP Virtual Server version %u.%u.%u (size=%u)\n",
	       info->version >> 16 & 0xff, info->version >> 8 & 0xff,
	       info->version & 0xff, info->connection_table_size);
	printf("Prot LocalAddress:Port Scheduler Flags\n");
	printf("  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n");
	for (size_t i = 0; i < table->service_count; i++) {
		const struct service *service = &table->services[i];

		print_service(service);
		for (size_t k = 0; k < service->destination_count; k++)
			print_destination(&service->destinations[k]);
	}
}

static json_t *destination_to_json(const struct destination *destination)
{
	char address[ADDRESS_TEXT];

	return json_pack(
		"{s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:I}", "address",
		address_format(&destination->address, address), "port",
		(int)destination->port, "forward", forward_name(destination->forward),
		"weight", (json_int_t)destination->weight, "upperThreshold",
		(json_int_t)destination->upper_threshold, "lowerThreshold",
		(json_int_t)destination->lower_threshold, "activeConnections",
		(json_int_t)destination->active_connections, "inactiveConnections",
		(json_int_t)destination->inactive_connections);
}

static json_t *service_to_json(const struct service *service)
{
	char key[SERVICE_KEY_TEXT], flags[64];
	json_t *destinations = json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < service->destination_count; i++)
		r = json_array_append_new(destinations,
					  destination_to_json(&service->destinations[i]));
	format_flags(service, flags, sizeof(flags));
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:b, s:o}", "service",
			 service_key_format(&service->key, key), "scheduler",
			 service->scheduler, "schedulerFlags", flags,
			 "persistenceTimeout", (json_int_t)service->persistence_timeout,
			 "engine", service->engine, "onePacket", service->one_packet,
			 "destinations", destinations);
}

static int print_json(const struct table *table, const struct ipvs_info *info)
{
	json_t *services = json_array(), *json;
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->service_count; i++)
		r = json_array_append_new(services, service_to_json(&table->services[i]));
	json = json_pack("{s:I, s:o}", "connectionTableSize",
			 (json_int_t)info->connection_table_size, "services", services);
	if (r == 0)
		r = json ? json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII)
			 : -1;
	json_decref(json);
	putchar('\n');
	return r;
}

int list_main(const struct options *options)
{
	cleanup_table struct table table = { 0 };
	cleanup_ipvs struct ipvs *ipvs = NULL;
	struct ipvs_info info = { 0 };
	struct err err = { 0 };
	int r;

	r = ipvs_open(&ipvs, &err);
	if (r == 0)
		r = ipvs_get_info(ipvs, &info, &err);
	if (r == 0)
		r = ipvs_dump(ipvs, &table, &err);
	if (r < 0) {
		log_error("%s", err.text);
		return EXIT_FAILED;
	}
	if (!options->json)
		print_text(&table, &info);
	else if (print_json(&table, &info) < 0)
		return EXIT_FAILED;
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
