/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/report/report_json.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/timestamp.h"
#include "common/cleanup.h"
#include "common/printable.h"

static const char *const outcome_names[] = {
	[RECONCILE_IN_SYNC] = "in-sync",   [RECONCILE_DEGRADED] = "degraded",
	[RECONCILE_NO_STATE] = "no-state", [RECONCILE_BAD_STATE] = "bad-state",
	[RECONCILE_TROUBLE] = "trouble",   [RECONCILE_HELD] = "held",
};

const char *reconcile_outcome_name(enum reconcile_outcome outcome)
{
	return (size_t)outcome < ARRAY_SIZE(outcome_names) ? outcome_names[outcome]
							   : "unknown";
}

/* The numbers of a report, by their names in JSON. */
static const struct {
	const char *name;
	size_t offset;
	bool wide; /* uint64_t, else size_t */
} numbers[] = {
	{ "services", offsetof(struct reconcile_report, services), false },
	{ "servicesFailed", offsetof(struct reconcile_report, services_failed), false },
	{ "destinations", offsetof(struct reconcile_report, destinations), false },
	{ "foreignServices", offsetof(struct reconcile_report, foreign_services), false },
	{ "changes", offsetof(struct reconcile_report, changes), false },
	{ "drift", offsetof(struct reconcile_report, drift), false },
	{ "draining", offsetof(struct reconcile_report, draining), false },
	{ "kernelReads", offsetof(struct reconcile_report, kernel_reads), true },
	{ "kernelWrites", offsetof(struct reconcile_report, kernel_writes), true },
};

static const struct {
	const char *name;
	size_t offset;
} times[] = {
	{ "read", offsetof(struct reconcile_times, read) },
	{ "dump", offsetof(struct reconcile_times, dump) },
	{ "plan", offsetof(struct reconcile_times, plan) },
	{ "record", offsetof(struct reconcile_times, record) },
	{ "kernel", offsetof(struct reconcile_times, kernel) },
};

/* Bytes that are not UTF-8 (a file's name may have them) would make jansson refuse the text. */
static json_t *json_text(const char *text)
{
	char *copy, *p;
	json_t *json;

	if (!text)
		return json_null();
	json = json_string(text);
	if (json)
		return json;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (p = copy; *p; p++) {
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	}
	json = json_string(copy);
	free(copy);
	return json;
}

/* Null for 0. */
static json_t *json_time(int64_t seconds)
{
	char text[TIMESTAMP_TEXT];

	if (seconds == 0)
		return json_null();
	return json_string(timestamp_format((uint64_t)seconds * 1000000, text));
}

static int add_numbers(json_t *json, const struct reconcile_report *report)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const char *at = (const char *)report + numbers[i].offset;
		json_int_t value;

		if (numbers[i].wide)
			value = (json_int_t) * (const uint64_t *)(const void *)at;
		else
			value = (json_int_t) * (const size_t *)(const void *)at;
		if (json_object_set_new(json, numbers[i].name, json_integer(value)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_times(json_t *json, const struct reconcile_times *durations)
{
	json_t *object = json_object();

	if (json_object_set_new(json, "microseconds", object) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		const char *at = (const char *)durations + times[i].offset;
		uint64_t value = *(const uint64_t *)(const void *)at;

		if (json_object_set_new(object, times[i].name,
					json_integer((json_int_t)value)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_problems(json_t *json, const struct state_problems *problems)
{
	json_t *array = json_array();

	if (json_object_set_new(json, "problems", array) < 0 ||
	    json_object_set_new(json, "problemCount",
				json_integer((json_int_t)problems->count)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < MIN_OF(problems->count, STATE_PROBLEMS_MAX); i++) {
		if (problems->lines[i] &&
		    json_array_append_new(array, json_text(problems->lines[i])) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_retry(json_t *object, const struct reconcile_failure *failure)
{
	json_int_t next = (json_int_t)failure->next_usec;

	if (json_object_set_new(object, "attempts", json_integer(failure->attempts)) <
		    0 ||
	    json_object_set_new(object, "since", json_time(failure->since)) < 0 ||
	    json_object_set_new(object, "nextMicroseconds", json_integer(next)) < 0)
		return -ENOMEM;
	return 0;
}

static int add_failures(json_t *json, const struct reconcile_report *report, size_t max)
{
	json_t *array = json_array();

	if (json_object_set_new(json, "failures", array) < 0 ||
	    json_object_set_new(json, "failureCount",
				json_integer((json_int_t)report->failure_count)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < MIN_OF(report->failure_count, max); i++) {
		const struct reconcile_failure *failure = &report->failures[i];
		json_t *object = json_object();

		if (json_array_append_new(array, object) < 0 ||
		    json_object_set_new(object, "object", json_text(failure->object)) <
			    0 ||
		    json_object_set_new(object, "name", json_text(failure->name)) < 0 ||
		    json_object_set_new(object, "text", json_text(failure->text)) < 0 ||
		    json_object_set_new(object, "errno", json_integer(failure->code)) < 0)
			return -ENOMEM;
		if (failure->attempts > 0 && add_retry(object, failure) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_warnings(json_t *json, const struct reconcile_report *report)
{
	json_t *array = json_array();

	if (json_object_set_new(json, "warnings", array) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < report->warning_count; i++) {
		if (json_array_append_new(array, json_text(report->warnings[i])) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_lines(json_t *json, const char *name, const struct report_lines *lines)
{
	json_t *array = json_array();

	if (json_object_set_new(json, name, array) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < lines->count; i++) {
		if (json_array_append_new(array, json_text(lines->lines[i])) < 0)
			return -ENOMEM;
	}
	return 0;
}

json_t *report_to_json(const struct reconcile_report *report, size_t failures_max)
{
	json_auto_t *json = json_object();
	const char *outcome = reconcile_outcome_name(report->outcome);

	if (!json || json_object_set_new(json, "outcome", json_string(outcome)) < 0 ||
	    json_object_set_new(json, "message", json_text(report->message)) < 0 ||
	    json_object_set_new(json, "lastGood", json_time(report->last_good)) < 0 ||
	    json_object_set_new(json, "heldUntil", json_time(report->held_until)) < 0 ||
	    add_lines(json, "changed", &report->changed) < 0 ||
	    add_lines(json, "drains", &report->drains) < 0 ||
	    json_object_set_new(json, "fallsBack", json_boolean(report->falls_back)) <
		    0 ||
	    json_object_set_new(json, "part", json_boolean(report->part)) < 0 ||
	    add_numbers(json, report) < 0 || add_times(json, &report->times) < 0 ||
	    add_problems(json, &report->problems) < 0 ||
	    add_failures(json, report, failures_max) < 0 ||
	    add_warnings(json, report) < 0)
		return NULL;
	return json_incref(json);
}

/* --- and back -------------------------------------------------------------------------------- */

static int take_text(const json_t *object, const char *name, char **text)
{
	const json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return -EPROTO;
	*text = strdup(json_string_value(value));
	if (!*text)
		return -ENOMEM;
	printable_make(*text);
	return 0;
}

static int take_time(const json_t *object, const char *name, int64_t *seconds)
{
	const json_t *value = json_object_get(object, name);
	uint64_t realtime_usec;

	if (json_is_null(value))
		return 0;
	if (!json_is_string(value) ||
	    timestamp_parse(json_string_value(value), &realtime_usec) < 0)
		return -EPROTO;
	*seconds = (int64_t)(realtime_usec / 1000000);
	return 0;
}

static int take_count(const json_t *object, const char *name, uint64_t *count)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return -EPROTO;
	*count = (uint64_t)json_integer_value(value);
	return 0;
}

static int take_outcome(const json_t *json, enum reconcile_outcome *outcome)
{
	const char *name = json_string_value(json_object_get(json, "outcome"));

	for (size_t i = 0; name && i < ARRAY_SIZE(outcome_names); i++) {
		if (strcmp(outcome_names[i], name) == 0) {
			*outcome = (enum reconcile_outcome)i;
			return 0;
		}
	}
	return -EPROTO;
}

static int take_numbers(const json_t *json, struct reconcile_report *report)
{
	const json_t *durations = json_object_get(json, "microseconds");
	uint64_t value;
	int r;

	r = take_time(json, "lastGood", &report->last_good);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char *at = (char *)report + numbers[i].offset;

		r = take_count(json, numbers[i].name, &value);
		if (r < 0)
			return r;
		if (numbers[i].wide)
			*(uint64_t *)(void *)at = value;
		else
			*(size_t *)(void *)at = value;
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		char *at = (char *)&report->times + times[i].offset;

		r = take_count(durations, times[i].name, (uint64_t *)(void *)at);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_problems(const json_t *json, struct state_problems *problems)
{
	const json_t *array = json_object_get(json, "problems");
	uint64_t count;
	int r;

	r = take_count(json, "problemCount", &count);
	if (r < 0)
		return r;
	if (!json_is_array(array) ||
	    json_array_size(array) != MIN_OF(count, STATE_PROBLEMS_MAX))
		return -EPROTO;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *line = json_string_value(json_array_get(array, i));

		if (!line)
			return -EPROTO;
		problems->lines[i] = strdup(line);
		if (!problems->lines[i])
			return -ENOMEM;
		printable_make(problems->lines[i]);
		problems->count = i + 1;
	}
	problems->count = (size_t)count;
	return 0;
}

static int take_retry(const json_t *json, struct reconcile_failure *failure)
{
	uint64_t attempts;
	int r;

	r = take_count(json, "attempts", &attempts);
	if (r == 0)
		r = take_time(json, "since", &failure->since);
	if (r == 0)
		r = take_count(json, "nextMicroseconds", &failure->next_usec);
	if (r < 0)
		return r;
	if (attempts > UINT_MAX)
		return -EPROTO;
	failure->attempts = (unsigned int)attempts;
	return 0;
}

static int take_failure(const json_t *json, struct reconcile_failure *failure)
{
	uint64_t code = 0;
	int r;

	r = take_text(json, "object", &failure->object);
	if (r == 0)
		r = take_text(json, "name", &failure->name);
	if (r == 0)
		r = take_text(json, "text", &failure->text);
	if (r == 0)
		r = take_count(json, "errno", &code);
	if (r < 0)
		return r;
	if (!failure->object || !failure->text || code > 4095)
		return -EPROTO;
	failure->code = (int)code;
	return json_object_get(json, "attempts") ? take_retry(json, failure) : 0;
}

static int take_failures(const json_t *json, struct reconcile_report *report)
{
	const json_t *array = json_object_get(json, "failures");
	size_t count = json_array_size(array);

	if (!json_is_array(array))
		return -EPROTO;
	if (count == 0)
		return 0;
	report->failures = calloc(count, sizeof(*report->failures));
	if (!report->failures)
		return -ENOMEM;
	report->failure_room = count;
	for (size_t i = 0; i < count; i++) {
		int r;

		/* Counted first, so that clearing the report frees what a bad one has. */
		report->failure_count = i + 1;
		r = take_failure(json_array_get(array, i), &report->failures[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_warnings(const json_t *json, struct reconcile_report *report)
{
	const json_t *array = json_object_get(json, "warnings");

	if (!json_is_array(array))
		return -EPROTO;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (!text)
			return -EPROTO;
		if (reconcile_report_warn(report, "%s", text) < 0)
			return -ENOMEM;
		printable_make(report->warnings[report->warning_count - 1]);
	}
	return 0;
}

/* A daemon of an earlier version does not have them. */
static int take_lines(const json_t *json, const char *name, struct report_lines *lines)
{
	const json_t *array = json_object_get(json, name);

	if (array && !json_is_array(array))
		return -EPROTO;
	for (size_t i = 0; i < json_array_size(array); i++) {
		cleanup_free char *line = NULL;
		const char *text = json_string_value(json_array_get(array, i));

		if (!text)
			return -EPROTO;
		line = strdup(text);
		if (!line)
			return -ENOMEM;
		printable_make(line);
		if (report_lines_add(lines, line) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int take_later_fields(const json_t *json, struct reconcile_report *report)
{
	int r = take_lines(json, "changed", &report->changed);

	if (r == 0)
		r = take_lines(json, "drains", &report->drains);
	if (r == 0 && json_object_get(json, "heldUntil"))
		r = take_time(json, "heldUntil", &report->held_until);
	return r;
}

int report_from_json(const json_t *json, struct reconcile_report *report, struct err *err)
{
	int r;

	r = take_outcome(json, &report->outcome);
	if (r == 0)
		r = take_text(json, "message", &report->message);
	if (r == 0)
		r = take_numbers(json, report);
	if (r == 0)
		r = take_problems(json, &report->problems);
	if (r == 0)
		r = take_failures(json, report);
	if (r == 0)
		r = take_warnings(json, report);
	if (r == 0)
		r = take_later_fields(json, report);
	if (r == 0 && (!json_is_boolean(json_object_get(json, "fallsBack")) ||
		       !json_is_boolean(json_object_get(json, "part"))))
		r = -EPROTO;
	report->part = json_is_true(json_object_get(json, "part"));
	report->falls_back = json_is_true(json_object_get(json, "fallsBack"));
	if (r == -EPROTO)
		return err_set(err, EPROTO, "not a reconcile's report");
	return r < 0 ? err_errno(err, -r, "a reconcile's report") : 0;
}
