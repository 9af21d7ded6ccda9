/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <stdio.h>

#include "agent/commands.h"
#include "agent/state/state.h"
#include "common/log.h"

static void print_problems(const struct state_problems *problems)
{
	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++)
		fprintf(stderr, "%s\n", problems->lines[i]);
	if (problems->count > STATE_PROBLEMS_MAX)
		fprintf(stderr, "and %zu more\n", problems->count - STATE_PROBLEMS_MAX);
}

static int print_json(const char *path, bool valid, const struct table *table,
		      const struct state_problems *problems)
{
	json_t *list = json_array(), *json;
	int r;

	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++)
		json_array_append_new(list, json_string(problems->lines[i]));
	json = json_pack("{s:s, s:b, s:I, s:I, s:o, s:I}", "state", path, "valid", valid,
			 "services", (json_int_t)table->service_count, "destinations",
			 (json_int_t)table_destination_count(table), "problems", list,
			 "problemCount", (json_int_t)problems->count);
	r = json ? json_dumpf(json, stdout, JSON_INDENT(2)) : -1;
	json_decref(json);
	putchar('\n');
	return r;
}

static int check_one(const char *path, bool json)
{
	cleanup_table struct table table = { 0 };
	struct state_problems problems = { 0 };
	int r = state_read(path, &table, &problems);

	if (r < 0)
		log_error("%s: out of memory", path);
	else if (json && print_json(path, r == STATE_OK, &table, &problems) < 0)
		r = -1;
	else if (!json && r == STATE_OK)
		printf("%s: valid: %zu services, %zu destinations\n", path,
		       table.service_count, table_destination_count(&table));
	else if (!json)
		print_problems(&problems);
	state_problems_clear(&problems);
	return r == STATE_OK ? EXIT_DONE : EXIT_FAILED;
}

int check_main(const struct options *options)
{
	int status = EXIT_DONE;

	if (options->operand_count == 0)
		return check_one(options->state_path, options->json);
	for (int i = 0; i < options->operand_count; i++) {
		int one = check_one(options->operands[i], options->json);

		status = one > status ? one : status;
	}
	return status;
}
