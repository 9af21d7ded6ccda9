/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/fields.h"
#include "agent/state/native.h"
#include "agent/state/problems.h"
#include "common/cleanup.h"

enum { SOURCE_RANGES_MAX = 10000 };

enum { BIND, OVER_LOCAL, SOURCE_NAT, SOURCE_RANGES, FROM_INSIDE, FIELD_COUNT };

static const char *const names[FIELD_COUNT] = {
	[BIND] = "bind",
	[OVER_LOCAL] = "overLocal",
	[SOURCE_NAT] = "sourceNat",
	[SOURCE_RANGES] = "sourceRanges",
	[FROM_INSIDE] = "fromInside",
};

enum { TARGET_ADDRESS, TARGET_PORT, TARGET_COUNT };

static const char *const target_names[TARGET_COUNT] = {
	[TARGET_ADDRESS] = "address",
	[TARGET_PORT] = "port",
};

static const struct field_set target_fields = { target_names, TARGET_COUNT, NULL, NULL };

struct exposure_reader {
	struct reader *reader;
	const struct place *place;
	json_t *const *values;
	const struct service *service;
	struct service_access access;
};

static struct field field_of(const struct exposure_reader *e, int index)
{
	return (struct field){ e->reader, e->place, names[index], e->values[index] };
}

static bool read_flag(const struct exposure_reader *e, int index, bool *flag)
{
	struct field field = field_of(e, index);

	return !field.value || field_bool(&field, flag);
}

static bool read_source_nat(struct exposure_reader *e)
{
	static const char *const words[] = { "hairpin", "outside", "all", NULL };
	static const uint8_t meanings[] = { SOURCE_NAT_HAIRPIN, SOURCE_NAT_OUTSIDE,
					    SOURCE_NAT_ALL };
	struct field field = field_of(e, SOURCE_NAT);
	size_t index;

	if (!field.value || json_is_false(field.value))
		return true;
	if (json_is_true(field.value)) {
		e->access.source_nat = SOURCE_NAT_ALL;
		return true;
	}
	if (!json_is_string(field.value))
		return field_problem(
			&field,
			"is neither a boolean nor one of \"hairpin\", \"outside\", \"all\"");
	if (!field_word(&field, words, &index))
		return false;
	e->access.source_nat = meanings[index];
	return true;
}

static bool read_range(struct exposure_reader *e, const struct place *place,
		       json_t *value, struct network *network)
{
	const char *text = json_string_value(value);
	char quoted[QUOTE_TEXT];

	if (!text)
		return wrong_type(e->reader, place, value, "a string");
	if (network_parse(text, network) < 0) {
		reader_problem(e->reader, place,
			       "%s is not a network such as 10.0.0.0/8 or fd00::/64",
			       quote(text, quoted));
		return false;
	}
	if (network->address.family == e->service->key.address.family)
		return true;
	reader_problem(e->reader, place, "%s is not of the service's address family",
		       quote(text, quoted));
	return false;
}

static int compare_ranges(const void *a, const void *b)
{
	return network_compare(a, b);
}

static bool read_source_ranges(struct exposure_reader *e)
{
	struct field field = field_of(e, SOURCE_RANGES);
	struct place list = { .parent = e->place, .key = field.name };
	size_t count = json_array_size(field.value), i;
	bool sound = true;
	json_t *value;

	if (!field.value)
		return true;
	if (!field_array(&field))
		return false;
	if (count == 0)
		return field_problem(
			&field,
			"is empty, which would let nobody in; without it everybody is");
	if (count > SOURCE_RANGES_MAX)
		return field_problem(&field, "has more than %d elements",
				     SOURCE_RANGES_MAX);
	e->access.sources = calloc(count, sizeof(*e->access.sources));
	if (!e->access.sources) {
		e->reader->error = -ENOMEM;
		return false;
	}
	e->access.source_count = count;
	json_array_foreach (field.value, i, value) {
		struct place place = { .parent = &list, .index = i };

		sound = read_range(e, &place, value, &e->access.sources[i]) && sound;
	}
	qsort(e->access.sources, count, sizeof(*e->access.sources), compare_ranges);
	return sound;
}

static bool read_inside(struct exposure_reader *e)
{
	struct field field = field_of(e, FROM_INSIDE);
	struct place place = { .parent = e->place, .key = field.name };
	json_t *v[TARGET_COUNT];
	struct inside_target *inside = &e->access.inside;
	uint32_t port = 0;
	bool sound;

	if (!field.value)
		return true;
	sound = fields_take(e->reader, &place, field.value, &target_fields, v);
	if (!json_is_object(field.value))
		return false;
	struct field address_field = { e->reader, &place, target_names[TARGET_ADDRESS],
				       v[TARGET_ADDRESS] };
	struct field port_field = { e->reader, &place, target_names[TARGET_PORT],
				    v[TARGET_PORT] };

	if (!field_address(&address_field, &inside->address))
		sound = false;
	else if (inside->address.family != e->service->key.address.family)
		sound = field_problem(&address_field,
				      "is not of the service's address family");
	if (!field_number(&port_field, 1, UINT16_MAX, &port))
		sound = false;
	inside->port = (uint16_t)port;
	return sound;
}

/* What only a service that is known by its address can have. */
static bool refuse_for_mark(const struct exposure_reader *e)
{
	bool sound = true;

	for (int i = 0; i < FIELD_COUNT; i++) {
		struct field field = field_of(e, i);

		if (field.value)
			sound = field_problem(
				&field,
				"does not go with fwmark: it is for a service with an address");
	}
	return sound;
}

bool native_read_exposure(struct reader *reader, const struct place *place,
			  json_t *const *values, struct service *service)
{
	struct exposure_reader e = {
		.reader = reader, .place = place, .values = values, .service = service
	};
	bool sound;

	if (service->key.fwmark)
		return refuse_for_mark(&e);
	/* The key could not be read: which family ranges have to be of is not known. */
	if (service->key.address.family == 0)
		return true;
	sound = read_flag(&e, BIND, &e.access.bind);
	sound = read_flag(&e, OVER_LOCAL, &e.access.over_local) && sound;
	sound = read_source_nat(&e) && sound;
	sound = read_source_ranges(&e) && sound;
	sound = read_inside(&e) && sound;
	if (sound && !service_access_is_default(&e.access)) {
		service->access = service_access_keep(&e.access);
		if (!service->access)
			reader->error = -ENOMEM;
	}
	service_access_clear(&e.access);
	return sound;
}
