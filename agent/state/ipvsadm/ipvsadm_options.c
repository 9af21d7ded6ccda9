/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/ipvsadm/ipvsadm_options.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/scheduler_flag.h"
#include "common/parse.h"

/* ip_vs.h, IP_VS_SVC_PERSISTENT: ipvsadm's own default. */
enum { PERSISTENCE_DEFAULT = 300 };

void rule_leave_out(struct rule *rule, const char *fmt, ...)
{
	va_list ap;

	if (rule->reason[0])
		return;
	va_start(ap, fmt);
	vsnprintf(rule->reason, sizeof(rule->reason), fmt, ap);
	va_end(ap);
}

void rule_refuse(struct rule *rule, const char *fmt, ...)
{
	va_list ap;

	if (rule->unreadable)
		return;
	rule->unreadable = true;
	va_start(ap, fmt);
	vsnprintf(rule->reason, sizeof(rule->reason), fmt, ap);
	va_end(ap);
}

/* --- values --- */

/* "10.0.0.1:80", "[fd00::1]:80", an address alone; port is NULL then. */
static bool split_endpoint(const char *text, char address[static ADDRESS_TEXT],
			   const char **port)
{
	const char *end = text + strcspn(text, ":");

	*port = *end ? end + 1 : NULL;
	if (text[0] == '[') {
		text++;
		end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return false;
		*port = end[1] ? end + 2 : NULL;
	} else if (*port && strchr(*port, ':')) {
		end = text + strlen(text);
		*port = NULL;
	}
	if ((size_t)(end - text) >= ADDRESS_TEXT)
		return false;
	memcpy(address, text, (size_t)(end - text));
	address[end - text] = '\0';
	return true;
}

static bool parse_endpoint(struct rule *rule, const char *text, struct address *address,
			   const char **port, uint16_t *number)
{
	char part[ADDRESS_TEXT];
	uint32_t value = 0;

	if (!split_endpoint(text, part, port) || address_parse(part, address) < 0) {
		rule_refuse(
			rule,
			"'%.60s' is no address in figures, as 'ipvsadm-save -n' prints it",
			text);
		return false;
	}
	if (*port && parse_u32(*port, 0, UINT16_MAX, &value) < 0) {
		rule_refuse(
			rule,
			"'%.60s' has no port in figures, as 'ipvsadm-save -n' prints it",
			text);
		return false;
	}
	*number = (uint16_t)value;
	return true;
}

static uint32_t number_of(struct rule *rule, const char *option, const char *text,
			  uint32_t min, uint32_t max)
{
	uint32_t value = 0;

	if (parse_u32(text, min, max, &value) < 0)
		rule_refuse(rule, "%s: '%.40s' is not a number in %u..%u", option, text,
			    min, max);
	return value;
}

static void copy_word(struct rule *rule, const char *option, const char *text, char *to,
		      size_t room)
{
	if (strlen(text) >= room)
		rule_refuse(rule, "%s: '%.40s' is too long", option, text);
	else
		strcpy(to, text);
}

static void set_key(struct rule *rule, uint8_t protocol, const char *text)
{
	struct service_key *key = &rule->service.key;
	const char *port;

	rule->has_key = parse_endpoint(rule, text, &key->address, &port, &key->port);
	key->protocol = protocol;
}

static void set_server(struct rule *rule, const char *text)
{
	struct destination *to = &rule->destination;
	const char *port;

	rule->has_server = parse_endpoint(rule, text, &to->address, &port, &to->port);
	rule->has_port = port != NULL;
}

/* Names like "sh-port,flag-3"; behind -b, when the scheduler is known. */
static void set_flags(struct rule *rule, char *words)
{
	const char *scheduler = rule->service.scheduler;

	for (char *word = strsep(&words, ","); word; word = strsep(&words, ",")) {
		const struct scheduler_flag *flag = scheduler_flag_find(word);

		/* ipvsadm prints nothing for the third flag of sh and mh. */
		if (*word == '\0')
			rule_leave_out(
				rule,
				"-b: a scheduler's flag that ipvsadm has no name for");
		else if (!flag)
			rule_refuse(rule, "-b: '%.40s' is none of " SCHEDULER_FLAG_WORDS,
				    word);
		else if (flag->scheduler && strcmp(flag->scheduler, scheduler) != 0)
			rule_refuse(rule, "-b: '%.40s' does not go with the scheduler %s",
				    word, scheduler);
		else
			rule->service.scheduler_flags |= flag->bit;
	}
}

static void set_tunnel_type(struct rule *rule, const char *text)
{
	static const uint8_t types[] = { TUNNEL_IPIP, TUNNEL_GUE, TUNNEL_GRE };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(tunnel_type_name(types[i]), text) == 0) {
			rule->destination.tunnel_type = types[i];
			return;
		}
	}
	rule_refuse(rule, "--tun-type: '%.40s' is none of ipip, gue, gre", text);
}

/* --- options --- */

enum value { VALUE_NONE, VALUE_NEEDED, VALUE_MAYBE };

static const struct option_name {
	char letter; /* '\0': it has none */
	char code;
	char group;	     /* of those with the same only one may stand in a line */
	enum rule_kind kind; /* whose it is; RULE_NONE: of both */
	enum value value;
	const char *name;
} option_names[] = {
	{ 'A', 'A', 'A', RULE_NONE, VALUE_NONE, "add-service" },
	{ 'a', 'a', 'A', RULE_NONE, VALUE_NONE, "add-server" },
	{ 't', 't', 't', RULE_NONE, VALUE_NEEDED, "tcp-service" },
	{ 'u', 'u', 't', RULE_NONE, VALUE_NEEDED, "udp-service" },
	{ '\0', 'S', 't', RULE_NONE, VALUE_NEEDED, "sctp-service" },
	{ 'f', 'f', 't', RULE_NONE, VALUE_NEEDED, "fwmark-service" },
	{ '6', '6', '6', RULE_NONE, VALUE_NONE, "ipv6" },
	{ 's', 's', 's', RULE_SERVICE, VALUE_NEEDED, "scheduler" },
	{ 'b', 'b', 'b', RULE_SERVICE, VALUE_MAYBE, "sched-flags" },
	{ 'p', 'p', 'p', RULE_SERVICE, VALUE_MAYBE, "persistent" },
	{ 'M', 'M', 'M', RULE_SERVICE, VALUE_NEEDED, "netmask" },
	{ 'o', 'o', 'o', RULE_SERVICE, VALUE_NONE, "ops" },
	{ '\0', 'P', 'P', RULE_SERVICE, VALUE_NEEDED, "pe" },
	{ 'r', 'r', 'r', RULE_DESTINATION, VALUE_NEEDED, "real-server" },
	{ 'm', 'm', 'm', RULE_DESTINATION, VALUE_NONE, "masquerading" },
	{ 'g', 'g', 'm', RULE_DESTINATION, VALUE_NONE, "gatewaying" },
	{ 'i', 'i', 'm', RULE_DESTINATION, VALUE_NONE, "ipip" },
	{ 'w', 'w', 'w', RULE_DESTINATION, VALUE_NEEDED, "weight" },
	{ 'x', 'x', 'x', RULE_DESTINATION, VALUE_NEEDED, "u-threshold" },
	{ 'y', 'y', 'y', RULE_DESTINATION, VALUE_NEEDED, "l-threshold" },
	{ '\0', 'T', 'T', RULE_DESTINATION, VALUE_NEEDED, "tun-type" },
	{ '\0', 'O', 'O', RULE_DESTINATION, VALUE_NEEDED, "tun-port" },
	{ '\0', '0', '0', RULE_DESTINATION, VALUE_NONE, "tun-nocsum" },
	{ '\0', '1', '0', RULE_DESTINATION, VALUE_NONE, "tun-csum" },
	{ '\0', '2', '0', RULE_DESTINATION, VALUE_NONE, "tun-remcsum" },
};

static const struct option_name *find_option(const char *word)
{
	for (size_t i = 0; word[0] == '-' && i < ARRAY_SIZE(option_names); i++) {
		const struct option_name *option = &option_names[i];

		if (word[1] == '-' ? strcmp(word + 2, option->name) == 0
				   : word[1] && word[1] == option->letter && !word[2])
			return option;
	}
	return NULL;
}

/* ipvsadm prints marks as signed numbers. */
static uint32_t firewall_mark(struct rule *rule, const char *text)
{
	if (text[0] != '-')
		return number_of(rule, "-f", text, 1, UINT32_MAX);
	return 0U - number_of(rule, "-f -", text + 1, 1, (uint32_t)INT32_MAX + 1);
}

static void take_key_option(struct rule *rule, char code, const char *value)
{
	switch (code) {
	case 't':
		set_key(rule, IPPROTO_TCP, value);
		break;
	case 'u':
		set_key(rule, IPPROTO_UDP, value);
		break;
	case 'S':
		set_key(rule, IPPROTO_SCTP, value);
		break;
	case 'f':
		rule->service.key.fwmark = firewall_mark(rule, value);
		rule->has_key = true;
		break;
	default:
		rule->is_ipv6 = true;
		break;
	}
}

static void take_service_option(struct rule *rule, char code, char *value)
{
	struct service *service = &rule->service;

	switch (code) {
	case 's':
		copy_word(rule, "-s", value, service->scheduler,
			  sizeof(service->scheduler));
		break;
	case 'b':
		rule->flags = value;
		break;
	case 'p':
		service->persistence_timeout =
			*value ? number_of(rule, "-p", value, 1, UINT32_MAX)
			       : PERSISTENCE_DEFAULT;
		break;
	case 'M':
		rule->netmask = value;
		break;
	case 'o':
		service->one_packet = true;
		break;
	default:
		copy_word(rule, "--pe", value, service->engine, sizeof(service->engine));
		break;
	}
}

static void take_server_option(struct rule *rule, char code, const char *value)
{
	struct destination *to = &rule->destination;

	switch (code) {
	case 'r':
		set_server(rule, value);
		break;
	case 'm':
		to->forward = FORWARD_MASQUERADE;
		break;
	case 'g':
		to->forward = FORWARD_DIRECT;
		break;
	case 'i':
		to->forward = FORWARD_TUNNEL;
		break;
	case 'w':
		to->weight = number_of(rule, "-w", value, 0, UINT32_MAX);
		break;
	case 'x':
		to->upper_threshold = number_of(rule, "-x", value, 0, UINT32_MAX);
		break;
	case 'y':
		to->lower_threshold = number_of(rule, "-y", value, 0, UINT32_MAX);
		break;
	case 'T':
		rule->has_tunnel = true;
		set_tunnel_type(rule, value);
		break;
	case 'O':
		rule->has_tunnel = true;
		to->tunnel_port =
			(uint16_t)number_of(rule, "--tun-port", value, 1, UINT16_MAX);
		break;
	default:
		rule->has_tunnel = true;
		to->tunnel_checksum = (uint8_t)(code - '0');
		break;
	}
}

/* Whether the option may stand here, after those that stand before it. */
static bool may_stand(struct rule *rule, const struct option_name *option,
		      const char *word)
{
	size_t count = strlen(rule->groups);

	if (!option)
		rule_refuse(rule, "'%.40s' is nothing that ipvsadm-save prints", word);
	else if (count == 0 && option->group != 'A')
		rule_refuse(rule, "it begins neither with -A nor with -a");
	else if (strchr(rule->groups, option->group))
		rule_refuse(rule, "'%.40s' does not go with what stands before it", word);
	else if (option->kind != RULE_NONE && option->kind != rule->kind)
		rule_refuse(rule, "'%.40s' does not go with %s", word,
			    rule->kind == RULE_SERVICE ? "-A" : "-a");
	else
		rule->groups[count] = option->group;
	return !rule->unreadable;
}

static void take_option(struct rule *rule, const struct option_name *option, char *value)
{
	if (option->group == 'A')
		rule->kind = option->code == 'A' ? RULE_SERVICE : RULE_DESTINATION;
	else if (option->kind == RULE_NONE)
		take_key_option(rule, option->code, value);
	else if (option->kind == RULE_SERVICE)
		take_service_option(rule, option->code, value);
	else
		take_server_option(rule, option->code, value);
}

static bool is_value(const struct option_name *option, const char *word)
{
	return word[0] != '-' ||
	       (option && option->code == 'f' && word[1] >= '0' && word[1] <= '9');
}

static void take_all(struct rule *rule, char **words, size_t count)
{
	static char none[] = "";

	for (size_t i = 0; i < count && !rule->unreadable; i++) {
		const struct option_name *option = find_option(words[i]);
		bool follows = i + 1 < count && is_value(option, words[i + 1]);

		if (!may_stand(rule, option, words[i]))
			return;
		if (option->value == VALUE_NEEDED && !follows)
			rule_refuse(rule, "'%.40s' without a value", words[i]);
		else if (option->value != VALUE_NONE && follows)
			take_option(rule, option, words[++i]);
		else
			take_option(rule, option, none);
	}
}

static void set_netmask(struct rule *rule)
{
	struct service *service = &rule->service;
	struct address mask;

	service->persistence_netmask =
		service_default_netmask(service->key.address.family);
	/* Nothing without persistence. */
	if (!rule->netmask || service->persistence_timeout == 0)
		return;
	if (service->key.address.family == AF_INET6)
		service->persistence_netmask =
			number_of(rule, "-M", rule->netmask, 1, 128);
	else if (address_parse(rule->netmask, &mask) == 0 && mask.family == AF_INET)
		service->persistence_netmask = mask.v4.s_addr;
	else
		rule_refuse(rule, "-M: '%.40s' is no netmask", rule->netmask);
}

/* What depends on several options. */
static void complete(struct rule *rule)
{
	struct service *service = &rule->service;

	if (!rule->has_key)
		rule_refuse(rule, "it names no service");
	else if (rule->kind == RULE_DESTINATION && !rule->has_server)
		rule_refuse(rule, "it names no server");
	else if (rule->is_ipv6 && !service->key.fwmark)
		rule_refuse(rule, "-6 goes with -f alone");
	if (rule->unreadable)
		return;
	if (service->key.fwmark)
		service->key.address.family = rule->is_ipv6 ? AF_INET6 : AF_INET;
	if (!rule->has_port)
		rule->destination.port = service->key.port;
	if (rule->flags)
		set_flags(rule, rule->flags);
	if (rule->has_tunnel && rule->destination.forward != FORWARD_TUNNEL)
		rule_refuse(
			rule,
			"the tunnel's options do not go with a server that is not reached by one (-i)");
	if (service->engine[0] && service->persistence_timeout == 0)
		rule_leave_out(rule,
			       "--pe %s: a persistence engine without persistence (-p)",
			       service->engine);
	set_netmask(rule);
}

void rule_take_words(struct rule *rule, char **words, size_t count)
{
	*rule = (struct rule){ .destination = { .weight = 1,
						.forward = FORWARD_DIRECT } };
	strcpy(rule->service.scheduler, "wlc");
	take_all(rule, words, count);
	if (!rule->unreadable)
		complete(rule);
}
