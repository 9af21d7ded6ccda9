/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/commands.h"
#include "agent/cli/agent_options.h"
#include "agent/cli/problem_output.h"
#include "agent/cli/state_warnings.h"
#include "agent/state/kube/dump_guard.h"
#include "agent/state/state.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"

static json_t *objects_to_json(const struct omission *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array,
				      json_pack("{s:s, s:s}", "object", list[i].object,
						"reason", list[i].reason));
	return array;
}

static json_t *texts_to_json(char *const *texts, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(texts[i]));
	return array;
}

static int print_json(const char *path, bool valid, const struct table *table,
		      const struct state_problems *problems)
{
	const struct notes *notes = &table->notes;
	cleanup_free char *name = strdup(path);
	json_t *json;
	int r;

	if (name)
		printable_make(name);
	json = json_pack(
		"{s:s, s:b, s:I, s:I, s:o, s:I, s:o, s:I, s:o, s:o}", "state",
		name ? name : "", "valid", valid, "services",
		(json_int_t)table->service_count, "destinations",
		(json_int_t)table_destination_count(table), "problems",
		texts_to_json(problems->lines,
			      MIN_OF(problems->count, (size_t)STATE_PROBLEMS_MAX)),
		"problemCount", (json_int_t)problems->count, "notServed",
		objects_to_json(notes->omissions, notes_kept(notes)), "notServedCount",
		(json_int_t)notes->omission_count, "failures",
		objects_to_json(notes->failures, notes->failure_count), "warnings",
		texts_to_json(notes->warnings, notes->warning_count));
	r = json ? json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) : -1;
	json_decref(json);
	putchar('\n');
	return r;
}

static void print_valid(const char *path, const struct table *table)
{
	const struct notes *notes = &table->notes;
	size_t kept = notes_kept(notes);
	cleanup_free char *name = strdup(path);

	if (!name)
		return;
	printable_make(name);
	printf("%s: valid: %zu services, %zu destinations\n", name, table->service_count,
	       table_destination_count(table));
	for (size_t i = 0; i < notes->failure_count; i++)
		printf("%s: failure: %s: %s\n", name, notes->failures[i].object,
		       notes->failures[i].reason);
	for (size_t i = 0; i < kept; i++)
		printf("%s: not served: %s: %s\n", name, notes->omissions[i].object,
		       notes->omissions[i].reason);
	if (notes->omission_count > kept)
		printf("%s: not served: %zu more\n", name, notes->omission_count - kept);
	for (size_t i = 0; i < notes->warning_count; i++)
		printf("%s: warning: %s\n", name, notes->warnings[i]);
}

static int check_one(const char *path, bool in_place, const struct options *options)
{
	cleanup_table struct table table = { 0 };
	struct state_problems problems = { 0 };
	int r = state_read_with(path, &options->cluster, &table, &problems);
	bool json = options->json;

	if (r == STATE_OK)
		r = dump_guard(&table, &options->cluster);
	if (r == STATE_OK)
		r = state_warnings_add(path, in_place, &table);
	if (r < 0)
		log_error("%s: out of memory", path);
	else if (json && print_json(path, r == STATE_OK, &table, &problems) < 0)
		r = -1;
	else if (!json && r == STATE_OK)
		print_valid(path, &table);
	else if (!json)
		problems_print(&problems);
	state_problems_clear(&problems);
	return r == STATE_OK && table.notes.failure_count == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* Whether this is the state of ipvs-agent.service, not a draft. */
static bool is_the_units(const struct options *options)
{
	return !options->state_given &&
	       strcmp(options->run_directory, DEFAULT_RUN_DIRECTORY) == 0;
}

int check_main(const struct options *options)
{
	int status = EXIT_DONE;

	if (options->operand_count == 0)
		return check_one(options->state_path, is_the_units(options), options);
	for (int i = 0; i < options->operand_count; i++) {
		int one = check_one(options->operands[i], false, options);

		status = one > status ? one : status;
	}
	return status;
}
