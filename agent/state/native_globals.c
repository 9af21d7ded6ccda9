/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/state/fields.h"
#include "agent/state/native.h"
#include "agent/state/problems.h"
#include "agent/state/value_rules.h"

enum { TIMEOUT_COUNT = 3 };

static const char *const timeout_names[TIMEOUT_COUNT] = { "tcp", "tcpFin", "udp" };

static const struct field_set timeout_fields = { timeout_names, TIMEOUT_COUNT, NULL,
						 NULL };

/* A value of the whole kernel that an earlier file has set too. */
static void report_again(struct reader *reader, const struct place *place,
			 const struct origin *first)
{
	reader_problem(reader, place, "stands twice, first at %s:%u",
		       reader->files[first->file].path, first->line);
}

void native_read_timeouts(struct reader *reader, const struct place *place, json_t *value)
{
	struct timeouts *timeouts = &reader->table->globals.timeouts;
	uint32_t *const numbers[TIMEOUT_COUNT] = { &timeouts->tcp, &timeouts->tcp_fin,
						   &timeouts->udp };
	json_t *values[TIMEOUT_COUNT];

	fields_take(reader, place, value, &timeout_fields, values);
	for (size_t i = 0; i < TIMEOUT_COUNT; i++) {
		struct place member = { .parent = place, .key = timeout_names[i] };
		struct field field = { reader, place, timeout_names[i], values[i] };

		if (!values[i])
			continue;
		if (reader->timeouts[i].line)
			report_again(reader, &member, &reader->timeouts[i]);
		else if (field_number(&field, 1, TIMEOUT_MAX, numbers[i]))
			reader->timeouts[i] = reader_origin(reader, &member);
	}
}

enum {
	DAEMON_ROLE,
	DAEMON_INTERFACE,
	DAEMON_SYNC_ID,
	DAEMON_GROUP,
	DAEMON_PORT,
	DAEMON_TTL,
	DAEMON_MAX_LENGTH,
	DAEMON_COUNT
};

static const char *const daemon_names[DAEMON_COUNT] = {
	[DAEMON_ROLE] = "role",
	[DAEMON_INTERFACE] = "interface",
	[DAEMON_SYNC_ID] = "syncId",
	[DAEMON_GROUP] = "group",
	[DAEMON_PORT] = "port",
	[DAEMON_TTL] = "ttl",
	[DAEMON_MAX_LENGTH] = "maxLength",
};

static const struct field_set daemon_fields = { daemon_names, DAEMON_COUNT, NULL, NULL };

struct daemon_reader {
	struct reader *reader;
	const struct place *place;
	json_t *values[DAEMON_COUNT];
	bool sound;
};

static struct field daemon_field(const struct daemon_reader *d, int index)
{
	return (struct field){ d->reader, d->place, daemon_names[index],
			       d->values[index] };
}

/* A number that keeps its value where it is absent. */
static void daemon_number(struct daemon_reader *d, int index, uint32_t min, uint32_t max,
			  uint32_t *value)
{
	struct field field = daemon_field(d, index);

	if (field.value && !field_number(&field, min, max, value))
		d->sound = false;
}

static void report_daemon_rule(void *context, const char *object UNUSED, const char *name,
			       const char *text)
{
	struct daemon_reader *d = context;
	struct field field = { d->reader, d->place, name, NULL };

	d->sound = field_problem(&field, "%s", text);
}

static bool read_interface(const struct daemon_reader *d, struct sync_daemon *daemon)
{
	struct field field = daemon_field(d, DAEMON_INTERFACE);
	char quoted[QUOTE_TEXT];
	const char *text;

	if (!field_text(&field, &text))
		return false;
	if (strlen(text) >= sizeof(daemon->interface))
		return field_problem(&field, "%s is longer than %zu bytes",
				     quote(text, quoted), sizeof(daemon->interface) - 1);
	strcpy(daemon->interface, text);
	return true;
}

static bool read_daemon(struct daemon_reader *d, json_t *value,
			struct sync_daemon *daemon)
{
	static const char *const roles[] = { "master", "backup", NULL };
	uint32_t sync_id = 0, port = 0, ttl = 0, max_length = 0;
	struct field role, group;
	size_t index = 0;

	d->sound = fields_take(d->reader, d->place, value, &daemon_fields, d->values);
	if (!json_is_object(value))
		return false;
	role = daemon_field(d, DAEMON_ROLE);
	group = daemon_field(d, DAEMON_GROUP);
	d->sound = field_word(&role, roles, &index) && d->sound;
	d->sound = read_interface(d, daemon) && d->sound;
	if (group.value)
		d->sound = field_address(&group, &daemon->group) && d->sound;
	daemon_number(d, DAEMON_SYNC_ID, 0, UINT8_MAX, &sync_id);
	daemon_number(d, DAEMON_PORT, 1, UINT16_MAX, &port);
	daemon_number(d, DAEMON_TTL, 1, UINT8_MAX, &ttl);
	daemon_number(d, DAEMON_MAX_LENGTH, 1, UINT16_MAX, &max_length);
	daemon->role = index == 1 ? SYNC_BACKUP : SYNC_MASTER;
	daemon->sync_id = sync_id;
	daemon->port = port;
	daemon->ttl = ttl;
	daemon->max_length = max_length;
	if (d->sound)
		rules_check_daemon(daemon, report_daemon_rule, d);
	return d->sound;
}

void native_read_sync_daemons(struct reader *reader, const struct place *place,
			      json_t *value)
{
	json_t *element;
	size_t i;

	if (!json_is_array(value)) {
		wrong_type(reader, place, value, "an array");
		return;
	}
	json_array_foreach (value, i, element) {
		struct place at = { .parent = place, .index = i };
		struct daemon_reader d = { .reader = reader, .place = &at };
		struct sync_daemon daemon = { 0 };
		int slot;

		if (!read_daemon(&d, element, &daemon))
			continue;
		slot = sync_slot(daemon.role);
		if (reader->daemons[slot].line) {
			reader_problem(reader, &at,
				       "a second %s daemon, the first is at %s:%u",
				       sync_role_name(daemon.role),
				       reader->files[reader->daemons[slot].file].path,
				       reader->daemons[slot].line);
			continue;
		}
		reader->table->globals.daemons[slot] = daemon;
		reader->daemons[slot] = reader_origin(reader, &at);
		reader->daemon_index[slot] = i;
	}
}

static const struct origin *find_sysctl(const struct reader *reader, const char *name)
{
	const struct globals *globals = &reader->table->globals;

	for (size_t i = 0; i < globals->sysctl_count; i++) {
		if (strcmp(globals->sysctls[i].name, name) == 0)
			return &reader->sysctls[i];
	}
	return NULL;
}

static void add_sysctl(struct reader *reader, const struct place *place,
		       const char *value)
{
	struct globals *globals = &reader->table->globals;
	struct origin *grown =
		reallocarray(reader->sysctls, globals->sysctl_count + 1, sizeof(*grown));

	if (!grown) {
		reader->error = -ENOMEM;
		return;
	}
	reader->sysctls = grown;
	grown[globals->sysctl_count] = reader_origin(reader, place);
	if (globals_add_sysctl(globals, place->key, value) < 0)
		reader->error = -ENOMEM;
}

static void read_sysctl(struct reader *reader, const struct place *place, json_t *value)
{
	const struct origin *first = find_sysctl(reader, place->key);
	char number[32];
	const char *text = json_string_value(value);

	if (!rules_sysctl_name(place->key)) {
		reader_problem(reader, place, "is not the name of a sysctl under net.");
	} else if (first) {
		report_again(reader, place, first);
	} else if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		add_sysctl(reader, place, number);
	} else if (json_is_real(value)) {
		reader_problem(reader, place, FRACTION_TEXT);
	} else if (!text) {
		wrong_type(reader, place, value, "a number or a string");
	} else if (!rules_sysctl_value(text)) {
		reader_problem(reader, place, "is not one line of printable characters");
	} else {
		add_sysctl(reader, place, text);
	}
}

void native_read_sysctls(struct reader *reader, const struct place *place, json_t *value)
{
	json_t *element;
	const char *name;

	if (!json_is_object(value)) {
		wrong_type(reader, place, value, "an object");
		return;
	}
	json_object_foreach (value, name, element) {
		struct place at = { .parent = place, .key = name };

		if (reader->table->globals.sysctl_count >= SYSCTLS_MAX) {
			reader_problem(reader, &at, "more than %d sysctls", SYSCTLS_MAX);
			return;
		}
		read_sysctl(reader, &at, element);
		if (reader->error)
			return;
	}
}
