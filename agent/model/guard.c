/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/model/guard.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Ports of the node that must not be taken, whether anybody listens just now or not. */
enum { PORT_SSH = 22, PORT_KUBELET = 10250 };

static const struct {
	uint8_t family;
	uint8_t bytes[2]; /* of its beginning; of IPv6 ::1 none */
	uint8_t prefix;
	const char *what;
} ranges[] = {
	{ AF_INET, { 0 }, 8, "0.0.0.0/8, this network" },
	{ AF_INET, { 127 }, 8, "127.0.0.0/8, the loopback network" },
	{ AF_INET, { 169, 254 }, 16, "169.254.0.0/16, the link-local network" },
	{ AF_INET, { 224 }, 4, "224.0.0.0/4, which is multicast" },
	{ AF_INET6, { 0xfe, 0x80 }, 10, "fe80::/10, the link-local network" },
	{ AF_INET6, { 0xff }, 8, "ff00::/8, which is multicast" },
};

/* A cluster allocates its addresses from a network that is its own. */
static bool is_cluster_address(const struct service *service)
{
	return service->access && service->access->cluster_ip;
}

bool guard_concerns(const struct guard_rules *rules, const struct service *service)
{
	if (service->key.fwmark)
		return false;
	return !is_cluster_address(service) || (rules && rules->reserved_count > 0);
}

/* Whether it makes its address local here, or says that it is. */
static bool takes_address(const struct service *service)
{
	const struct service_access *access = service->access;

	return access && (access->bind || access->node_port || access->over_local);
}

static bool PRINTF_LIKE(2, 3) refuse(char reason[static GUARD_TEXT], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, GUARD_TEXT, fmt, ap);
	va_end(ap);
	return true;
}

static const char *find_range(const struct address *address)
{
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct network network = { .prefix = ranges[i].prefix };

		network.address.family = ranges[i].family;
		memcpy(network.address.bytes, ranges[i].bytes, sizeof(ranges[i].bytes));
		if (network_contains(&network, address))
			return ranges[i].what;
	}
	return IN6_IS_ADDR_LOOPBACK(&address->v6) && address->family == AF_INET6
		       ? "::1/128, the loopback network"
		       : NULL;
}

static bool is_gateway(const struct host_net *host, const struct address *address)
{
	for (size_t i = 0; i < host->gateway_count; i++) {
		if (address_compare(&host->gateways[i].address, address) == 0)
			return true;
	}
	return false;
}

static const char *find_reserved(const struct guard_facts *facts,
				 const struct address *address)
{
	const struct reserved_address key = { .address = *address };
	const struct reserved_address *found =
		facts->reserved_count == 0
			? NULL
			: bsearch(&key, facts->reserved, facts->reserved_count,
				  sizeof(key), reserved_address_compare);

	return found ? found->owner : NULL;
}

static bool refuses_address(const struct guard_facts *facts,
			    const struct service *service, char reason[static GUARD_TEXT])
{
	const struct address *address = &service->key.address;
	const char *what = find_reserved(facts, address);
	char text[ADDRESS_TEXT];

	address_format(address, text);
	if (is_gateway(facts->host, address))
		return refuse(reason, "refused: %s is the node's default gateway", text);
	if (address_list_has(facts->nameservers, address) && !service->access->permitted)
		return refuse(
			reason,
			"refused: %s is a nameserver of /etc/resolv.conf; the option --permit=%s permits it",
			text, text);
	return what && refuse(reason, "refused: %s is %s", text, what);
}

static bool is_unspecified(const struct address *address)
{
	static const uint8_t zero[sizeof(address->bytes)];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

/* A port of 0 is every port. */
static bool hears(const struct listener *listener, uint8_t protocol,
		  const struct address *address, uint16_t port)
{
	if (listener->protocol != protocol || (port != 0 && listener->port != port))
		return false;
	if (address_compare(&listener->address, address) == 0)
		return true;
	if (!is_unspecified(&listener->address))
		return false;
	return listener->address.family == address->family ||
	       (listener->address.family == AF_INET6 && !listener->v6_only);
}

static bool is_loopback(const struct address *address)
{
	return address->family == AF_INET ? address->bytes[0] == 127
					  : IN6_IS_ADDR_LOOPBACK(&address->v6);
}

static bool is_own(const struct guard_facts *facts, const struct address *address)
{
	return is_loopback(address) ||
	       host_find_elsewhere(facts->host, address, facts->own_link) != NULL;
}

/* Whether connections reach the program all the same, since a destination is where it listens. */
static bool is_destination(const struct guard_facts *facts, const struct service *service,
			   const struct listener *listener)
{
	for (size_t i = 0; i < service->destination_count; i++) {
		const struct destination *destination = &service->destinations[i];

		if (hears(listener, service->key.protocol, &destination->address,
			  destination->port) &&
		    is_own(facts, &destination->address))
			return true;
	}
	return false;
}

static const struct listener *find_listener(const struct guard_facts *facts,
					    const struct service *service)
{
	const struct service_key *key = &service->key;

	for (size_t i = 0; i < facts->listener_count; i++) {
		const struct listener *listener = &facts->listeners[i];

		if (hears(listener, key->protocol, &key->address, key->port) &&
		    !is_destination(facts, service, listener))
			return listener;
	}
	return NULL;
}

/* What to do about a port of the node itself that may be taken. */
static const char *format_advice(const struct service *service,
				 char advice[static GUARD_TEXT])
{
	const char *name = service->name ? service->name : "";
	char text[ADDRESS_TEXT];

	if (!service->access || !service->access->of_cluster)
		return strcpy(advice, "\"overLocal\" permits it");
	address_format(&service->key.address, text);
	snprintf(
		advice, GUARD_TEXT,
		"the annotation ipvs-node/over-local permits it where the agent has --permit=%s or --permit=%.*s",
		text, (int)strcspn(name, "/"), name);
	return advice;
}

static bool refuses_port_of(const char *whose, int port, const struct service *service,
			    char reason[static GUARD_TEXT])
{
	bool of_cluster = service->access && service->access->of_cluster;

	return refuse(
		reason,
		"refused: tcp port %d is that of %s, on an address of the node itself; %s",
		port, whose,
		of_cluster ? "no Service may take it" : "\"overLocal\" permits it");
}

static bool is_over_local(const struct service *service)
{
	return service->access && service->access->over_local;
}

/* Ports of which the node is maintained: those of a Service never take them. A port of 0 is every port. */
static bool refuses_vital_port(const struct service *service,
			       char reason[static GUARD_TEXT])
{
	uint16_t port = service->key.port;

	if (service->key.protocol != IPPROTO_TCP ||
	    (is_over_local(service) && !service->access->of_cluster))
		return false;
	if (port == 0 || port == PORT_SSH)
		return refuses_port_of("SSH", PORT_SSH, service, reason);
	return port == PORT_KUBELET &&
	       refuses_port_of("the kubelet", PORT_KUBELET, service, reason);
}

/* On an address of the node itself: does it use the port? */
static bool refuses_port(const struct guard_facts *facts, const struct service *service,
			 bool is_there, char reason[static GUARD_TEXT])
{
	const struct listener *listener =
		is_there || is_over_local(service) ? NULL : find_listener(facts, service);
	char advice[GUARD_TEXT];

	if (refuses_vital_port(service, reason))
		return true;
	return listener &&
	       refuse(reason,
		      "refused: %s port %u is in use by a program here, on an address of the node itself; %s",
		      protocol_name(service->key.protocol), listener->port,
		      format_advice(service, advice));
}

bool guard_needs_listeners(const struct guard_facts *facts, const struct service *service)
{
	return !service->key.fwmark && !is_cluster_address(service) &&
	       !is_over_local(service) && is_own(facts, &service->key.address);
}

bool guard_shadows(const struct guard_facts *facts, const struct service *service)
{
	return guard_needs_listeners(facts, service) && find_listener(facts, service);
}

bool guard_refuses(const struct guard_facts *facts, const struct service *service,
		   bool is_there, char reason[static GUARD_TEXT])
{
	const struct address *address = &service->key.address;
	bool permitted = guard_rules_permits_address(facts->rules, address);
	const char *range = permitted ? NULL : find_range(address);
	char text[ADDRESS_TEXT];

	if (!guard_concerns(facts->rules, service))
		return false;
	if (guard_rules_has_reserved(facts->rules, address))
		return refuse(reason, "refused: %s is reserved by the option --reserve",
			      address_format(address, text));
	if (is_cluster_address(service))
		return false;
	if (range && takes_address(service))
		return refuse(reason, "refused: %s is in %s",
			      address_format(address, text), range);
	if (is_own(facts, address))
		return refuses_port(facts, service, is_there, reason);
	return !permitted && takes_address(service) &&
	       refuses_address(facts, service, reason);
}
