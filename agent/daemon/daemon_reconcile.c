/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/daemon_parts.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>

#include "agent/daemon/watchdog.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"

/* A reconcile, what is said about it, and when the next one is. */

enum { WORDS_ROOM = 1024 };

/* Reading a part's state took so long: a large file was parsed. */
static const uint64_t large_read_usec = 1000;
/* Beyond the next retry, while READY waits for the state to be in sync. */
static const uint64_t start_margin_usec = 60 * 1000000ULL;
/* What fails of the daemon's own is tried again so soon: it costs next to nothing. */
static const uint64_t mend_usec = 2 * 1000000ULL;
/* Nothing tells when descriptors, memory or room on a file system are there again. */
static const uint64_t shortage_usec = 4 * 1000000ULL;
/* A reconcile that takes longer gives way to a new state. */
static const uint64_t interruptible_usec = 2 * 1000000ULL;

static bool is_readable(int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	return poll(&wanted, 1, 0) > 0;
}

static int write_status(struct daemon *daemon, struct err *err)
{
	return status_write(daemon->options.run_directory, &daemon->status,
			    daemon->status.reconciles ? &daemon->report : NULL, err);
}

void daemon_write_status(struct daemon *daemon)
{
	const char *directory = daemon->options.run_directory;
	struct err err = { 0 };
	int r = write_status(daemon, &err);

	if (r == -EMFILE || r == -ENFILE) {
		spare_descriptors_release(&daemon->spare);
		r = write_status(daemon, &err);
		spare_descriptors_fill(&daemon->spare);
	}
	/* What stood there says what is no longer so, and its room may be what is wanted. */
	if (r < 0 && status_withdraw(directory) == 0 && errno_is_shortage(-r))
		r = write_status(daemon, &err);
	if (r < 0 && status_withdraw(directory) < 0)
		log_debug("%s: the old status stays there", directory);
	if (r < 0 && !daemon->status_fails)
		log_error("the status cannot be written: %s", err.text);
	daemon->status_fails = r < 0;
	if (daemon->status_fails)
		daemon_mend_soon(daemon);
}

void daemon_mend_soon(struct daemon *daemon)
{
	if (daemon_set_timer(daemon->mend_timer, mend_usec) < 0)
		log_debug("no timer for what fails");
}

void daemon_tell_manager(struct daemon *daemon, bool reloaded, uint64_t next_usec)
{
	char words[WORDS_ROOM];

	reconcile_report_format(&daemon->report, words, sizeof(words));
	for (char *p = words; *p; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' ';
	}
	if (!daemon->ready && (!daemon->options.strict_ready ||
			       daemon->report.outcome == RECONCILE_IN_SYNC)) {
		daemon->ready = true;
		reloaded = true;
	}
	notify_send("%sSTATUS=%s", reloaded ? "READY=1\n" : "", words);
	if (!daemon->ready)
		notify_extend_timeout(next_usec + start_margin_usec);
}

static void note_outcome(struct daemon *daemon)
{
	struct reconcile_report *report = &daemon->report;
	struct status *status = &daemon->status;

	status->last_reconcile = clock_usec(CLOCK_REALTIME);
	if (status->reconciles++ == 0 || daemon->outcome != report->outcome)
		status->since = status->last_reconcile;
	daemon->outcome = report->outcome;
	if (report->outcome == RECONCILE_IN_SYNC)
		status->last_in_sync = status->last_reconcile;
	status->drift_repaired += report->drift;
	if (!report->part) {
		daemon->last_read_usec = report->times.read + report->times.dump;
		daemon->last_whole = clock_usec(CLOCK_BOOTTIME);
	}
	status->resync_usec = schedule_period(&daemon->schedule, daemon->last_read_usec);
}

int daemon_set_timer(sd_event_source *timer, uint64_t usec)
{
	int r = sd_event_source_set_time_relative(timer, usec);

	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

int daemon_set_drain_timer(struct daemon *daemon, uint64_t usec)
{
	if (daemon->session.ownership.drain_count == 0)
		return sd_event_source_set_enabled(daemon->drain_timer, SD_EVENT_OFF);
	return daemon_set_timer(daemon->drain_timer, usec);
}

uint64_t daemon_time_to_next(struct daemon *daemon)
{
	uint64_t now = clock_usec(CLOCK_BOOTTIME), random = 0;
	uint64_t begin = daemon->last_whole, next;
	uint64_t wish = MIN_OF(session_next(&daemon->session),
			       begin + daemon->status.resync_usec);

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = daemon->status.last_reconcile;
	wish = wish > begin ? wish - begin : 0;
	if (daemon->session.wants_reconcile)
		wish = 0;
	/* From the last whole one on: what happens in between puts off nothing that is due. */
	next = schedule_next(&daemon->schedule, daemon->report.outcome,
			     daemon->last_read_usec, wish, random);
	if (errno_is_shortage(daemon->report.shortage))
		next = MIN_OF(next, MAX_OF(shortage_usec, daemon->last_read_usec *
								  SCHEDULE_RETRY_FACTOR));
	return begin + next > now ? begin + next - now : 0;
}

/*
 * The threads that read a large state, and the kernel's table, leave free memory in arenas that the
 * next ones may not use again.
 */
static void give_back_memory(const struct reconcile_report *report)
{
	if (!report->part || report->times.read >= large_read_usec)
		malloc_trim(0);
}

/*
 * While the state cannot be read what the last good one said is answered, and while its removals are
 * held also what that said of those: the kernel has its services.
 */
static int update_health_server(struct daemon *daemon)
{
	enum reconcile_outcome outcome = daemon->report.outcome;

	const struct notes *notes = &daemon->session.state.table.notes;

	if (daemon->report.falls_back || outcome == RECONCILE_HELD)
		notes = &daemon->session.last_good_notes;
	else if (outcome == RECONCILE_NO_STATE || outcome == RECONCILE_BAD_STATE)
		return 0;
	return health_server_update(daemon->health, notes, outcome != RECONCILE_TROUBLE,
				    &daemon->report);
}

int daemon_hasten(struct daemon *daemon, uint64_t usec)
{
	uint64_t due = 0, now = 0;

	if (sd_event_source_get_enabled(daemon->timer, NULL) > 0 &&
	    sd_event_now(daemon->event, CLOCK_MONOTONIC, &now) >= 0 &&
	    sd_event_source_get_time(daemon->timer, &due) >= 0 && due < now + usec)
		return 0;
	return daemon_set_timer(daemon->timer, usec);
}

static void renew_watch(struct daemon *daemon)
{
	int r = state_watch_renew(daemon->watch);

	if (r < 0)
		log_debug("watching %s: %s", daemon->state_path, strerror(-r));
}

static int warn_of_watch(struct daemon *daemon)
{
	const char *problem = state_watch_problem(daemon->watch);

	if (!problem)
		return 0;
	return reconcile_report_warn(
		&daemon->report, "changes of the state may be seen late: cannot watch %s",
		problem);
}

/* Whether another program is known to write to the table. */
static bool is_contested(const struct session *session)
{
	return session->kube_proxy != 0 || session->services_lost;
}

/*
 * By the watchdog's thread, while a reconcile is under way: what it reads the reconcile leaves alone,
 * or is atomic. To read again what is in sync is no news.
 */
static void tell_progress(void *context)
{
	const struct daemon *daemon = context;
	const struct progress *progress = &daemon->session.progress;
	struct status status = daemon->status;
	char words[STATUS_WORDS_ROOM];

	status.reconciling_since = daemon->reconciling_since;
	status.all = progress->all;
	status.done = MIN_OF(progress->pursuit.done, status.all);
	if (!daemon->changes_only && status.all == 0 && status.reconciles > 0)
		return;
	/* A failure is logged when the reconcile has ended, and fails again. */
	(void)!status_write(daemon->options.run_directory, &status,
			    status.reconciles > 0 ? &daemon->before : NULL, NULL);
	notify_send("STATUS=%s", status_format_progress(&status, words, sizeof(words)));
}

static void begin_reconcile(struct daemon *daemon, enum cause cause)
{
	daemon->before = daemon->report;
	daemon->report = (struct reconcile_report){ 0 };
	daemon->reconcile_began = clock_usec(CLOCK_MONOTONIC);
	daemon->reconciling_since = clock_usec(CLOCK_REALTIME);
	daemon->changes_only = cause == CAUSE_CHANGE;
}

/*
 * Whether a reconcile that has taken long already is to leave the rest to the next one: what waits may
 * be the mended state of a hopeless one. Each one gets so much done that all is done in the end.
 */
bool daemon_is_wanted(void *context)
{
	const struct daemon *daemon = context;
	sigset_t pending;

	if (clock_usec(CLOCK_MONOTONIC) - daemon->reconcile_began < interruptible_usec)
		return false;
	if (sigpending(&pending) == 0 &&
	    (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT) ||
	     sigismember(&pending, SIGHUP)))
		return true;
	return is_readable(watch_fd(daemon->watch)) ||
	       is_readable(control_fd(daemon->control));
}

int daemon_reconcile(struct daemon *daemon, enum cause cause)
{
	bool reload = cause == CAUSE_RELOAD;
	struct watchdog watchdog;
	uint64_t next;
	int r;

	/* A file system mounted over it tells nobody. */
	if (cause != CAUSE_CHANGE)
		renew_watch(daemon);
	begin_reconcile(daemon, cause);
	watchdog_start(&watchdog, reload || !daemon->ready, tell_progress, daemon);
	if (cause == CAUSE_CHANGE)
		r = reconcile_changes(&daemon->session, &daemon->report);
	else
		r = reconcile_run(&daemon->session, &daemon->report);
	watchdog_stop(&watchdog);
	reconcile_report_clear(&daemon->before);
	if (r == 0)
		r = warn_of_watch(daemon);
	if (r == 0)
		r = update_health_server(daemon);
	give_back_memory(&daemon->report);
	if (r < 0) {
		reconcile_report_clear(&daemon->report);
		daemon->report.outcome = RECONCILE_TROUBLE;
		daemon->report.message = strdup(strerror(-r));
	}
	note_outcome(daemon);
	ruleset_watch_keep(&daemon->rulesets);
	usability_watch_keep(&daemon->usability, is_contested(&daemon->session));
	outcome_log_report(&daemon->log, &daemon->report, clock_usec(CLOCK_BOOTTIME));
	daemon_write_status(daemon);
	next = daemon_time_to_next(daemon);
	daemon_tell_manager(daemon, reload && daemon->ready, next);
	r = daemon_set_drain_timer(daemon, schedule_look(0));
	return r < 0 ? r : daemon_set_timer(daemon->timer, next);
}

void daemon_begin_anew(struct daemon *daemon)
{
	schedule_reset(&daemon->schedule);
	session_retry_all(&daemon->session);
}
