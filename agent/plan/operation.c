/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/operation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool operation_is_of_ruleset(const struct operation *operation)
{
	return operation->kind == OPERATION_NEW_RULESET ||
	       operation->kind == OPERATION_SET_RULESET ||
	       operation->kind == OPERATION_CHANGE_RULESET ||
	       operation->kind == OPERATION_DELETE_RULESET;
}

/* Appends to a text of a fixed size, cut short where it is full. */
struct text {
	char *buffer;
	size_t size;
	size_t used;
};

static void PRINTF_LIKE(2, 3) text_add(struct text *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text->buffer + text->used, text->size - text->used, fmt, ap);
	va_end(ap);
	if (n > 0)
		text->used = MIN_OF(text->used + (size_t)n, text->size - 1);
}

/* " weight 1 -> 5": the value alone where there is nothing before, nothing where it stays. */
static void text_add_number(struct text *text, const char *what, bool has_before,
			    uint32_t before, uint32_t now, uint32_t fallback)
{
	if (!has_before && now != fallback)
		text_add(text, ", %s %u", what, now);
	else if (has_before && before != now)
		text_add(text, ", %s %u -> %u", what, before, now);
}

static void text_add_word(struct text *text, const char *what, const char *before,
			  const char *now)
{
	if (!before)
		text_add(text, ", %s %s", what, now);
	else if (strcmp(before, now) != 0)
		text_add(text, ", %s %s -> %s", what, before, now);
}

static const char *netmask_text(const struct service *service, char buffer[static 16])
{
	const uint8_t *bytes = (const uint8_t *)&service->persistence_netmask;

	if (service->key.address.family == AF_INET6)
		snprintf(buffer, 16, "%u", service->persistence_netmask);
	else
		snprintf(buffer, 16, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2],
			 bytes[3]);
	return buffer;
}

static void describe_persistence(struct text *text, const struct service *now,
				 const struct service *before)
{
	char mask_before[16], mask_now[16];

	text_add_number(text, "persistence", before,
			before ? before->persistence_timeout : 0,
			now->persistence_timeout, 0);
	if (before && before->persistence_netmask != now->persistence_netmask)
		text_add(text, ", netmask %s -> %s", netmask_text(before, mask_before),
			 netmask_text(now, mask_now));
	if (before && strcmp(before->engine, now->engine) != 0)
		text_add(text, ", engine %s -> %s",
			 before->engine[0] ? before->engine : "none",
			 now->engine[0] ? now->engine : "none");
}

static void describe_service(struct text *text, const struct service *now,
			     const struct service *before)
{
	text_add_word(text, "scheduler", before ? before->scheduler : NULL,
		      now->scheduler);
	text_add_number(text, "scheduler flags", before,
			before ? before->scheduler_flags : 0, now->scheduler_flags, 0);
	text_add_number(text, "one-packet", before, before ? before->one_packet : 0,
			now->one_packet, 0);
	describe_persistence(text, now, before);
}

static void describe_tunnel(struct text *text, const struct destination *now,
			    const struct destination *before)
{
	if (now->forward != FORWARD_TUNNEL)
		return;
	if (before && before->forward != FORWARD_TUNNEL)
		before = NULL;
	text_add_word(text, "tunnel",
		      before ? tunnel_type_name(before->tunnel_type) : NULL,
		      tunnel_type_name(now->tunnel_type));
	text_add_number(text, "tunnel port", before, before ? before->tunnel_port : 0,
			now->tunnel_port, 0);
	text_add_word(text, "checksum",
		      before ? tunnel_checksum_name(before->tunnel_checksum) : NULL,
		      tunnel_checksum_name(now->tunnel_checksum));
}

static void describe_destination(struct text *text, const struct destination *now,
				 const struct destination *before)
{
	text_add_word(text, "forward", before ? forward_name(before->forward) : NULL,
		      forward_name(now->forward));
	text_add_number(text, "weight", before, before ? before->weight : 0, now->weight,
			UINT32_MAX);
	text_add_number(text, "upper threshold", before,
			before ? before->upper_threshold : 0, now->upper_threshold, 0);
	text_add_number(text, "lower threshold", before,
			before ? before->lower_threshold : 0, now->lower_threshold, 0);
	describe_tunnel(text, now, before);
}

static void describe_timeouts(struct text *text, const struct operation *operation)
{
	const struct timeouts *now = &operation->timeouts;
	const struct timeouts *before = &operation->timeouts_before;

	if (now->tcp)
		text_add_number(text, "tcp", true, before->tcp, now->tcp, 0);
	if (now->tcp_fin)
		text_add_number(text, "tcpFin", true, before->tcp_fin, now->tcp_fin, 0);
	if (now->udp)
		text_add_number(text, "udp", true, before->udp, now->udp, 0);
}

static void describe_ruleset(struct text *text, const struct operation *operation)
{
	char counts[RULESET_TEXT];

	if (operation->kind != OPERATION_DELETE_RULESET)
		text_add(text, "%s",
			 ruleset_describe(operation->ruleset, counts, sizeof(counts)));
}

static void describe_daemon(struct text *text, const struct sync_daemon *daemon)
{
	text_add(text, " %s on %s, id %u", sync_role_name(daemon->role),
		 daemon->interface, daemon->sync_id);
}

/* Leaves out the ", " that every description begins with. */
static const char *without_comma(char *buffer)
{
	if (strncmp(buffer, ", ", 2) == 0)
		memmove(buffer, buffer + 2, strlen(buffer + 2) + 1);
	return buffer;
}

static void describe_timeouts_alone(struct text *text, const struct timeouts *timeouts)
{
	text_add_number(text, "tcp", false, 0, timeouts->tcp, 0);
	text_add_number(text, "tcpFin", false, 0, timeouts->tcp_fin, 0);
	text_add_number(text, "udp", false, 0, timeouts->udp, 0);
}

const char *operation_format_values(const struct operation *operation, bool before,
				    char *buffer, size_t size)
{
	struct text text = { .buffer = buffer, .size = size };
	const struct service *service;
	const struct destination *destination;
	const struct sync_daemon *daemon;
	const char *sysctl;

	buffer[0] = '\0';
	switch (operation->kind) {
	case OPERATION_SET_SYSCTL:
		sysctl = before ? operation->sysctl_before : operation->sysctl->value;
		text_add(&text, "%s", sysctl ? sysctl : "");
		break;
	case OPERATION_NEW_RULESET:
	case OPERATION_SET_RULESET:
	case OPERATION_CHANGE_RULESET:
	case OPERATION_DELETE_RULESET:
		if (!before)
			describe_ruleset(&text, operation);
		break;
	case OPERATION_SET_TIMEOUTS:
		describe_timeouts_alone(&text, before ? &operation->timeouts_before
						      : &operation->timeouts);
		break;
	case OPERATION_STOP_SYNC_DAEMON:
	case OPERATION_START_SYNC_DAEMON:
		daemon = before ? operation->daemon_before : operation->daemon;
		if (daemon)
			text_add(&text, "%s, id %u", daemon->interface, daemon->sync_id);
		break;
	case OPERATION_NEW_SERVICE:
	case OPERATION_SET_SERVICE:
	case OPERATION_DELETE_SERVICE:
		service = before ? operation->service_before : operation->service;
		if (service)
			describe_service(&text, service, NULL);
		break;
	case OPERATION_NEW_DESTINATION:
	case OPERATION_SET_DESTINATION:
	case OPERATION_DELETE_DESTINATION:
		destination =
			before ? operation->destination_before : operation->destination;
		if (destination)
			describe_destination(&text, destination, NULL);
		break;
	}
	return without_comma(buffer);
}

const char *operation_format_object(const struct operation *operation, char *buffer,
				    size_t size)
{
	char service[SERVICE_KEY_TEXT], destination[DESTINATION_KEY_TEXT];
	struct text text = { .buffer = buffer, .size = size };

	switch (operation->kind) {
	case OPERATION_SET_SYSCTL:
		text_add(&text, "sysctl %s", operation->sysctl->name);
		break;
	case OPERATION_NEW_RULESET:
	case OPERATION_SET_RULESET:
	case OPERATION_CHANGE_RULESET:
	case OPERATION_DELETE_RULESET:
		text_add(&text, "nftables table %s " RULESET_TABLE,
			 ruleset_family_name(operation->ruleset->family));
		break;
	case OPERATION_SET_TIMEOUTS:
		text_add(&text, "timeouts");
		break;
	case OPERATION_STOP_SYNC_DAEMON:
	case OPERATION_START_SYNC_DAEMON:
		text_add(&text, "sync daemon %s",
			 sync_role_name(operation->daemon->role));
		break;
	default:
		text_add(&text, "%s",
			 service_key_format(&operation->service->key, service));
		if (operation->destination)
			text_add(&text, " -> %s",
				 destination_key_format(operation->destination,
							destination));
	}
	return buffer;
}

/* An empty value must be seen. */
static const char *or_quotes(const char *value)
{
	return value[0] ? value : "\"\"";
}

const char *operation_format(const struct operation *operation, char *buffer, size_t size)
{
	struct text text = { .buffer = buffer, .size = size };
	char object[SERVICE_KEY_TEXT + DESTINATION_KEY_TEXT + 128];

	text_add(&text, "%s", operation_kind_name(operation->kind));
	switch (operation->kind) {
	case OPERATION_SET_SYSCTL:
		text_add(&text, " %s: %s -> %s", operation->sysctl->name,
			 operation->sysctl_before ? or_quotes(operation->sysctl_before)
						  : "?",
			 or_quotes(operation->sysctl->value));
		break;
	case OPERATION_NEW_RULESET:
	case OPERATION_SET_RULESET:
	case OPERATION_CHANGE_RULESET:
	case OPERATION_DELETE_RULESET:
		text_add(&text, " %s " RULESET_TABLE,
			 ruleset_family_name(operation->ruleset->family));
		if (operation->kind != OPERATION_DELETE_RULESET)
			text_add(&text, ": ");
		describe_ruleset(&text, operation);
		break;
	case OPERATION_SET_TIMEOUTS:
		describe_timeouts(&text, operation);
		break;
	case OPERATION_STOP_SYNC_DAEMON:
	case OPERATION_START_SYNC_DAEMON:
		describe_daemon(&text, operation->daemon);
		break;
	default:
		text_add(&text, " %s",
			 operation_format_object(operation, object, sizeof(object)));
	}
	if (operation->kind == OPERATION_NEW_SERVICE ||
	    operation->kind == OPERATION_SET_SERVICE)
		describe_service(&text, operation->service, operation->service_before);
	if (operation->kind == OPERATION_NEW_DESTINATION ||
	    operation->kind == OPERATION_SET_DESTINATION)
		describe_destination(&text, operation->destination,
				     operation->destination_before);
	return buffer;
}

static const char *prefix_of(const struct operation *operation)
{
	if (operation->drift)
		return "drift: ";
	switch (operation->reason) {
	case REASON_DRAIN:
		return "drain: ";
	case REASON_DRAINED:
		return "drained: ";
	default:
		return "";
	}
}

const char *operation_format_line(const struct operation *operation, char *buffer,
				  size_t size)
{
	char object[OPERATION_OBJECT_TEXT];
	const char *prefix = prefix_of(operation);
	size_t used = strlen(prefix);

	if (operation->reason == REASON_EXPIRED) {
		snprintf(
			buffer, size,
			"drain of %s is over its time: deleted with %u active and %u inactive connections",
			operation_format_object(operation, object, sizeof(object)),
			operation->destination->active_connections,
			operation->destination->inactive_connections);
		return buffer;
	}
	memcpy(buffer, prefix, used + 1);
	operation_format(operation, buffer + used, size - used);
	return buffer;
}

const char *operation_reason_name(const struct operation *operation)
{
	static const char *const names[] = {
		[REASON_STATE] = "state",
		[REASON_DRAIN] = "drain",
		[REASON_DRAINED] = "drained",
		[REASON_EXPIRED] = "expired",
	};

	return operation->drift ? "drift" : names[operation->reason];
}

const char *operation_kind_name(enum operation_kind kind)
{
	static const char *const names[] = {
		[OPERATION_SET_SYSCTL] = "set sysctl",
		[OPERATION_NEW_RULESET] = "new nftables table",
		[OPERATION_SET_RULESET] = "replace nftables table",
		[OPERATION_CHANGE_RULESET] = "change elements of nftables table",
		[OPERATION_DELETE_RULESET] = "delete nftables table",
		[OPERATION_SET_TIMEOUTS] = "set timeouts",
		[OPERATION_STOP_SYNC_DAEMON] = "stop sync daemon",
		[OPERATION_START_SYNC_DAEMON] = "start sync daemon",
		[OPERATION_NEW_SERVICE] = "new service",
		[OPERATION_SET_SERVICE] = "set service",
		[OPERATION_NEW_DESTINATION] = "new destination",
		[OPERATION_SET_DESTINATION] = "set destination",
		[OPERATION_DELETE_DESTINATION] = "delete destination",
		[OPERATION_DELETE_SERVICE] = "delete service",
	};

	return names[kind];
}
