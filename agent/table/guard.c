/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/table/guard.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Ports of the node that must never be taken, whether anybody listens just now or not. */
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

bool guard_concerns(const struct service *service)
{
	const struct exposure *exposure = service->exposure;

	/* A cluster gives its own addresses out of a network that is nobody else's. */
	return exposure && !service->key.fwmark && !exposure->cluster_ip &&
	       (exposure->bind || exposure->node_port || exposure->over_local);
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

static bool is_gateway(const struct node *node, const struct address *address)
{
	for (size_t i = 0; i < node->gateway_count; i++) {
		if (address_compare(&node->gateways[i].address, address) == 0)
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
			    const struct address *address, char reason[static GUARD_TEXT])
{
	const char *what = find_reserved(facts, address);
	char text[ADDRESS_TEXT];

	address_format(address, text);
	if (is_gateway(facts->node, address))
		return refuse(reason, "refused: %s is the node's default gateway", text);
	if (address_list_has(facts->nameservers, address))
		return refuse(reason, "refused: %s is a nameserver of /etc/resolv.conf",
			      text);
	return what && refuse(reason, "refused: %s is %s", text, what);
}

static bool is_unspecified(const struct address *address)
{
	static const uint8_t zero[sizeof(address->bytes)];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

static bool hears(const struct listener *listener, const struct service_key *key)
{
	if (listener->protocol != key->protocol ||
	    (key->port != 0 && listener->port != key->port))
		return false;
	if (address_compare(&listener->address, &key->address) == 0)
		return true;
	if (!is_unspecified(&listener->address))
		return false;
	return listener->address.family == key->address.family ||
	       (listener->address.family == AF_INET6 && !listener->v6_only);
}

static const struct listener *find_listener(const struct guard_facts *facts,
					    const struct service_key *key)
{
	for (size_t i = 0; i < facts->listener_count; i++) {
		if (hears(&facts->listeners[i], key))
			return &facts->listeners[i];
	}
	return NULL;
}

/* On an address of the node itself: does it use the port? A port of 0 is every port. */
static bool refuses_port(const struct guard_facts *facts, const struct service_key *key,
			 bool is_there, char reason[static GUARD_TEXT])
{
	static const char advice[] =
		"on an address of the node itself; \"overLocal\" permits it";
	const struct listener *listener = is_there ? NULL : find_listener(facts, key);
	bool every = key->port == 0;

	if (listener)
		return refuse(reason,
			      "refused: %s port %u is in use by a program here, %s",
			      protocol_name(key->protocol), listener->port, advice);
	if (key->protocol != IPPROTO_TCP)
		return false;
	if (every || key->port == PORT_SSH)
		return refuse(reason, "refused: tcp port %d is that of SSH, %s", PORT_SSH,
			      advice);
	return key->port == PORT_KUBELET &&
	       refuse(reason, "refused: tcp port %d is that of the kubelet, %s",
		      PORT_KUBELET, advice);
}

static bool is_own(const struct guard_facts *facts, const struct address *address)
{
	return node_find_elsewhere(facts->node, address, facts->own_link) != NULL;
}

bool guard_needs_listeners(const struct guard_facts *facts, const struct service *service)
{
	return guard_concerns(service) && !service->exposure->over_local &&
	       is_own(facts, &service->key.address);
}

bool guard_shadows(const struct guard_facts *facts, const struct service *service)
{
	return guard_needs_listeners(facts, service) &&
	       find_listener(facts, &service->key);
}

bool guard_refuses(const struct guard_facts *facts, const struct service *service,
		   bool is_there, char reason[static GUARD_TEXT])
{
	const struct address *address = &service->key.address;
	const char *range = find_range(address);
	char text[ADDRESS_TEXT];

	if (!guard_concerns(service))
		return false;
	if (range)
		return refuse(reason, "refused: %s is in %s",
			      address_format(address, text), range);
	if (is_own(facts, address))
		return !service->exposure->over_local &&
		       refuses_port(facts, &service->key, is_there, reason);
	return refuses_address(facts, address, reason);
}
