/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/fields.h"
#include "agent/state/native.h"
#include "agent/state/value_rules.h"

enum {
	FIELD_ADDRESS,
	FIELD_PORT,
	FIELD_WEIGHT,
	FIELD_FORWARD,
	FIELD_TUNNEL,
	FIELD_UPPER_THRESHOLD,
	FIELD_LOWER_THRESHOLD,
	FIELD_COUNT
};

static const char *const names[FIELD_COUNT] = {
	[FIELD_ADDRESS] = "address",
	[FIELD_PORT] = "port",
	[FIELD_WEIGHT] = "weight",
	[FIELD_FORWARD] = "forward",
	[FIELD_TUNNEL] = "tunnel",
	[FIELD_UPPER_THRESHOLD] = "upperThreshold",
	[FIELD_LOWER_THRESHOLD] = "lowerThreshold",
};

static const char *const reserved[] = { "bind",	 "sourceNat",	"overLocal",
					"drain", "healthCheck", NULL };

static const char *const elsewhere[] = {
	"checksum",
	"it belongs into 'tunnel'",
	NULL,
};

static const struct field_set destination_fields = { names, FIELD_COUNT, reserved,
						     elsewhere };

enum { TUNNEL_TYPE, TUNNEL_PORT, TUNNEL_CHECKSUM, TUNNEL_COUNT };

static const char *const tunnel_names[TUNNEL_COUNT] = {
	[TUNNEL_TYPE] = "type",
	[TUNNEL_PORT] = "port",
	[TUNNEL_CHECKSUM] = "checksum",
};

static const struct field_set tunnel_fields = { tunnel_names, TUNNEL_COUNT, NULL, NULL };

struct destination_reader {
	struct reader *reader;
	const struct place *place;
	bool sound;
};

static void report_rule(void *context, const char *object, const char *name,
			const char *text)
{
	struct destination_reader *d = context;
	struct place inner = { .parent = d->place, .key = object };
	struct field field = { d->reader, object ? &inner : d->place, name, NULL };

	d->sound = field_problem(&field, "%s", text);
}

static bool read_forward(const struct field *field, uint8_t *forward)
{
	static const char *const words[] = { "masquerade", "direct", "tunnel", NULL };
	static const uint8_t methods[] = { FORWARD_MASQUERADE, FORWARD_DIRECT,
					   FORWARD_TUNNEL };
	size_t index = 0;

	if (field->value && !field_word(field, words, &index))
		return false;
	*forward = methods[index];
	return true;
}

/* Words in the order of the kernel's values. */
static bool read_tunnel(struct destination_reader *r, json_t *value,
			struct destination *d)
{
	static const char *const types[] = { "ipip", "gue", "gre", NULL };
	static const char *const checksums[] = { "none", "full", "remote", NULL };
	struct place place = { .parent = r->place, .key = names[FIELD_TUNNEL] };
	json_t *v[TUNNEL_COUNT];
	size_t type = 0, checksum = 0;
	uint32_t port = 0;
	bool sound;

	sound = fields_take(r->reader, &place, value, &tunnel_fields, v);
	if (!json_is_object(value))
		return false;
	struct field type_field = { r->reader, &place, tunnel_names[TUNNEL_TYPE],
				    v[TUNNEL_TYPE] };
	struct field port_field = { r->reader, &place, tunnel_names[TUNNEL_PORT],
				    v[TUNNEL_PORT] };
	struct field checksum_field = { r->reader, &place, tunnel_names[TUNNEL_CHECKSUM],
					v[TUNNEL_CHECKSUM] };

	if (type_field.value)
		sound = field_word(&type_field, types, &type) && sound;
	if (port_field.value)
		sound = field_number(&port_field, 1, UINT16_MAX, &port) && sound;
	if (checksum_field.value)
		sound = field_word(&checksum_field, checksums, &checksum) && sound;
	d->tunnel_type = type;
	d->tunnel_port = port;
	d->tunnel_checksum = checksum;
	return sound;
}

static bool read_numbers(const struct destination_reader *r, json_t **values,
			 const struct service *service, struct destination *d)
{
	struct field port = { r->reader, r->place, names[FIELD_PORT],
			      values[FIELD_PORT] };
	struct field weight = { r->reader, r->place, names[FIELD_WEIGHT],
				values[FIELD_WEIGHT] };
	struct field upper = { r->reader, r->place, names[FIELD_UPPER_THRESHOLD],
			       values[FIELD_UPPER_THRESHOLD] };
	struct field lower = { r->reader, r->place, names[FIELD_LOWER_THRESHOLD],
			       values[FIELD_LOWER_THRESHOLD] };
	uint32_t number = service ? service->key.port : 0;
	bool sound = true;

	if (port.value)
		sound = field_number(&port, 0, UINT16_MAX, &number);
	d->port = number;
	d->weight = 1;
	if (weight.value)
		sound = field_number(&weight, 0, WEIGHT_MAX, &d->weight) && sound;
	if (upper.value)
		sound = field_number(&upper, 0, UINT32_MAX, &d->upper_threshold) && sound;
	if (lower.value)
		sound = field_number(&lower, 0, UINT32_MAX, &d->lower_threshold) && sound;
	return sound;
}

static bool read_destination(struct reader *reader, const struct place *place,
			     const struct service *service, json_t *value,
			     struct destination *destination)
{
	struct destination_reader r = { .reader = reader, .place = place };
	struct destination d = { 0 };
	json_t *values[FIELD_COUNT];

	r.sound = fields_take(reader, place, value, &destination_fields, values);
	if (!json_is_object(value))
		return false;
	struct field address = { reader, place, names[FIELD_ADDRESS],
				 values[FIELD_ADDRESS] };
	struct field forward = { reader, place, names[FIELD_FORWARD],
				 values[FIELD_FORWARD] };
	struct field tunnel = { reader, place, names[FIELD_TUNNEL],
				values[FIELD_TUNNEL] };

	r.sound = field_address(&address, &d.address) && r.sound;
	r.sound = read_numbers(&r, values, service, &d) && r.sound;
	if (!read_forward(&forward, &d.forward))
		r.sound = false;
	else if (tunnel.value && d.forward != FORWARD_TUNNEL)
		r.sound = field_problem(&tunnel, "goes with forward 'tunnel' alone");
	else if (tunnel.value)
		r.sound = read_tunnel(&r, tunnel.value, &d) && r.sound;
	if (r.sound && service)
		rules_check_destination(service, &d, report_rule, &r);
	if (r.sound)
		*destination = d;
	return r.sound;
}

static int compare_pointers(const void *a, const void *b)
{
	const struct destination *left = *(const struct destination *const *)a;
	const struct destination *right = *(const struct destination *const *)b;
	int order = destination_key_compare(left, right);

	/* Of equal keys the one that was read first, first. */
	return order != 0 ? order : (left > right) - (left < right);
}

static void report_duplicate(struct reader *reader, const struct place *list,
			     const struct service *service, size_t first, size_t again)
{
	struct place first_place = { .parent = list, .index = first };
	struct place place = { .parent = list, .index = again };
	struct origin origin = reader_origin(reader, &first_place);
	char key[DESTINATION_KEY_TEXT];

	reader_problem(reader, &place,
		       "%s stands twice, first at %s:%u (destinations[%zu])",
		       destination_key_format(&service->destinations[again], key),
		       reader->files[origin.file].path, origin.line, first);
}

static bool is_ascending(const struct service *service)
{
	for (size_t i = 1; i < service->destination_count; i++) {
		if (destination_key_compare(&service->destinations[i - 1],
					    &service->destinations[i]) >= 0)
			return false;
	}
	return true;
}

/* Only where every element was sound, so that an index is the same in table and text. */
static bool find_duplicates(struct reader *reader, const struct place *list,
			    const struct service *service)
{
	cleanup_free const struct destination **sorted = NULL;
	const struct destination *all = service->destinations;
	size_t count = service->destination_count, first = 0;
	bool sound = true;

	if (is_ascending(service))
		return true;
	sorted = calloc(count, sizeof(const struct destination *));
	if (!sorted) {
		reader->error = -ENOMEM;
		return false;
	}
	for (size_t i = 0; i < count; i++)
		sorted[i] = &all[i];
	qsort(sorted, count, sizeof(*sorted), compare_pointers);
	for (size_t i = 1; i < count; i++) {
		if (destination_key_compare(sorted[first], sorted[i]) == 0) {
			report_duplicate(reader, list, service, sorted[first] - all,
					 sorted[i] - all);
			sound = false;
		} else {
			first = i;
		}
	}
	return sound;
}

static void note_mixed(struct reader *reader, const struct place *place)
{
	struct mixed_destination *mixed = &reader->mixed;

	if (mixed->at.line != 0)
		return;
	mixed->at = reader_origin(reader, place);
	mixed->service = place->parent->parent->index;
	mixed->destination = place->index;
}

bool native_read_destinations(struct reader *reader, const struct place *list,
			      json_t *array, struct service *service, bool sound)
{
	const struct service *known = sound ? service : NULL;
	json_t *value;
	size_t i;

	if (!json_is_array(array))
		return wrong_type(reader, list, array, "an array");
	/* Exactly as many as there are: a large state has a hundred thousand. */
	if (service_reserve(service, json_array_size(array)) < 0) {
		reader->error = -ENOMEM;
		return false;
	}
	json_array_foreach (array, i, value) {
		struct place place = { .parent = list, .index = i };
		struct destination *d =
			&service->destinations[service->destination_count];

		if (!read_destination(reader, &place, known, value, d)) {
			sound = false;
			continue;
		}
		if (known && d->address.family != known->key.address.family)
			note_mixed(reader, &place);
		service->destination_count++;
	}
	return sound && find_duplicates(reader, list, service);
}
