/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table as a state file. What is written has passed the reader's own rules, so that it can be
 * read back; what does not pass is left out and told.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json_text.h"
#include "common/printable.h"
#include "agent/state/value_rules.h"
#include "agent/state/state.h"

struct writer {
	FILE *out;
	FILE *left_out;
	bool in_part;
	bool sound; /* whether the object that is being looked at may be written */
	struct service copy;	       /* from which is taken what can be done without */
	const struct service *service; /* NULL or copy */
	const struct destination *destination; /* NULL: the service itself */
	const struct sync_daemon *daemon;      /* NULL: a service or destination */
	const struct sysctl *sysctl;
};

static void tell(struct writer *w, const char *object, const char *field,
		 const char *text)
{
	char key[SERVICE_KEY_TEXT], other[DESTINATION_KEY_TEXT];
	cleanup_free char *words = strdup(text);

	w->in_part = true;
	if (!w->left_out || !words)
		return;
	/* A kernel's interface may be called anything. */
	printable_make(words);
	if (w->sysctl)
		fprintf(w->left_out, "%s", w->sysctl->name);
	else if (w->daemon)
		fprintf(w->left_out, "sync daemon %s", sync_role_name(w->daemon->role));
	else
		fprintf(w->left_out, "%s", service_key_format(&w->service->key, key));
	if (w->destination)
		fprintf(w->left_out, " -> %s",
			destination_key_format(w->destination, other));
	if (field)
		fprintf(w->left_out, ": %s%s%s", object ? object : "", object ? "." : "",
			field);
	fprintf(w->left_out, ": %s\n", words);
}

static void report_rule(void *context, const char *object, const char *field,
			const char *text)
{
	struct writer *w = context;

	w->sound = false;
	tell(w, object, field, text);
}

/* A string as JSON has it; an empty one where the bytes are no UTF-8. */
static void write_string(FILE *out, const char *text)
{
	cleanup_json json_t *string = json_string(text);

	if (!string || json_dumpf(string, out, JSON_ENCODE_ANY) < 0)
		fputs("\"\"", out);
}

static bool is_utf8(const char *text)
{
	cleanup_json json_t *string = json_string(text);

	return string != NULL;
}

/* What the kernel does not look at is no part of the state. */
static struct destination normalized(const struct destination *destination)
{
	struct destination d = *destination;

	if (d.forward == FORWARD_LOCAL)
		d.forward = FORWARD_MASQUERADE;
	if (d.forward != FORWARD_TUNNEL)
		d.tunnel_type = d.tunnel_checksum = 0;
	if (d.tunnel_type == TUNNEL_IPIP)
		d.tunnel_checksum = TUNNEL_CHECKSUM_NONE;
	if (d.tunnel_type != TUNNEL_GUE)
		d.tunnel_port = 0;
	return d;
}

static void write_tunnel(FILE *out, const struct destination *d)
{
	if (d->tunnel_type == TUNNEL_IPIP)
		return;
	fprintf(out, ", \"tunnel\": { \"type\": \"%s\"",
		tunnel_type_name(d->tunnel_type));
	if (d->tunnel_port)
		fprintf(out, ", \"port\": %u", d->tunnel_port);
	if (d->tunnel_checksum != TUNNEL_CHECKSUM_NONE)
		fprintf(out, ", \"checksum\": \"%s\"",
			tunnel_checksum_name(d->tunnel_checksum));
	fputs(" }", out);
}

static void write_destination(FILE *out, const struct service *service,
			      const struct destination *d)
{
	char address[ADDRESS_TEXT];

	fprintf(out, "        { \"address\": \"%s\"",
		address_format(&d->address, address));
	if (d->port != service->key.port)
		fprintf(out, ", \"port\": %u", d->port);
	if (d->weight != 1)
		fprintf(out, ", \"weight\": %u", d->weight);
	if (d->forward != FORWARD_MASQUERADE)
		fprintf(out, ", \"forward\": \"%s\"", forward_name(d->forward));
	write_tunnel(out, d);
	if (d->upper_threshold)
		fprintf(out, ", \"upperThreshold\": %u", d->upper_threshold);
	if (d->lower_threshold)
		fprintf(out, ", \"lowerThreshold\": %u", d->lower_threshold);
	fputs(" }", out);
}

static void write_destinations(struct writer *w)
{
	const struct service *service = w->service;
	bool first = true;

	fputs("      \"destinations\": [", w->out);
	for (size_t i = 0; i < service->destination_count; i++) {
		struct destination d = normalized(&service->destinations[i]);

		w->destination = &d;
		w->sound = true;
		rules_check_destination(service, &d, report_rule, w);
		w->destination = NULL;
		if (!w->sound)
			continue;
		fputs(first ? "\n" : ",\n", w->out);
		write_destination(w->out, service, &d);
		first = false;
	}
	fputs(first ? "]\n" : "\n      ]\n", w->out);
}

static void write_key(FILE *out, const struct service_key *key)
{
	char address[ADDRESS_TEXT];

	if (key->fwmark)
		fprintf(out, "      \"fwmark\": %u%s", key->fwmark,
			key->address.family == AF_INET6 ? ", \"family\": \"ipv6\"" : "");
	else
		fprintf(out,
			"      \"address\": \"%s\", \"port\": %u, \"protocol\": \"%s\"",
			address_format(&key->address, address), key->port,
			protocol_name(key->protocol));
}

/* sh and mh name their first two flags. */
static void write_flags(FILE *out, const struct service *service)
{
	static const char *const tails[] = { "fallback", "port" };
	bool named = strcmp(service->scheduler, "sh") == 0 ||
		     strcmp(service->scheduler, "mh") == 0;
	const char *gap = "";

	if (!service->scheduler_flags)
		return;
	fputs(", \"schedulerFlags\": [", out);
	for (int i = 0; i < 3; i++) {
		if (!(service->scheduler_flags & (1 << i)))
			continue;
		if (named && i < 2)
			fprintf(out, "%s\"%s-%s\"", gap, service->scheduler, tails[i]);
		else
			fprintf(out, "%s\"flag-%d\"", gap, i + 1);
		gap = ", ";
	}
	fputs("]", out);
}

static void write_persistence(FILE *out, const struct service *service)
{
	uint8_t family = service->key.address.family;
	struct address mask = { .family = AF_INET };
	char text[ADDRESS_TEXT];

	fprintf(out, ",\n      \"persistence\": { \"timeout\": %u",
		service->persistence_timeout);
	mask.v4.s_addr = service->persistence_netmask;
	if (service->persistence_netmask == service_default_netmask(family))
		;
	else if (family == AF_INET6)
		fprintf(out, ", \"netmask\": %u", service->persistence_netmask);
	else
		fprintf(out, ", \"netmask\": \"%s\"", address_format(&mask, text));
	if (service->engine[0])
		fprintf(out, ", \"engine\": \"%s\"", service->engine);
	fputs(" }", out);
}

static void write_exposure(FILE *out, const struct service_access *access)
{
	const struct inside_target *inside = &access->inside;
	char text[NETWORK_TEXT];

	if (access->bind)
		fputs(",\n      \"bind\": true", out);
	if (access->over_local)
		fputs(",\n      \"overLocal\": true", out);
	if (access->source_nat == SOURCE_NAT_ALL)
		fputs(",\n      \"sourceNat\": true", out);
	else if (access->source_nat != SOURCE_NAT_NONE)
		fprintf(out, ",\n      \"sourceNat\": \"%s\"",
			source_nat_name(access->source_nat));
	for (size_t i = 0; i < access->source_count; i++)
		fprintf(out, "%s\"%s\"", i > 0 ? ", " : ",\n      \"sourceRanges\": [",
			network_format(&access->sources[i], text));
	if (access->source_count > 0)
		fputs("]", out);
	if (inside->address.family)
		fprintf(out,
			",\n      \"fromInside\": { \"address\": \"%s\", \"port\": %u }",
			address_format(&inside->address, text), inside->port);
}

static void write_service(struct writer *w)
{
	const struct service *service = w->service;
	FILE *out = w->out;

	fputs("    {\n", out);
	if (service->name && is_utf8(service->name)) {
		fputs("      \"name\": ", out);
		write_string(out, service->name);
		fputs(",\n", out);
	}
	write_key(out, &service->key);
	if (strcmp(service->scheduler, "rr") != 0 || service->scheduler_flags) {
		fprintf(out, ",\n      \"scheduler\": \"%s\"", service->scheduler);
		write_flags(out, service);
	}
	if (service->one_packet)
		fputs(",\n      \"onePacket\": true", out);
	if (service->persistence_timeout)
		write_persistence(out, service);
	if (service->access)
		write_exposure(out, service->access);
	fputs(",\n", out);
	write_destinations(w);
	fputs("    }", out);
}

static bool may_write_service(struct writer *w, struct service *service)
{
	w->sound = true;
	if (service->key.fwmark == 0 && !protocol_name(service->key.protocol)) {
		report_rule(w, NULL, "protocol", "none of tcp, udp, sctp");
		return false;
	}
	if (service->one_packet && !service->key.fwmark &&
	    service->key.protocol != IPPROTO_UDP) {
		tell(w, NULL, "onePacket", "left out: the kernel heeds it on udp only");
		service->one_packet = false;
	}
	if (service->engine[0] && service->persistence_timeout == 0) {
		tell(w, "persistence", "engine",
		     "left out: a state has it with a timeout only");
		service->engine[0] = '\0';
	}
	rules_check_service(service, report_rule, w);
	return w->sound;
}

static void write_services(struct writer *w, const struct table *table)
{
	bool first = true;

	fputs("  \"services\": [", w->out);
	for (size_t i = 0; i < table->service_count; i++) {
		w->copy = table->services[i];
		w->service = &w->copy;
		if (!may_write_service(w, &w->copy))
			continue;
		fputs(first ? "\n" : ",\n", w->out);
		write_service(w);
		first = false;
	}
	fputs(first ? "]" : "\n  ]", w->out);
	w->service = NULL;
}

static void write_timeouts(FILE *out, const struct timeouts *timeouts)
{
	const struct {
		const char *name;
		uint32_t seconds;
	} values[] = { { "tcp", timeouts->tcp },
		       { "tcpFin", timeouts->tcp_fin },
		       { "udp", timeouts->udp } };
	const char *gap = ",\n  \"timeouts\": {";

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (!values[i].seconds)
			continue;
		fprintf(out, "%s \"%s\": %u", gap, values[i].name, values[i].seconds);
		gap = ",";
	}
	if (gap[1] == '\0')
		fputs(" }", out);
}

static bool is_default_group(const struct address *group)
{
	/* ip_vs_sync.c, IP_VS_SYNC_GROUP: 224.0.0.81 */
	return group->family == 0 ||
	       (group->family == AF_INET && group->v4.s_addr == htonl(0xe0000051));
}

/* What the kernel would make of an absent length. */
static bool is_default_length(const struct sync_daemon *daemon)
{
	struct sync_daemon absent = { .role = daemon->role, .group = daemon->group };
	struct sync_daemon given = absent;

	given.port = SYNC_PORT_DEFAULT;
	given.ttl = SYNC_TTL_DEFAULT;
	given.max_length = daemon->max_length;
	return daemon->max_length == 0 || sync_daemon_equal(&absent, &given);
}

static void write_daemon(FILE *out, const struct sync_daemon *daemon)
{
	char group[ADDRESS_TEXT];

	fprintf(out,
		"    { \"role\": \"%s\", \"interface\": ", sync_role_name(daemon->role));
	write_string(out, daemon->interface);
	if (daemon->sync_id)
		fprintf(out, ", \"syncId\": %u", daemon->sync_id);
	if (!is_default_group(&daemon->group))
		fprintf(out, ", \"group\": \"%s\"",
			address_format(&daemon->group, group));
	if (daemon->port && daemon->port != SYNC_PORT_DEFAULT)
		fprintf(out, ", \"port\": %u", daemon->port);
	if (daemon->ttl && daemon->ttl != SYNC_TTL_DEFAULT)
		fprintf(out, ", \"ttl\": %u", daemon->ttl);
	if (!is_default_length(daemon))
		fprintf(out, ", \"maxLength\": %u", daemon->max_length);
	fputs(" }", out);
}

static bool may_write_daemon(struct writer *w, const struct sync_daemon *daemon)
{
	w->sound = true;
	w->daemon = daemon;
	if (!is_utf8(daemon->interface))
		report_rule(w, NULL, "interface", "is not UTF-8");
	else
		rules_check_daemon(daemon, report_rule, w);
	w->daemon = NULL;
	return w->sound;
}

static void write_daemons(struct writer *w, const struct globals *globals)
{
	const char *gap = ",\n  \"syncDaemons\": [\n";

	for (size_t i = 0; i < SYNC_DAEMON_SLOTS; i++) {
		const struct sync_daemon *daemon = &globals->daemons[i];

		if (daemon->role == SYNC_NONE || !may_write_daemon(w, daemon))
			continue;
		fputs(gap, w->out);
		write_daemon(w->out, daemon);
		gap = ",\n";
	}
	if (gap[2] == '\0')
		fputs("\n  ]", w->out);
}

static void write_sysctls(struct writer *w, const struct globals *globals)
{
	const char *gap = ",\n  \"sysctls\": {\n";

	for (size_t i = 0; i < globals->sysctl_count; i++) {
		const struct sysctl *sysctl = &globals->sysctls[i];

		w->sysctl = sysctl;
		if (rules_sysctl_name(sysctl->name) &&
		    rules_sysctl_value(sysctl->value)) {
			fputs(gap, w->out);
			fprintf(w->out, "    \"%s\": ", sysctl->name);
			write_string(w->out, sysctl->value);
			gap = ",\n";
		} else {
			tell(w, NULL, NULL, "not for a state file");
		}
		w->sysctl = NULL;
	}
	if (gap[2] == '\0')
		fputs("\n  }", w->out);
}

int state_write(FILE *out, const struct table *table, FILE *left_out)
{
	struct writer w = { .out = out, .left_out = left_out };

	errno = 0;
	fputs("{\n  \"version\": 1,\n", out);
	write_services(&w, table);
	write_timeouts(out, &table->globals.timeouts);
	write_daemons(&w, &table->globals);
	write_sysctls(&w, &table->globals);
	fputs("\n}\n", out);
	if (fflush(out) != 0 || ferror(out))
		return errno ? -errno : -EIO;
	return w.in_part ? STATE_WRITTEN_IN_PART : STATE_WRITTEN;
}
