/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/value_rules.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/state/problems.h"
#include "common/macro.h"
#include "common/printable.h"

struct report {
	rules_report_fn fn;
	void *context;
};

PRINTF_LIKE(4, 5)
static void broken(const struct report *report, const char *object, const char *field,
		   const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report->fn(report->context, object, field, text);
}

static const char *family_text(uint8_t family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

/* "tcp", or for a fwmark service "fwmark" */
static const char *protocol_text(const struct service *service)
{
	const char *name = protocol_name(service->key.protocol);

	return name ? name : "fwmark";
}

static bool is_unspecified(const struct address *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

static bool is_multicast(const struct address *a)
{
	return a->family == AF_INET6 ? a->bytes[0] == 0xff : (a->bytes[0] & 0xf0) == 0xe0;
}

static bool is_broadcast(const struct address *a)
{
	return a->family == AF_INET && a->v4.s_addr == INADDR_NONE;
}

/*
 * No packet is sent to an unspecified address, and IPVS takes only packets that are for one host
 * (ip_vs_core.c: ip_vs_in_hook, PACKET_HOST). As destinations the kernel refuses them
 * (ip_vs_ctl.c: ip_vs_new_dest).
 */
static void check_address(const struct report *report, const struct address *a)
{
	const char *kind = NULL;
	char text[ADDRESS_TEXT];

	if (is_unspecified(a))
		kind = "the unspecified address";
	else if (is_multicast(a))
		kind = "a multicast address";
	else if (is_broadcast(a))
		kind = "the broadcast address";
	if (kind)
		broken(report, NULL, "address", "%s is %s", address_format(a, text),
		       kind);
}

/* What can stand behind "ip_vs_" in a module's name, and is the name of a scheduler or engine. */
static void check_module_name(const struct report *report, const char *object,
			      const char *field, const char *name)
{
	char quoted[QUOTE_TEXT];

	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] != '\0')
		broken(report, object, field,
		       "%s has a character other than a-z, 0-9, '_' and '-'",
		       quote(name, quoted));
}

static void check_netmask(const struct report *report, const struct service *service)
{
	uint32_t netmask = service->persistence_netmask;

	/* ip_vs_ctl.c, ip_vs_add_service: of IPv4 any, with holes and of no bits, too. */
	if (service->key.address.family == AF_INET6 && (netmask < 1 || netmask > 128))
		broken(report, "persistence", "netmask", "%u is not in 1..128", netmask);
}

static void check_persistence(const struct report *report, const struct service *service)
{
	bool udp = service->key.protocol == IPPROTO_UDP || service->key.fwmark;

	if (service->persistence_timeout > PERSISTENCE_MAX)
		broken(report, "persistence", "timeout", "%u is not in 1..%d",
		       service->persistence_timeout, PERSISTENCE_MAX);
	check_netmask(report, service);
	check_module_name(report, "persistence", "engine", service->engine);
	/* ip_vs_pe_sip.c, ip_vs_sip_fill_param: all else is dropped. */
	if (strcmp(service->engine, "sip") == 0 && !udp)
		broken(report, "persistence", "engine",
		       "'sip' is for udp only: the kernel drops all %s traffic with it",
		       protocol_text(service));
}

/* What is told by address, protocol and port. */
static void check_every_port(const struct report *report,
			     const struct service_access *access)
{
	static const char text[] = "does not go with port 0 (every port): name the port";

	if (access->source_nat != SOURCE_NAT_NONE)
		broken(report, NULL, "sourceNat", text);
	if (access->source_count > 0)
		broken(report, NULL, "sourceRanges", text);
	if (access->inside.address.family)
		broken(report, NULL, "fromInside", text);
}

/* ip_vs_core.c, ip_vs_schedule: a connection of one packet is none that conntrack follows. */
static void check_exposure(const struct report *report, const struct service *service)
{
	if (service->one_packet && service->access->source_nat != SOURCE_NAT_NONE)
		broken(report, NULL, "sourceNat",
		       "does not go with onePacket, whose packets are never masqueraded");
	if (service->key.port == 0)
		check_every_port(report, service->access);
}

void rules_check_service(const struct service *service, rules_report_fn fn, void *context)
{
	struct report report = { fn, context };

	if (!service->key.fwmark)
		check_address(&report, &service->key.address);
	/* ip_vs_core.c, ip_vs_schedule: "port zero only supported in persistent services" */
	if (!service->key.fwmark && service->key.port == 0 &&
	    service->persistence_timeout == 0)
		broken(&report, NULL, "port", "0 (every port) needs persistence");
	check_module_name(&report, NULL, "scheduler", service->scheduler);
	/* ip_vs_ctl.c, ip_vs_add_service: a service without a scheduler finds no destination. */
	if (strcmp(service->scheduler, "none") == 0)
		broken(&report, NULL, "scheduler", "'none' forwards nothing");
	if (service->persistence_timeout != 0)
		check_persistence(&report, service);
	/* ip_vs_core.c, ip_vs_schedule: the flag counts with UDP packets alone. */
	if (service->one_packet && !service->key.fwmark &&
	    service->key.protocol != IPPROTO_UDP)
		broken(&report, NULL, "onePacket",
		       "is for udp only: the kernel ignores it on %s",
		       protocol_text(service));
	if (service->access)
		check_exposure(&report, service);
}

static void check_destination_address(const struct report *report,
				      const struct service *service,
				      const struct destination *d)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t family = service->key.address.family;
	char text[ADDRESS_TEXT];

	check_address(report, &d->address);
	/* ip_vs_ctl.c, ip_vs_genl_set_cmd */
	if (d->address.family != family && d->forward != FORWARD_TUNNEL)
		broken(report, NULL, "address",
		       "%s is %s in a service of %s: only with forward 'tunnel'",
		       address_format(&d->address, text), family_text(d->address.family),
		       family_text(family));
	/* Not IPV6_ADDR_UNICAST (net/ipv6/addrconf_core.c: __ipv6_addr_type) */
	if (d->address.family == AF_INET6 &&
	    memcmp(d->address.bytes, mapped, sizeof(mapped)) == 0)
		broken(report, NULL, "address",
		       "%s is an IPv4 address in IPv6 form, which the kernel refuses",
		       address_format(&d->address, text));
}

/*
 * The kernel writes the destination's port into a packet only when masquerading, and only where
 * the packet was for the service's own port (ip_vs_core.c: ip_vs_sched_persist) or where the
 * service is known by its mark and not persistent (ip_vs_schedule).
 */
static void check_destination_port(const struct report *report,
				   const struct service *service,
				   const struct destination *d)
{
	/* One that is known by its mark is for every port: others' tools give any port there. */
	if (d->port == service->key.port ||
	    (service->key.fwmark &&
	     (d->forward != FORWARD_MASQUERADE || service->persistence_timeout != 0)))
		return;
	if (d->forward == FORWARD_DIRECT || d->forward == FORWARD_TUNNEL)
		broken(report, NULL, "port",
		       "%u is not the service's %u, and forward '%s' leaves the port as it is",
		       d->port, service->key.port, forward_name(d->forward));
	else if (service->key.port == 0 && service->persistence_timeout != 0)
		broken(report, NULL, "port",
		       "%u has no effect: a persistent service for every port leaves the port as it is",
		       d->port);
	else if (d->port == 0)
		broken(report, NULL, "port", "0 is not in 1..65535");
}

static void check_tunnel(const struct report *report, const struct destination *d)
{
	const char *type = tunnel_type_name(d->tunnel_type);

	/* ip_vs_ctl.c, ip_vs_add_dest */
	if (d->tunnel_type == TUNNEL_GUE && d->tunnel_port == 0)
		broken(report, "tunnel", "port", "missing: a gue tunnel needs one");
	if (d->tunnel_type != TUNNEL_GUE && d->tunnel_port != 0)
		broken(report, "tunnel", "port", "a tunnel of type '%s' has no port",
		       type);
	/* ip_vs_xmit.c: ipip looks at neither bit, gre at the first alone. */
	if ((d->tunnel_type == TUNNEL_IPIP &&
	     d->tunnel_checksum != TUNNEL_CHECKSUM_NONE) ||
	    (d->tunnel_type == TUNNEL_GRE &&
	     d->tunnel_checksum == TUNNEL_CHECKSUM_REMOTE) ||
	    d->tunnel_checksum > TUNNEL_CHECKSUM_REMOTE)
		broken(report, "tunnel", "checksum",
		       "'%s' has no effect on a tunnel of type '%s'",
		       tunnel_checksum_name(d->tunnel_checksum), type);
}

void rules_check_destination(const struct service *service, const struct destination *d,
			     rules_report_fn fn, void *context)
{
	struct report report = { fn, context };

	check_destination_address(&report, service, d);
	check_destination_port(&report, service, d);
	if (d->weight > WEIGHT_MAX)
		broken(&report, NULL, "weight", "%u is not in 0..%d", d->weight,
		       WEIGHT_MAX);
	/* ip_vs_ctl.c, ip_vs_add_dest; an upper threshold of 0 is none. */
	if (d->lower_threshold > d->upper_threshold)
		broken(&report, NULL, "lowerThreshold", "%u is above upperThreshold %u",
		       d->lower_threshold, d->upper_threshold);
	/* Replies of a server that answers by itself would not come back through the node. */
	if (service->access && service->access->source_nat != SOURCE_NAT_NONE &&
	    d->forward != FORWARD_MASQUERADE)
		broken(&report, NULL, "forward",
		       "'%s' does not go with the service's sourceNat, only 'masquerade' does",
		       forward_name(d->forward));
	if (d->forward == FORWARD_TUNNEL)
		check_tunnel(&report, d);
	else if (d->forward != FORWARD_MASQUERADE && d->forward != FORWARD_DIRECT)
		broken(&report, NULL, "forward", "'%s' is not for a state file",
		       forward_name(d->forward));
}

/* net/core/dev.c: dev_valid_name */
static bool is_interface_name(const char *name)
{
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *p = name; *p; p++) {
		if (*p == '/' || *p == ':' || isspace((unsigned char)*p))
			return false;
	}
	return printable_is(name);
}

void rules_check_daemon(const struct sync_daemon *daemon, rules_report_fn fn,
			void *context)
{
	struct report report = { fn, context };
	bool v6 = daemon->group.family == AF_INET6;
	uint32_t min = daemon->role == SYNC_BACKUP ? SYNC_BACKUP_LENGTH_MIN : 1;
	uint32_t max = v6 ? SYNC_LENGTH6_MAX : SYNC_LENGTH_MAX;
	char text[QUOTE_TEXT];

	if (!is_interface_name(daemon->interface))
		broken(&report, NULL, "interface", "%s is not an interface's name",
		       quote(daemon->interface, text));
	/* ip_vs_ctl.c, ip_vs_genl_new_daemon */
	if (daemon->group.family != 0 && !is_multicast(&daemon->group)) {
		char address[ADDRESS_TEXT];

		broken(&report, NULL, "group", "%s is not a multicast address",
		       address_format(&daemon->group, address));
	}
	/* ip_vs_sync.c, start_sync_thread: silently brought into these bounds */
	if (daemon->max_length != 0 &&
	    (daemon->max_length < min || daemon->max_length > max))
		broken(&report, NULL, "maxLength", "%u is not in %u..%u",
		       daemon->max_length, min, max);
}

/*
 * In sysctl(8)'s writing '.' parts directories and '/' stands for a dot within a name, so a part
 * made of slashes alone would be "." or "..".
 */
bool rules_sysctl_name(const char *name)
{
	const char *part = name;

	if (strncmp(name, "net.", 4) != 0 || strlen(name) > 255)
		return false;
	while (1) {
		size_t length = strcspn(part, ".");

		if (length == 0 || strspn(part, "/") == length)
			return false;
		for (size_t i = 0; i < length; i++) {
			if (!isalnum((unsigned char)part[i]) &&
			    !strchr("_-/:@+", part[i]))
				return false;
		}
		if (part[length] == '\0')
			return true;
		part += length + 1;
	}
}

bool rules_sysctl_value(const char *value)
{
	/* An empty one is a value, of blanks alone it is a mistake. */
	if (strlen(value) > 1023 || (value[0] && value[strspn(value, " \t")] == '\0'))
		return false;
	for (const char *p = value; *p; p++) {
		if (!isprint((unsigned char)*p) && *p != '\t')
			return false;
	}
	return true;
}
