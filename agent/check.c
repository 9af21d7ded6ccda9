/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/problem_output.h"
#include "agent/state/state.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/printable.h"

static int print_json(const char *path, bool valid, const struct table *table,
		      const struct state_problems *problems)
{
	json_t *list = json_array(), *omissions = json_array(), *json;
	cleanup_free char *name = strdup(path);
	int r;

	if (name)
		printable_make(name);
	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++)
		json_array_append_new(list, json_string(problems->lines[i]));
	for (size_t i = 0; i < notes_kept(&table->notes); i++)
		json_array_append_new(
			omissions, json_pack("{s:s, s:s}", "object",
					     table->notes.omissions[i].object, "reason",
					     table->notes.omissions[i].reason));
	json = json_pack(
		"{s:s, s:b, s:I, s:I, s:o, s:I, s:o, s:I}", "state", name ? name : "",
		"valid", valid, "services", (json_int_t)table->service_count,
		"destinations", (json_int_t)table_destination_count(table), "problems",
		list, "problemCount", (json_int_t)problems->count, "notServed", omissions,
		"notServedCount", (json_int_t)table->notes.omission_count);
	r = json ? json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) : -1;
	json_decref(json);
	putchar('\n');
	return r;
}

static void print_valid(const char *path, const struct table *table)
{
	size_t kept = notes_kept(&table->notes);
	cleanup_free char *name = strdup(path);

	if (!name)
		return;
	printable_make(name);
	printf("%s: valid: %zu services, %zu destinations\n", name, table->service_count,
	       table_destination_count(table));
	for (size_t i = 0; i < kept; i++)
		printf("%s: not served: %s: %s\n", name, table->notes.omissions[i].object,
		       table->notes.omissions[i].reason);
	if (table->notes.omission_count > kept)
		printf("%s: not served: %zu more\n", name,
		       table->notes.omission_count - kept);
}

static int check_one(const char *path, const struct options *options)
{
	cleanup_table struct table table = { 0 };
	struct state_problems problems = { 0 };
	int r = state_read_with(path, &options->cluster, &table, &problems);
	bool json = options->json;

	if (r < 0)
		log_error("%s: out of memory", path);
	else if (json && print_json(path, r == STATE_OK, &table, &problems) < 0)
		r = -1;
	else if (!json && r == STATE_OK)
		print_valid(path, &table);
	else if (!json)
		problems_print(&problems);
	state_problems_clear(&problems);
	return r == STATE_OK ? EXIT_DONE : EXIT_FAILED;
}

int check_main(const struct options *options)
{
	int status = EXIT_DONE;

	if (options->operand_count == 0)
		return check_one(options->state_path, options);
	for (int i = 0; i < options->operand_count; i++) {
		int one = check_one(options->operands[i], options);

		status = one > status ? one : status;
	}
	return status;
}
