/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/native.h"

#include <errno.h>
#include <string.h>

#include "agent/state/fields.h"
#include "agent/state/json_memory.h"
#include "agent/state/slices.h"

enum { VERSION_READ = 1 };

enum {
	FIELD_VERSION,
	FIELD_SERVICES,
	FIELD_TIMEOUTS,
	FIELD_SYNC_DAEMONS,
	FIELD_SYSCTLS,
	FIELD_COUNT
};

static const char *const names[FIELD_COUNT] = {
	[FIELD_VERSION] = "version",   [FIELD_SERVICES] = "services",
	[FIELD_TIMEOUTS] = "timeouts", [FIELD_SYNC_DAEMONS] = "syncDaemons",
	[FIELD_SYSCTLS] = "sysctls",
};

static const char *const reserved[] = { "drain", "healthCheck", NULL };
static const char *const elsewhere[] = {
	"$schema",	"an editor finds the schema by the file's name",
	"bind",		"it belongs into an element of 'services'",
	"sourceNat",	"it belongs into an element of 'services'",
	"overLocal",	"it belongs into an element of 'services'",
	"sourceRanges", "it belongs into an element of 'services'",
	NULL,
};

static const struct field_set top_fields = { names, FIELD_COUNT, reserved, elsewhere };

static bool broken(struct native *native, int result, const struct json_fault *fault)
{
	if (result == -EINVAL)
		reader_fault(native->reader, fault);
	else
		native->reader->error = result;
	return false;
}

/* Takes one value and lets the reader's problems know where its text is. */
static bool take_value(struct native *native, const struct place *place, json_t **value)
{
	struct reader *reader = native->reader;
	struct json_text *text = native->text;
	struct json_fault fault;
	size_t start;
	int r;

	json_text_peek(text);
	start = text->position;
	reader->anchor = place;
	reader->text = text->start + start;
	reader->text_line = text->line;
	json_memory_begin();
	r = json_text_value(text, value, &fault);
	json_memory_end();
	reader->text_length = text->position - start;
	return r == 0 || broken(native, r, &fault);
}

/* The array's end, where a slice has none. */
static bool end_array(struct native *native)
{
	if (native->slice)
		native->reader->error = -ECANCELED;
	return !native->slice;
}

/* Element after element, each freed before the next: most of a state is in this array. */
bool native_read_elements(struct native *native, const struct place *services)
{
	struct json_text *text = native->text;
	struct json_fault fault;

	for (size_t i = 0;; i++) {
		struct place place = { .parent = services, .index = i };
		cleanup_json json_t *value = NULL;

		if (!take_value(native, &place, &value))
			return false;
		native_read_service(native->reader, &place, value);
		source_release(native->source, text->position);
		if (native->reader->error)
			return false;
		if (json_text_take(text, ']'))
			return end_array(native);
		if (!json_text_take(text, ','))
			return broken(native,
				      json_text_expected(text, "',' or ']'", &fault),
				      &fault);
		if (native->slice && text->position == text->length)
			return true;
	}
}

static bool read_services(struct native *native, const struct place *services)
{
	struct json_text *text = native->text;
	int r;

	if (!json_text_take(text, '['))
		return false;
	if (json_text_take(text, ']'))
		return true;
	r = slices_read(native, services);
	if (r < 0)
		native->reader->error = r;
	if (r != SLICES_NONE)
		return r == SLICES_READ;
	return native_read_elements(native, services);
}

static bool read_version(struct reader *reader, json_t *value)
{
	struct field field = { reader, NULL, names[FIELD_VERSION], value };
	uint32_t version;

	if (!field_number(&field, 0, UINT32_MAX, &version))
		return true;
	return version == VERSION_READ ||
	       field_problem(&field, "%u is not supported: this program reads version %d",
			     version, VERSION_READ);
}

static bool read_other(struct native *native, const struct place *place, size_t index)
{
	struct reader *reader = native->reader;
	cleanup_json json_t *value = NULL;

	if (!take_value(native, place, &value))
		return false;
	switch (index) {
	case FIELD_VERSION:
		return read_version(reader, value);
	case FIELD_SERVICES:
		wrong_type(reader, place, value, "an array");
		break;
	case FIELD_TIMEOUTS:
		native_read_timeouts(reader, place, value);
		break;
	case FIELD_SYNC_DAEMONS:
		native_read_sync_daemons(reader, place, value);
		break;
	case FIELD_SYSCTLS:
		native_read_sysctls(reader, place, value);
		break;
	default:
		fields_unknown(reader, place, &top_fields);
	}
	return reader->error == 0;
}

bool native_read_field(struct native *native, const char *name, size_t line)
{
	struct place place = { .key = name };
	size_t i = 0;

	while (i < FIELD_COUNT && strcmp(names[i], name) != 0)
		i++;
	if (i < FIELD_COUNT && native->seen[i]) {
		struct origin origin = { native->reader->file_count - 1, line };

		reader_problem_at(native->reader, &origin, &place,
				  "stands twice, first in line %zu", native->seen[i]);
		return false;
	}
	if (i < FIELD_COUNT)
		native->seen[i] = line;
	if (i == FIELD_SERVICES && json_text_peek(native->text) == '[')
		return read_services(native, &place);
	return read_other(native, &place, i);
}

void native_finish(struct native *native)
{
	struct origin top = { native->reader->file_count - 1, 1 };

	for (size_t i = FIELD_VERSION; i <= FIELD_SERVICES; i++) {
		struct place place = { .key = names[i] };

		if (!native->seen[i])
			reader_problem_at(native->reader, &top, &place, "missing");
	}
}
