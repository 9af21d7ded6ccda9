/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/fields.h"
#include "agent/state/native.h"
#include "agent/state/problems.h"
#include "agent/state/value_rules.h"
#include "agent/state/scheduler_flag.h"
#include "agent/model/fingerprint.h"
#include "common/printable.h"

enum { NAME_MAX_BYTES = 255 };

enum {
	FIELD_NAME,
	FIELD_ADDRESS,
	FIELD_PORT,
	FIELD_PROTOCOL,
	FIELD_FWMARK,
	FIELD_FAMILY,
	FIELD_SCHEDULER,
	FIELD_SCHEDULER_FLAGS,
	FIELD_ONE_PACKET,
	FIELD_PERSISTENCE,
	FIELD_BIND,
	FIELD_OVER_LOCAL,
	FIELD_SOURCE_NAT,
	FIELD_SOURCE_RANGES,
	FIELD_FROM_INSIDE,
	FIELD_DESTINATIONS,
	FIELD_COUNT
};

static const char *const names[FIELD_COUNT] = {
	[FIELD_NAME] = "name",
	[FIELD_ADDRESS] = "address",
	[FIELD_PORT] = "port",
	[FIELD_PROTOCOL] = "protocol",
	[FIELD_FWMARK] = "fwmark",
	[FIELD_FAMILY] = "family",
	[FIELD_SCHEDULER] = "scheduler",
	[FIELD_SCHEDULER_FLAGS] = "schedulerFlags",
	[FIELD_ONE_PACKET] = "onePacket",
	[FIELD_PERSISTENCE] = "persistence",
	[FIELD_BIND] = "bind",
	[FIELD_OVER_LOCAL] = "overLocal",
	[FIELD_SOURCE_NAT] = "sourceNat",
	[FIELD_SOURCE_RANGES] = "sourceRanges",
	[FIELD_FROM_INSIDE] = "fromInside",
	[FIELD_DESTINATIONS] = "destinations",
};

static const char *const reserved[] = { "drain", "healthCheck", NULL };

static const char *const elsewhere[] = {
	"timeout", "it belongs into 'persistence'",
	"netmask", "it belongs into 'persistence'",
	"engine",  "it belongs into 'persistence'",
	"weight",  "it belongs into an element of 'destinations'",
	"forward", "it belongs into an element of 'destinations'",
	NULL,
};

static const struct field_set service_fields = { names, FIELD_COUNT, reserved,
						 elsewhere };

enum { PERSISTENCE_TIMEOUT, PERSISTENCE_NETMASK, PERSISTENCE_ENGINE, PERSISTENCE_COUNT };

static const char *const persistence_names[PERSISTENCE_COUNT] = {
	[PERSISTENCE_TIMEOUT] = "timeout",
	[PERSISTENCE_NETMASK] = "netmask",
	[PERSISTENCE_ENGINE] = "engine",
};

static const struct field_set persistence_fields = { persistence_names, PERSISTENCE_COUNT,
						     NULL, NULL };

struct service_reader {
	struct reader *reader;
	const struct place *place;
	json_t *values[FIELD_COUNT];
	struct service service;
	bool sound;
};

static struct field field_of(const struct service_reader *s, int index)
{
	return (struct field){ s->reader, s->place, names[index], s->values[index] };
}

static void check(struct service_reader *s, bool sound)
{
	s->sound = s->sound && sound;
}

/* The object that a rule or a field is in, on the way to its own place. */
static const struct place *inner_place(struct place *inner, const struct place *place,
				       const char *object)
{
	*inner = (struct place){ .parent = place, .key = object };
	return object ? inner : place;
}

static void report_rule(void *context, const char *object, const char *name,
			const char *text)
{
	struct service_reader *s = context;
	struct place inner;
	struct field field = { s->reader, inner_place(&inner, s->place, object), name,
			       NULL };

	s->sound = field_problem(&field, "%s", text);
}

static bool read_name(struct service_reader *s)
{
	struct field field = field_of(s, FIELD_NAME);
	const char *text;

	if (!field.value)
		return true;
	if (!field_text(&field, &text))
		return false;
	if (strlen(text) > NAME_MAX_BYTES)
		return field_problem(&field, "is longer than %d bytes", NAME_MAX_BYTES);
	if (!printable_is(text))
		return field_problem(&field, "has a control character");
	if (*text == '\0')
		return true;
	s->service.name = strdup(text);
	if (!s->service.name)
		s->reader->error = -ENOMEM;
	return true;
}

/* Of the two kinds of key, the fields of one are a mistake beside the other. */
static bool refuse_beside(struct service_reader *s, int index, const char *why)
{
	struct field field = field_of(s, index);

	return !field.value || field_problem(&field, "%s", why);
}

static bool read_mark_key(struct service_reader *s)
{
	static const char *const families[] = { "ipv4", "ipv6", NULL };
	static const char *const why =
		"does not go with fwmark: a service has either an address or a fwmark";
	struct field mark = field_of(s, FIELD_FWMARK), family = field_of(s, FIELD_FAMILY);
	struct service_key *key = &s->service.key;
	bool sound = field_number(&mark, 1, UINT32_MAX, &key->fwmark);
	size_t index = 0;

	if (family.value && !field_word(&family, families, &index))
		sound = false;
	key->address.family = index == 1 ? AF_INET6 : AF_INET;
	sound = refuse_beside(s, FIELD_ADDRESS, why) && sound;
	sound = refuse_beside(s, FIELD_PORT, why) && sound;
	return refuse_beside(s, FIELD_PROTOCOL, why) && sound;
}

static bool read_address_key(struct service_reader *s)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp", NULL };
	struct field address = field_of(s, FIELD_ADDRESS);
	struct field port = field_of(s, FIELD_PORT);
	struct field protocol = field_of(s, FIELD_PROTOCOL);
	struct service_key *key = &s->service.key;
	bool sound = field_address(&address, &key->address);
	uint32_t number = 0;
	size_t index = 0;

	sound = field_number(&port, 0, UINT16_MAX, &number) && sound;
	key->port = number;
	if (field_word(&protocol, protocols, &index))
		key->protocol = protocol_from_name(protocols[index]);
	else
		sound = false;
	return refuse_beside(s, FIELD_FAMILY, "goes with fwmark alone") && sound;
}

static bool read_key(struct service_reader *s)
{
	if (s->values[FIELD_FWMARK])
		return read_mark_key(s);
	if (s->values[FIELD_ADDRESS])
		return read_address_key(s);
	reader_problem(s->reader, s->place, "neither an address nor a fwmark");
	return false;
}

/* A name of a kernel module's part, which has 15 bytes at most. */
static bool read_module_name(const struct field *field, size_t max, char *name)
{
	char quoted[QUOTE_TEXT];
	const char *text;

	if (!field_text(field, &text))
		return false;
	if (*text == '\0')
		return field_problem(field, "is empty");
	if (strlen(text) > max)
		return field_problem(field, "%s is longer than %zu bytes",
				     quote(text, quoted), max);
	strcpy(name, text);
	return true;
}

static bool read_scheduler(struct service_reader *s)
{
	struct field field = field_of(s, FIELD_SCHEDULER);

	strcpy(s->service.scheduler, "rr");
	return !field.value ||
	       read_module_name(&field, SCHEDULER_NAME_MAX, s->service.scheduler);
}

static bool read_flag(struct service_reader *s, const struct place *place, json_t *value)
{
	const char *text = json_string_value(value);
	const struct scheduler_flag *flag;
	char quoted[QUOTE_TEXT];

	if (!text)
		return wrong_type(s->reader, place, value, "a string");
	flag = scheduler_flag_find(text);
	if (!flag)
		reader_problem(s->reader, place, "%s is not one of " SCHEDULER_FLAG_WORDS,
			       quote(text, quoted));
	else if (flag->scheduler && strcmp(flag->scheduler, s->service.scheduler) != 0)
		reader_problem(s->reader, place,
			       "'%s' is a flag of scheduler '%s', not of '%s'", text,
			       flag->scheduler, s->service.scheduler);
	else if (s->service.scheduler_flags & flag->bit)
		reader_problem(s->reader, place, "'%s' sets a flag that is already set",
			       text);
	else {
		s->service.scheduler_flags |= flag->bit;
		return true;
	}
	return false;
}

static bool read_scheduler_flags(struct service_reader *s)
{
	struct field field = field_of(s, FIELD_SCHEDULER_FLAGS);
	struct place list = { .parent = s->place, .key = field.name };
	bool sound = true;
	json_t *value;
	size_t i;

	if (!field.value)
		return true;
	if (!field_array(&field))
		return false;
	json_array_foreach (field.value, i, value) {
		struct place place = { .parent = &list, .index = i };

		sound = read_flag(s, &place, value) && sound;
	}
	return sound;
}

/* IPv4: a dotted mask; IPv6: a prefix length, as the kernel takes it. */
static bool read_netmask(const struct field *field, struct service *service)
{
	struct address mask;
	char quoted[QUOTE_TEXT];
	const char *text;

	service->persistence_netmask =
		service_default_netmask(service->key.address.family);
	if (!field->value)
		return true;
	if (service->key.address.family == AF_INET6)
		return field_number(field, 1, 128, &service->persistence_netmask);
	if (!field_text(field, &text))
		return false;
	if (address_parse(text, &mask) < 0 || mask.family != AF_INET)
		return field_problem(field, "%s is not a netmask", quote(text, quoted));
	service->persistence_netmask = mask.v4.s_addr;
	return true;
}

static bool read_persistence(struct service_reader *s, bool have_key)
{
	static const char *const *const n = persistence_names;
	struct place place = { .parent = s->place, .key = names[FIELD_PERSISTENCE] };
	json_t *v[PERSISTENCE_COUNT];
	struct service *service = &s->service;
	bool sound;

	if (!s->values[FIELD_PERSISTENCE])
		return true;
	sound = fields_take(s->reader, &place, s->values[FIELD_PERSISTENCE],
			    &persistence_fields, v);
	if (!json_is_object(s->values[FIELD_PERSISTENCE]))
		return false;
	struct field timeout = { s->reader, &place, n[0], v[PERSISTENCE_TIMEOUT] };
	struct field netmask = { s->reader, &place, n[1], v[PERSISTENCE_NETMASK] };
	struct field engine = { s->reader, &place, n[2], v[PERSISTENCE_ENGINE] };

	sound = field_number(&timeout, 1, PERSISTENCE_MAX,
			     &service->persistence_timeout) &&
		sound;
	/* Without a key the family is not known, and so not what a netmask is. */
	if (have_key)
		sound = read_netmask(&netmask, service) && sound;
	if (engine.value)
		sound = read_module_name(&engine, ENGINE_NAME_MAX, service->engine) &&
			sound;
	return sound;
}

void native_read_service(struct reader *reader, const struct place *place, json_t *value)
{
	struct service_reader s = { .reader = reader, .place = place, .sound = true };
	bool have_key;

	check(&s, fields_take(reader, place, value, &service_fields, s.values));
	if (!json_is_object(value))
		return;
	check(&s, read_name(&s));
	have_key = read_key(&s);
	check(&s, have_key);
	check(&s, read_scheduler(&s) && read_scheduler_flags(&s));
	if (s.values[FIELD_ONE_PACKET]) {
		struct field field = field_of(&s, FIELD_ONE_PACKET);

		check(&s, field_bool(&field, &s.service.one_packet));
	}
	check(&s, read_persistence(&s, have_key));
	if (s.service.persistence_timeout == 0)
		s.service.persistence_netmask =
			service_default_netmask(s.service.key.address.family);
	check(&s, native_read_exposure(reader, place, &s.values[FIELD_BIND], &s.service));
	if (s.sound)
		rules_check_service(&s.service, report_rule, &s);
	if (s.values[FIELD_DESTINATIONS]) {
		struct place list = { .parent = place, .key = names[FIELD_DESTINATIONS] };

		s.sound = native_read_destinations(
			reader, &list, s.values[FIELD_DESTINATIONS], &s.service, s.sound);
	}
	if (!s.sound || reader->error) {
		service_clear(&s.service);
		return;
	}
	service_sort(&s.service);
	s.service.fingerprint = fingerprint_service_whole(&s.service);
	reader_add_service(reader, &s.service, place);
}
