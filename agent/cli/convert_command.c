/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/cli/commands.h"
#include "agent/cli/problem_output.h"
#include "agent/state/kube/dump_guard.h"
#include "agent/state/ipvsadm/ipvsadm_rules.h"
#include "agent/state/state.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/plural.h"

static void print_notes(const struct notes *notes)
{
	size_t kept = notes_kept(notes);

	for (size_t i = 0; i < notes->failure_count; i++)
		fprintf(stderr, "%s: %s\n", notes->failures[i].object,
			notes->failures[i].reason);
	for (size_t i = 0; i < kept; i++)
		fprintf(stderr, "%s: %s\n", notes->omissions[i].object,
			notes->omissions[i].reason);
	if (notes->omission_count > kept)
		fprintf(stderr, "and %zu more\n", notes->omission_count - kept);
	for (size_t i = 0; i < notes->warning_count; i++)
		fprintf(stderr, "warning: %s\n", notes->warnings[i]);
}

/* A native state has no health check ports. */
static void print_health_checks(const struct notes *notes)
{
	for (size_t i = 0; i < notes->health_check_count; i++) {
		const struct health_check *check = &notes->health_checks[i];

		fprintf(stderr,
			"Service %s/%s: healthCheckNodePort %u (%zu local endpoint%s) has no native form\n",
			check->space, check->name, check->port, check->local_endpoints,
			PLURAL(check->local_endpoints));
	}
}

static int write_table(const struct table *table)
{
	int r = state_write(stdout, table, stderr);

	if (r < 0) {
		log_error("writing the state: %s", strerror(-r));
		return EXIT_FAILED;
	}
	print_notes(&table->notes);
	print_health_checks(&table->notes);
	if (table->notes.omission_count > 0 || table->notes.failure_count > 0 ||
	    table->notes.health_check_count > 0)
		r = STATE_WRITTEN_IN_PART;
	return r == STATE_WRITTEN_IN_PART ? EXIT_PARTLY : EXIT_DONE;
}

/*
 * Whether the input is ipvsadm-save's output: for a file by its first bytes. Input that
 * can be read only once, such as a pipe, must be that.
 */
static bool is_of_ipvsadm(const char *path)
{
	char start[64] = "";
	struct stat st;
	FILE *file;
	size_t length;

	if (strcmp(path, "-") == 0)
		return true;
	if (stat(path, &st) < 0 || S_ISDIR(st.st_mode))
		return false;
	if (!S_ISREG(st.st_mode))
		return true;
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(start, 1, sizeof(start) - 1, file);
	start[length] = '\0';
	(void)fclose(file);
	return ipvsadm_rules_are(start);
}

static size_t line_count(const char *text)
{
	size_t count = 1;

	for (const char *end = strchr(text, '\n'); end; end = strchr(end + 1, '\n'))
		count++;
	return count;
}

/* Reads all of the input as text. NULL, with a message, if that fails. */
static char *read_rules(const char *path, const char *name)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	cleanup_free char *text = NULL;
	size_t room = 0;
	bool whole = false;

	errno = 0;
	if (file && getdelim(&text, &room, '\0', file) >= 0)
		whole = feof(file) && errno == 0;
	if (!whole && errno)
		log_error("%s: %s", name, strerror(errno));
	else if (!whole && text && ipvsadm_rules_are(text))
		log_error("%s:%zu: a NUL byte", name, line_count(text));
	else if (!whole || !ipvsadm_rules_are(text))
		log_error(
			"%s: not the output of ipvsadm-save; a state must be a regular file",
			name);
	if (file && file != stdin)
		(void)fclose(file);
	return whole && ipvsadm_rules_are(text) ? TAKE_PTR(text) : NULL;
}

static int convert_rules(const char *path)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	cleanup_free char *text = read_rules(path, name), *left_out = NULL;
	cleanup_table struct table table = { 0 };
	struct state_problems problems = { 0 };
	size_t length;
	FILE *out;
	int r, status = EXIT_FAILED;

	if (!text)
		return EXIT_FAILED;
	out = open_memstream(&left_out, &length);
	r = out ? ipvsadm_rules_read(name, text, &table, out, &problems) : -ENOMEM;
	if (out && fclose(out) != 0)
		r = -ENOMEM;
	if (r < 0)
		log_error("%s: %s", name, strerror(-r));
	else if (r == RULES_UNREADABLE)
		problems_print(&problems);
	else
		status = write_table(&table);
	if (status == EXIT_DONE && r == RULES_READ_IN_PART) {
		fputs(left_out, stderr);
		status = EXIT_PARTLY;
	}
	state_problems_clear(&problems);
	return status;
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
	if (is_of_ipvsadm(path))
		return convert_rules(path);
	r = state_read_with(path, &options->cluster, &table, &problems);
	if (r == STATE_OK)
		r = dump_guard(&table, &options->cluster);
	if (r < 0)
		log_error("%s: %s", path, strerror(-r));
	else if (r == STATE_OK)
		status = write_table(&table);
	else
		problems_print(&problems);
	state_problems_clear(&problems);
	return status;
}
