/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/commands.h"
#include "agent/cli/daemon_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/report/failure_groups.h"
#include "agent/report/status_file.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/plural.h"
#include "common/printable.h"

enum { POLL_MSEC = 100, WORDS_ROOM = 1300, PREFLIGHT_MAX = 4 * 1024 * 1024 };

static const char preflight_report[] = "/run/ipvs-preflight/report.json";

/* The number of failures and problems in the text output; JSON has all of them. */
enum { SHOWN_MAX = 50 };

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* The document comes from a file: a missing text must not be printed. */
static const char *text_or_mark(const json_t *text)
{
	return json_is_string(text) ? json_string_value(text) : "?";
}

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* "2026-11-23T09:05:03.250Z, 3 min ago" */
static void print_time(const char *label, const char *timestamp)
{
	uint64_t then, now = clock_usec(CLOCK_REALTIME), seconds;

	if (!timestamp)
		return;
	printf("  %-15s %s", label, timestamp);
	if (timestamp_parse(timestamp, &then) == 0 && then <= now) {
		seconds = (now - then) / 1000000;
		if (seconds < 120)
			printf(", %llu s ago", (unsigned long long)seconds);
		else if (seconds < 120 * 60)
			printf(", %llu min ago", (unsigned long long)seconds / 60);
		else
			printf(", %llu h ago", (unsigned long long)seconds / 3600);
	}
	putchar('\n');
}

static void print_count(const json_t *report, const char *name, const char *noun,
			const char *then)
{
	json_int_t n = number_of(report, name);

	printf("%lld %s%s%s", (long long)n, noun, PLURAL(n), then);
}

static void print_drains(const json_t *report)
{
	const json_t *drains = json_object_get(report, "drains");
	json_int_t count = number_of(report, "draining");
	size_t named = json_array_size(drains);

	printf("  %-15s ", "draining");
	print_count(report, "draining", "destination", "\n");
	for (size_t i = 0; i < named; i++)
		printf("  %-15s %s\n", "", text_or_mark(json_array_get(drains, i)));
	if (named > 0 && count > (json_int_t)named)
		printf("  %-15s … and %lld more\n", "",
		       (long long)count - (long long)named);
}

static void print_hold(const json_t *report)
{
	const char *until = text_of(report, "heldUntil");

	if (text_of(report, "outcome") && strcmp(text_of(report, "outcome"), "held") == 0)
		printf("  %-15s %s%s%s`ipvs-agent apply --allow-removal` does it now\n",
		       "held", until ? "until " : "", until ? until : "",
		       until ? "; " : "");
}

static void print_counts(const json_t *report)
{
	const json_t *times = json_object_get(report, "microseconds");
	json_int_t total = 0;
	const char *phase;
	json_t *duration;

	json_object_foreach ((json_t *)times, phase, duration)
		total += json_integer_value(duration);
	printf("  %-15s %lld with %lld destination%s, %lld failed, %lld of others\n",
	       "services", (long long)number_of(report, "services"),
	       (long long)number_of(report, "destinations"),
	       PLURAL(number_of(report, "destinations")),
	       (long long)number_of(report, "servicesFailed"),
	       (long long)number_of(report, "foreignServices"));
	if (number_of(report, "draining") > 0)
		print_drains(report);
	printf("  %-15s ", "kernel");
	print_count(report, "kernelReads", "read", ", ");
	print_count(report, "kernelWrites", "write", ", ");
	print_count(report, "changes", "change", ", ");
	printf("%lld.%03lld ms\n", (long long)total / 1000, (long long)total % 1000);
}

static void print_rest(size_t shown, json_int_t count, const char *what)
{
	if (count > (json_int_t)shown)
		printf("  … and %lld more %s\n", (long long)count - (long long)shown,
		       what);
}

static void print_problems(const json_t *report)
{
	const json_t *problems = json_object_get(report, "problems");
	size_t shown = MIN_OF(json_array_size(problems), (size_t)SHOWN_MAX);

	for (size_t i = 0; i < shown; i++)
		printf("  %s\n", text_or_mark(json_array_get(problems, i)));
	print_rest(shown, number_of(report, "problemCount"), "problems");
}

static void print_warnings(const json_t *report)
{
	const json_t *warnings = json_object_get(report, "warnings");

	for (size_t i = 0; i < json_array_size(warnings); i++)
		printf("  warning: %s\n", text_or_mark(json_array_get(warnings, i)));
}

/* ", 7 attempts since 2026-11-23T09:05:03.000Z, the next in 42 s" */
static void print_retry(const json_t *failure)
{
	json_int_t next = number_of(failure, "nextMicroseconds");
	const char *since = text_of(failure, "since");

	if (!since)
		return;
	printf(" (attempts: %lld since %s, the next %lld s after the last reconcile)",
	       (long long)number_of(failure, "attempts"), since,
	       (long long)(next + 999999) / 1000000);
}

/* The texts are borrowed from the document. NULL: out of memory. */
static struct reconcile_failure *borrow_failures(const json_t *failures, size_t count)
{
	struct reconcile_failure *borrowed = calloc(count + 1, sizeof(*borrowed));

	for (size_t i = 0; borrowed && i < count; i++) {
		const json_t *failure = json_array_get(failures, i);

		borrowed[i] = (struct reconcile_failure){
			.object =
				(char *)text_or_mark(json_object_get(failure, "object")),
			.name = (char *)text_of(failure, "name"),
			.text = (char *)text_or_mark(json_object_get(failure, "text")),
		};
	}
	return borrowed;
}

static void print_failure(const struct reconcile_failure *failure, const json_t *document,
			  const struct failure_group *group)
{
	const char *name = failure->name;

	printf("  failed: %s%s%s%s: %s%s", failure->object, name ? " (" : "",
	       name ? name : "", name ? ")" : "", failure->text, group->alike);
	print_retry(document);
	putchar('\n');
}

static void print_failures(const json_t *report)
{
	const json_t *documents = json_object_get(report, "failures");
	size_t count = json_array_size(documents), group_count = 0, told = 0;
	cleanup_free struct reconcile_failure *failures =
		borrow_failures(documents, count);
	cleanup_free struct failure_group *groups = NULL;

	if (!failures || failure_groups_make(failures, count, &groups, &group_count) < 0)
		log_error("the failures cannot be shown: out of memory");
	for (size_t i = 0; i < group_count && i < SHOWN_MAX; i++) {
		size_t first = groups[i].first;

		print_failure(&failures[first], json_array_get(documents, first),
			      &groups[i]);
		told += groups[i].count;
	}
	print_rest(told, number_of(report, "failureCount"), "failures");
}

static void print_document(const json_t *document, const struct options *options)
{
	const json_t *report = json_object_get(document, "report");
	const char *state = text_of(document, "state");
	const char *config = text_of(document, "optionsFile");
	char text[DAEMON_OPTIONS_TEXT];
	const char *differ = daemon_options_differ(document, options, text);

	printf("  %-15s %s\n", "state", state ? state : "(not UTF-8)");
	if (config)
		printf("  %-15s %s\n", "options", config);
	if (differ)
		printf("  %-15s %s\n", "", differ);
	print_time("since", text_of(document, "since"));
	print_time("last reconcile", text_of(document, "lastReconcile"));
	print_time("last in sync", text_of(document, "lastInSync"));
	printf("  %-15s %lld, version %s\n", "daemon",
	       (long long)number_of(document, "pid"),
	       text_or_mark(json_object_get(document, "program")));
	print_time("started", text_of(document, "started"));
	printf("  %-15s %lld object%s put back since then\n", "drift",
	       (long long)number_of(document, "driftRepaired"),
	       PLURAL(number_of(document, "driftRepaired")));
	if (!json_is_object(report))
		return;
	print_hold(report);
	print_counts(report);
	print_problems(report);
	print_failures(report);
	print_warnings(report);
}

/* Why the preflight keeps the daemon from starting; unchanged if it does not. */
static void preflight_failure(char words[static WORDS_ROOM])
{
	cleanup_free char *text = NULL;
	json_auto_t *report = NULL;
	size_t length = 0;

	if (file_read(preflight_report, PREFLIGHT_MAX, &text, &length, NULL) < 0)
		return;
	report = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_false(json_object_get(report, "ready")) ||
	    !json_is_string(json_object_get(report, "status")))
		return;
	snprintf(words, WORDS_ROOM, "%s",
		 json_string_value(json_object_get(report, "status")));
	printable_make(words);
}

/* A status that the document does not have; NULL if the document is valid. */
static const char *words_of_view(const struct status_view *view,
				 char words[static WORDS_ROOM])
{
	char process[32] = "pid unknown";

	if (view->pid != 0)
		snprintf(process, sizeof(process), "pid %d", (int)view->pid);
	if (!view->running)
		snprintf(words, WORDS_ROOM, "no daemon is running%s",
			 view->document ? "; what the last one said:" : "");
	else if (view->withdrawn)
		snprintf(
			words, WORDS_ROOM,
			"unknown: the daemon (%s) cannot write its status: is the file system of --run-dir full? See journalctl -u ipvs-agent",
			process);
	else if (!view->document)
		snprintf(words, WORDS_ROOM,
			 "starting: the daemon (%s) has not reported yet", process);
	else if (view->stale_usec)
		snprintf(
			words, WORDS_ROOM,
			"unknown: the daemon (%s) has written no status for %llu s, although it should: it hangs, or cannot write it; what it said last:",
			process, (unsigned long long)(view->stale_usec / 1000000));
	else
		return NULL;
	return words;
}

static void print_text(const struct status_view *view, const struct options *options)
{
	char room[WORDS_ROOM], preflight[WORDS_ROOM] = "";
	const char *words = words_of_view(view, room);

	preflight_failure(preflight);

	if (words)
		printf("%s\n", words);
	if (!view->running && preflight[0])
		printf("  %-15s %s\n", "preflight", preflight);
	if (!view->document)
		return;
	printf("%s%s\n", words ? "  " : "", text_of(view->document, "status"));
	print_document(view->document, options);
}

/* The document as in the file, with "running", which only the reader knows. */
static void print_json(const struct status_view *view)
{
	const char *outcome = view->running ? "starting" : "no-daemon";
	json_auto_t *document = json_incref(view->document);
	char words[WORDS_ROOM];
	int r = 0;

	if (!document)
		document = json_pack("{s:s}", "outcome", outcome);
	if (view->withdrawn || view->stale_usec)
		r = json_object_set_new(document, "outcome", json_string("unknown"));
	if (r == 0 && (view->withdrawn || view->stale_usec))
		r = json_object_set_new(document, "status",
					json_string(words_of_view(view, words)));
	if (r < 0 ||
	    json_object_set_new(document, "running", json_boolean(view->running)) < 0 ||
	    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
		log_error(
			"cannot write the status: out of memory, or the output is closed");
	putchar('\n');
}

/*
 * Reads until the daemon is in sync or the time is over. A daemon that is not running is
 * waited for like any other trouble: it may be about to start.
 */
static int read_and_wait(const struct options *options, struct status_view *view,
			 struct err *err)
{
	static const struct timespec pause = { .tv_nsec = POLL_MSEC * 1000000L };
	uint64_t begin = clock_usec(CLOCK_MONOTONIC);

	for (;;) {
		int r = status_read(options->run_directory, view, err);

		if (!options->wait || (r == 0 && view->health == STATUS_IN_SYNC) ||
		    clock_usec(CLOCK_MONOTONIC) - begin >= options->wait_usec)
			return r;
		if (r == 0)
			status_view_clear(view);
		nanosleep(&pause, NULL);
	}
}

int status_main(const struct options *options)
{
	cleanup_status_view struct status_view view = { 0 };
	struct err err = { 0 };

	if (read_and_wait(options, &view, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_FAILED;
	}
	if (options->json)
		print_json(&view);
	else
		print_text(&view, options);
	switch (view.health) {
	case STATUS_IN_SYNC:
		return EXIT_DONE;
	case STATUS_DEGRADED:
		return EXIT_PARTLY;
	default:
		return EXIT_FAILED;
	}
}
