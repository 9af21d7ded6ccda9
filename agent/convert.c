/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/problem_output.h"
#include "agent/state/state.h"
#include "common/log.h"

static void print_omissions(const struct notes *notes)
{
	size_t kept = notes_kept(notes);

	for (size_t i = 0; i < kept; i++)
		fprintf(stderr, "%s: %s\n", notes->omissions[i].object,
			notes->omissions[i].reason);
	if (notes->omission_count > kept)
		fprintf(stderr, "and %zu more\n", notes->omission_count - kept);
}

/* A native state has no health check ports. */
static void print_health_checks(const struct notes *notes)
{
	for (size_t i = 0; i < notes->health_check_count; i++) {
		const struct health_check *check = &notes->health_checks[i];

		fprintf(stderr,
			"Service %s/%s: healthCheckNodePort %u (%zu local endpoints) has no native form\n",
			check->space, check->name, check->port, check->local_endpoints);
	}
}

static int write_table(const struct table *table)
{
	int r = state_write(stdout, table, stderr);

	if (r < 0) {
		log_error("writing the state: %s", strerror(-r));
		return EXIT_FAILED;
	}
	print_omissions(&table->notes);
	print_health_checks(&table->notes);
	if (table->notes.omission_count > 0 || table->notes.health_check_count > 0)
		r = STATE_WRITTEN_IN_PART;
	return r == STATE_WRITTEN_IN_PART ? EXIT_PARTLY : EXIT_DONE;
}

int convert_main(const struct options *options)
{
	const char *path = options->state_path;
	cleanup_table struct table table = { 0 };
	struct state_problems problems = { 0 };
	int r, status = EXIT_FAILED;

	if (options->operand_count > 1) {
		log_error(
			"convert takes one state, a file or a directory; see ipvs-agent convert --help");
		return EXIT_USAGE;
	}
	if (options->operand_count == 1)
		path = options->operands[0];
	r = state_read_with(path, &options->cluster, &table, &problems);
	if (r < 0)
		log_error("%s: %s", path, strerror(-r));
	else if (r == STATE_OK)
		status = write_table(&table);
	else
		problems_print(&problems);
	state_problems_clear(&problems);
	return status;
}
