/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/report/status_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "agent/store/lock.h"
#include "agent/report/report_json.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/printable.h"

enum { FORMAT_VERSION = 1, STATUS_LINE = 1024 };
/* Beyond two periods: a reconcile itself takes its time, and a machine stalls. */
enum { STALE_MARGIN_MSEC = 30 * 1000 };

/* Clock ticks from boot to the process's start (proc(5), field 22 of stat); 0: cannot tell. */
static uint64_t process_start(pid_t pid)
{
	cleanup_free char *text = NULL;
	unsigned long long start;
	const char *rest;
	char path[40];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, 4096, &text, &length, NULL) < 0)
		return 0;
	/* The command's name may hold anything; the last bracket ends it. */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d"
			    " %*d %*d %*d %*d %*d %llu",
			    &start) != 1)
		return 0;
	return start;
}

/* --- writing --------------------------------------------------------------------------------- */

static int set_text(json_t *json, const char *name, const char *text)
{
	return json_object_set_new(json, name, json_string(text)) < 0 ? -ENOMEM : 0;
}

static int set_number(json_t *json, const char *name, uint64_t number)
{
	json_t *value = json_integer((json_int_t)number);

	return json_object_set_new(json, name, value) < 0 ? -ENOMEM : 0;
}

static int set_time(json_t *json, const char *name, uint64_t realtime_usec)
{
	char text[TIMESTAMP_TEXT];

	if (realtime_usec == 0)
		return json_object_set_new(json, name, json_null()) < 0 ? -ENOMEM : 0;
	return set_text(json, name, timestamp_format(realtime_usec, text));
}

static int set_state_path(json_t *json, const char *path)
{
	json_t *value = json_string(path);

	/* Not UTF-8; the reader asks the daemon's command line then. */
	if (!value)
		value = json_null();
	return json_object_set_new(json, "state", value) < 0 ? -ENOMEM : 0;
}

/* What the daemon's options are from, so that others see whether the file is still the same. */
static int set_config(json_t *json, const struct status *status)
{
	json_t *path = status->config_path ? json_string(status->config_path) : NULL;
	char fingerprint[17];

	snprintf(fingerprint, sizeof(fingerprint), "%016" PRIx64,
		 status->config_fingerprint);
	if (json_object_set_new(json, "optionsFile", path ? path : json_null()) < 0)
		return -ENOMEM;
	return set_text(json, "optionsFingerprint", fingerprint);
}

static int set_daemon(json_t *json, const struct status *status)
{
	if (set_number(json, "version", FORMAT_VERSION) < 0 ||
	    set_text(json, "program", VERSION) < 0 ||
	    set_number(json, "pid", (uint64_t)getpid()) < 0 ||
	    set_number(json, "pidStart", process_start(getpid())) < 0 ||
	    set_state_path(json, status->state_path) < 0 ||
	    set_config(json, status) < 0 ||
	    set_time(json, "started", status->started) < 0 ||
	    set_time(json, "since", status->since) < 0 ||
	    set_time(json, "lastReconcile", status->last_reconcile) < 0 ||
	    set_time(json, "lastInSync", status->last_in_sync) < 0 ||
	    set_number(json, "reconciles", status->reconciles) < 0 ||
	    set_number(json, "driftRepaired", status->drift_repaired) < 0 ||
	    set_number(json, "resyncMilliseconds", status->resync_usec / 1000) < 0 ||
	    set_number(json, "writtenMonotonicMilliseconds",
		       clock_usec(CLOCK_MONOTONIC) / 1000) < 0)
		return -ENOMEM;
	return 0;
}

/* The line in words must be UTF-8 for JSON; a state's path in it need not be. */
static int set_words(json_t *json, const char *words)
{
	char text[STATUS_LINE];
	json_t *value = json_string(words);

	if (!value) {
		snprintf(text, sizeof(text), "%s", words);
		for (char *p = text; *p; p++) {
			if ((unsigned char)*p >= 0x80)
				*p = '?';
		}
		value = json_string(text);
	}
	return json_object_set_new(json, "status", value) < 0 ? -ENOMEM : 0;
}

const char *status_format_progress(const struct status *status, char *buffer, size_t size)
{
	const char *first = status->reconciles == 0 ? "starting: " : "";
	char since[TIMESTAMP_TEXT];

	timestamp_format(status->reconciling_since, since);
	if (status->all == 0)
		snprintf(buffer, size,
			 "%sreconciling since %s: reading the state and the kernel",
			 first, since);
	else
		snprintf(buffer, size, "%sreconciling since %s: %zu of %zu objects done",
			 first, since, status->done, status->all);
	return buffer;
}

/* The last report stays beside it: it is the latest that there is. */
static int set_reconciling(json_t *json, const struct status *status,
			   const struct reconcile_report *report)
{
	json_t *last = report ? report_to_json(report, STATUS_FAILURES_MAX) : json_null();
	json_t *progress = json_pack("{s:I, s:I}", "done", (json_int_t)status->done,
				     "all", (json_int_t)status->all);
	char words[STATUS_LINE];

	if (json_object_set_new(json, "report", last) < 0 ||
	    json_object_set_new(json, "progress", progress) < 0 ||
	    set_time(json, "reconcilingSince", status->reconciling_since) < 0 ||
	    set_text(json, "outcome", report ? "reconciling" : "starting") < 0)
		return -ENOMEM;
	return set_words(json, status_format_progress(status, words, sizeof(words)));
}

static int set_outcome(json_t *json, const struct status *status,
		       const struct reconcile_report *report)
{
	char words[STATUS_LINE];

	if (status->reconciling_since)
		return set_reconciling(json, status, report);
	if (!report) {
		if (set_text(json, "outcome", "starting") < 0 ||
		    set_words(json, "starting: the first reconcile is under way") < 0 ||
		    json_object_set_new(json, "report", json_null()) < 0)
			return -ENOMEM;
		return 0;
	}
	if (set_text(json, "outcome", reconcile_outcome_name(report->outcome)) < 0 ||
	    set_words(json, reconcile_report_format(report, words, sizeof(words))) < 0 ||
	    json_object_set_new(json, "report",
				report_to_json(report, STATUS_FAILURES_MAX)) < 0)
		return -ENOMEM;
	return 0;
}

static int status_path(const char *run_directory, char path[static PATH_MAX],
		       struct err *err)
{
	int n = snprintf(path, PATH_MAX, "%s/status.json", run_directory);

	if (n < 0 || n >= PATH_MAX)
		return err_errno(err, ENAMETOOLONG, "%s/status.json", run_directory);
	return 0;
}

int status_write(const char *run_directory, const struct status *status,
		 const struct reconcile_report *report, struct err *err)
{
	json_auto_t *json = json_object();
	cleanup_free char *text = NULL;
	char path[PATH_MAX];
	int r;

	r = status_path(run_directory, path, err);
	if (r < 0)
		return r;
	if (!json || set_daemon(json, status) < 0 ||
	    set_outcome(json, status, report) < 0)
		return err_errno(err, ENOMEM, "%s", path);
	text = json_dumps(json, JSON_INDENT(2));
	if (!text)
		return err_errno(err, ENOMEM, "%s", path);
	return file_replace(path, 0644, text, strlen(text), 0, err);
}

int status_withdraw(const char *run_directory)
{
	char path[PATH_MAX], made[PATH_MAX];
	mode_t mask;
	int r;

	r = status_path(run_directory, path, NULL);
	if (r < 0)
		return r;
	if (snprintf(made, sizeof(made), "%s.new", path) >= (int)sizeof(made))
		return -ENAMETOOLONG;
	mask = umask(022);
	if (unlink(made) < 0 && errno != ENOENT)
		r = -errno;
	if (r == 0 && (mknod(made, S_IFREG | 0644, 0) < 0 || rename(made, path) < 0))
		r = -errno;
	umask(mask);
	/* Not even room for a name. */
	if (r < 0 && (unlink(path) == 0 || errno == ENOENT))
		r = 0;
	return r;
}

/* --- reading --------------------------------------------------------------------------------- */

static int clean_text(json_t *value)
{
	cleanup_free char *text = strdup(json_string_value(value));

	if (!text)
		return -ENOMEM;
	printable_make(text);
	return strcmp(text, json_string_value(value)) == 0
		       ? 0
		       : json_string_set_nocheck(value, text);
}

/* Makes all texts fit for a terminal. jansson bounds the depth. */
static int clean_texts(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;
	int r = 0;

	if (json_is_string(value))
		return clean_text(value);
	json_array_foreach (value, i, member)
		r = r < 0 ? r : clean_texts(member);
	json_object_foreach (value, key, member)
		r = r < 0 ? r : clean_texts(member);
	return r;
}

static bool is_status(const json_t *json)
{
	const json_t *report = json_object_get(json, "report");

	return json_is_string(json_object_get(json, "outcome")) &&
	       json_is_string(json_object_get(json, "status")) &&
	       json_is_integer(json_object_get(json, "pid")) &&
	       (json_is_object(report) || json_is_null(report));
}

/* -ENODATA: withdrawn. */
static int read_document(const char *run_directory, json_t **document, struct err *err)
{
	cleanup_free char *text = NULL;
	json_auto_t *json = NULL;
	char path[PATH_MAX];
	json_error_t error;
	size_t length;
	int r;

	r = status_path(run_directory, path, err);
	if (r < 0)
		return r;
	r = file_read(path, STATUS_MAX, &text, &length, err);
	if (r < 0)
		return r;
	if (length == 0)
		return -ENODATA;
	json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (!json) {
		printable_make(error.text);
		return err_set(err, EPROTO, "%s:%d:%d: %s", path, error.line,
			       error.column, error.text);
	}
	if (!is_status(json))
		return err_set(err, EPROTO, "%s: not a status of this program", path);
	if (clean_texts(json) < 0)
		return err_errno(err, ENOMEM, "%s", path);
	*document = json_incref(json);
	return 0;
}

static pid_t document_pid(const json_t *document)
{
	json_int_t pid = json_integer_value(json_object_get(document, "pid"));

	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Whether the process that wrote the document is still that process. */
static bool writer_lives(const json_t *document)
{
	json_int_t start = json_integer_value(json_object_get(document, "pidStart"));
	pid_t pid = document_pid(document);
	uint64_t found;

	if (pid == 0 || (kill(pid, 0) < 0 && errno == ESRCH))
		return false;
	found = process_start(pid);
	/* Hidden (hidepid): the number alone has to do. */
	return found == 0 || start == 0 || found == (uint64_t)start;
}

/* Whether a daemon runs, and its number. -errno. */
static int find_daemon(const char *run_directory, struct status_view *view,
		       struct err *err)
{
	bool wrote = view->document && writer_lives(view->document);
	struct lock_holder holder = { 0 };
	int r = lock_query(run_directory, &holder, err);

	if (r == LOCK_HELD && holder.daemon) {
		view->running = true;
		view->pid = holder.pid;
	} else if (r == -EACCES) {
		view->running = wrote;
	} else {
		return r < 0 ? r : 0;
	}
	/* Not to be seen, or there was no room to write it. */
	if (view->running && view->pid == 0 && wrote)
		view->pid = document_pid(view->document);
	return 0;
}

/* How much longer the daemon has been silent than its period allows; 0 where it is in time. */
static uint64_t find_staleness(const json_t *document)
{
	const json_t *written = json_object_get(document, "writtenMonotonicMilliseconds");
	json_int_t resync =
		json_integer_value(json_object_get(document, "resyncMilliseconds"));
	json_int_t now = (json_int_t)(clock_usec(CLOCK_MONOTONIC) / 1000), silent;

	/* Written by an earlier version, or under another clock. */
	if (!json_is_integer(written) || json_integer_value(written) > now ||
	    resync < 0 || resync > INT_MAX)
		return 0;
	silent = now - json_integer_value(written);
	return silent > 2 * resync + STALE_MARGIN_MSEC ? (uint64_t)silent * 1000 : 0;
}

static enum status_health health_of(struct status_view *view)
{
	const char *outcome;

	if (!view->running)
		return STATUS_NO_DAEMON;
	/* A document of another process: the daemon that runs has not said anything yet. */
	if (!view->document || document_pid(view->document) != view->pid)
		return STATUS_DEGRADED;
	outcome = json_string_value(json_object_get(view->document, "outcome"));
	if (strcmp(outcome, reconcile_outcome_name(RECONCILE_IN_SYNC)) != 0)
		return STATUS_DEGRADED;
	view->stale_usec = find_staleness(view->document);
	return view->stale_usec ? STATUS_DEGRADED : STATUS_IN_SYNC;
}

int status_read(const char *run_directory, struct status_view *view, struct err *err)
{
	struct status_view found = { 0 };
	struct err problem = { 0 };
	int r;

	r = read_document(run_directory, &found.document, &problem);
	found.withdrawn = r == -ENODATA;
	if (r == -ENOENT || r == -ENOTDIR || r == -ENODATA)
		r = 0;
	if (r == 0)
		r = find_daemon(run_directory, &found, &problem);
	if (r < 0) {
		status_view_clear(&found);
		if (err)
			*err = problem;
		return r;
	}
	found.health = health_of(&found);
	if (found.health == STATUS_DEGRADED && found.document &&
	    document_pid(found.document) != found.pid) {
		json_decref(found.document);
		found.document = NULL;
	}
	*view = found;
	return 0;
}

void status_view_clear(struct status_view *view)
{
	json_decref(view->document);
	memset(view, 0, sizeof(*view));
}
