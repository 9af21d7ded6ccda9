/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <systemd/sd-event.h>

#include "agent/daemon/control.h"
#include "agent/daemon/health_server.h"
#include "agent/daemon/heartbeat.h"
#include "agent/daemon/outcome_log.h"
#include "agent/daemon/pace.h"
#include "agent/daemon/reconcile.h"
#include "agent/daemon/resolution.h"
#include "agent/daemon/ruleset_watch.h"
#include "agent/daemon/session.h"
#include "agent/daemon/status.h"
#include "agent/daemon/watch.h"
#include "agent/kernel/address_watch.h"
#include "agent/kernel/link.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"

enum { WORDS_ROOM = 1024 };

/* A new interface is told of by several messages; they are gathered for so long. */
static const uint64_t link_delay_usec = 100 * 1000;
/* Many addresses go with one link; they are put back together. */
static const uint64_t address_delay_usec = 20 * 1000;
/* Who flushes a ruleset loads the next one in the same breath, or nearly. */
static const uint64_t ruleset_delay_usec = 20 * 1000;
/* Reading a part's state took so long: a large file was parsed. */
static const uint64_t large_read_usec = 1000;
static const uint64_t timer_accuracy_usec = 50 * 1000;
/* Beyond the next retry, while READY waits for the state to be in sync. */
static const uint64_t start_margin_usec = 60 * 1000000ULL;

struct daemon {
	struct options options; /* with state_path made absolute */
	char *state_path;
	struct session session;
	sd_event *event;
	sd_event_source *timer, *watch_source, *link_source;
	sd_event_source *drain_timer; /* on only while something drains */
	sd_event_source *address_timer, *address_source;
	struct watch *watch;
	struct link_watch *links;
	struct address_watch *addresses;
	struct ruleset_watch rulesets;
	struct control *control;
	struct health_server *health;
	struct pace pace;
	struct outcome_log log;
	struct status status;
	struct reconcile_report report; /* the last */
	enum reconcile_outcome outcome; /* the last report's */
	uint64_t last_read_usec;	/* what the last whole reconcile read for */
	uint64_t last_whole;		/* when that ended, CLOCK_BOOTTIME */
	bool ready;			/* READY=1 was sent */
	bool status_fails; /* status.json cannot be written, which has been logged */
};

/* --- a reconcile and what is said about it --------------------------------------------------- */

static void write_status(struct daemon *daemon, const struct reconcile_report *report)
{
	struct err err = { 0 };
	bool fails = status_write(daemon->options.run_directory, &daemon->status, report,
				  &err) < 0;

	if (fails && !daemon->status_fails)
		log_error("the status cannot be written: %s", err.text);
	daemon->status_fails = fails;
}

/* READY=1 where the start is over now, and always at the end of a reload. */
static void tell_manager(struct daemon *daemon, bool reloaded, uint64_t next_usec)
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
	status->resync_usec = pace_period(&daemon->pace, daemon->last_read_usec);
}

static int set_timer(sd_event_source *timer, uint64_t usec)
{
	int r = sd_event_source_set_time_relative(timer, usec);

	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* The next look at what drains; the timer is off where nothing does. */
static int set_drain_timer(struct daemon *daemon, uint64_t usec)
{
	if (daemon->session.ownership.drain_count == 0)
		return sd_event_source_set_enabled(daemon->drain_timer, SD_EVENT_OFF);
	return set_timer(daemon->drain_timer, usec);
}

enum cause {
	CAUSE_TIME,   /* or somebody asks */
	CAUSE_CHANGE, /* of the state */
	CAUSE_RELOAD,
};

static uint64_t time_to_next(struct daemon *daemon)
{
	uint64_t now = clock_usec(CLOCK_BOOTTIME), random = 0;
	uint64_t wish = MIN_OF(session_next(&daemon->session),
			       daemon->last_whole + daemon->status.resync_usec);

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = daemon->status.last_reconcile;
	wish = wish > now ? wish - now : 0;
	if (daemon->session.wants_reconcile)
		wish = 0;
	return pace_next(&daemon->pace, daemon->report.outcome, daemon->last_read_usec,
			 wish, random);
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

/* While the state cannot be read, what it said last is answered. */
static int update_health_server(struct daemon *daemon)
{
	enum reconcile_outcome outcome = daemon->report.outcome;

	if (outcome == RECONCILE_NO_STATE || outcome == RECONCILE_BAD_STATE)
		return 0;
	return health_server_update(daemon->health, &daemon->session.state.table.notes,
				    outcome != RECONCILE_TROUBLE, &daemon->report);
}

/* The next reconcile after so long, or when it is due if that is sooner. */
static int hasten(struct daemon *daemon, uint64_t usec)
{
	uint64_t due = 0, now = 0;

	if (sd_event_source_get_enabled(daemon->timer, NULL) > 0 &&
	    sd_event_now(daemon->event, CLOCK_MONOTONIC, &now) >= 0 &&
	    sd_event_source_get_time(daemon->timer, &due) >= 0 && due < now + usec)
		return 0;
	return set_timer(daemon->timer, usec);
}

/* Negative only where the loop itself fails. */
static int reconcile_now(struct daemon *daemon, enum cause cause)
{
	bool reload = cause == CAUSE_RELOAD;
	struct heartbeat heartbeat;
	uint64_t next;
	int r;

	heartbeat_start(&heartbeat, reload || !daemon->ready);
	reconcile_report_clear(&daemon->report);
	if (cause == CAUSE_CHANGE)
		r = reconcile_changes(&daemon->session, &daemon->report);
	else
		r = reconcile_run(&daemon->session, &daemon->report);
	heartbeat_stop(&heartbeat);
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
	outcome_log_report(&daemon->log, &daemon->report, clock_usec(CLOCK_BOOTTIME));
	write_status(daemon, &daemon->report);
	next = time_to_next(daemon);
	tell_manager(daemon, reload && daemon->ready, next);
	r = set_drain_timer(daemon, pace_look(0));
	return r < 0 ? r : set_timer(daemon->timer, next);
}

/* What changed may have mended what failed. */
static void begin_anew(struct daemon *daemon)
{
	pace_reset(&daemon->pace);
	session_retry_all(&daemon->session);
}

/* --- events ---------------------------------------------------------------------------------- */

static int on_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec, void *userdata)
{
	return reconcile_now(userdata, CAUSE_TIME);
}

static int on_state(UNUSED sd_event_source *source, UNUSED int fd, UNUSED uint32_t events,
		    void *userdata)
{
	struct daemon *daemon = userdata;
	int r = watch_dispatch(daemon->watch);

	if (r < 0) {
		log_error("watching %s: %s; changes are seen at the next resync only",
			  daemon->state_path, strerror(-r));
		sd_event_source_set_enabled(daemon->watch_source, SD_EVENT_OFF);
		return 0;
	}
	if (r != WATCH_CHANGED)
		return 0;
	log_info("%s changed", daemon->state_path);
	begin_anew(daemon);
	return reconcile_now(daemon, CAUSE_CHANGE);
}

static int on_drain_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
			  void *userdata)
{
	struct daemon *daemon = userdata;
	struct reconcile_report looked = { 0 };
	uint64_t start = clock_usec(CLOCK_MONOTONIC), took;
	int r = reconcile_drains(&daemon->session, &looked);

	if (r < 0)
		log_warning("looking at what drains: %s", strerror(-r));
	took = clock_usec(CLOCK_MONOTONIC) - start;
	/* What it failed at is seen, reported and paced by a whole reconcile. */
	if (daemon->session.wants_reconcile) {
		reconcile_report_clear(&looked);
		return set_timer(daemon->timer, time_to_next(daemon));
	}
	if (looked.changes > 0) {
		daemon->status.drift_repaired += looked.drift;
		daemon->report.draining = looked.draining;
		write_status(daemon, &daemon->report);
		tell_manager(daemon, false, 0);
	}
	reconcile_report_clear(&looked);
	return set_drain_timer(daemon, pace_look(took));
}

static int on_addresses(UNUSED sd_event_source *source, UNUSED int fd,
			UNUSED uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;
	int r = address_watch_dispatch(daemon->addresses);
	int enabled = SD_EVENT_OFF;

	if (r < 0) {
		log_error(
			"watching addresses: %s; what goes is put back at the next resync only",
			strerror(-r));
		sd_event_source_set_enabled(daemon->address_source, SD_EVENT_OFF);
		return 0;
	}
	/* One that is set already is not put off. */
	if (r != ADDRESS_CHANGED || !daemon->session.addresses.known ||
	    sd_event_source_get_enabled(daemon->address_timer, &enabled) < 0 ||
	    enabled != SD_EVENT_OFF)
		return 0;
	return set_timer(daemon->address_timer, address_delay_usec);
}

static int on_address_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
			    void *userdata)
{
	struct daemon *daemon = userdata;
	struct reconcile_report looked = { 0 };
	int r = reconcile_addresses(&daemon->session, &looked);

	if (r < 0)
		log_warning("looking at addresses: %s", strerror(-r));
	if (looked.changes > 0) {
		daemon->status.drift_repaired += looked.drift;
		write_status(daemon, &daemon->report);
		/* What the last report says has failed may be mended by it. */
		daemon->session.wants_reconcile |= daemon->report.failure_count > 0;
	}
	reconcile_report_clear(&looked);
	return daemon->session.wants_reconcile
		       ? set_timer(daemon->timer, time_to_next(daemon))
		       : 0;
}

/* What a new or risen link can mend. */
static bool lacks_link(const struct reconcile_report *report)
{
	static const char sync_daemon[] = "sync daemon";

	for (size_t i = 0; i < report->failure_count; i++) {
		if (strncmp(report->failures[i].object, sync_daemon,
			    sizeof(sync_daemon) - 1) == 0)
			return true;
	}
	return false;
}

static int on_link(UNUSED sd_event_source *source, UNUSED int fd, UNUSED uint32_t events,
		   void *userdata)
{
	struct daemon *daemon = userdata;
	int r = link_watch_dispatch(daemon->links);

	if (r < 0) {
		log_error("watching links: %s; retries go on without", strerror(-r));
		sd_event_source_set_enabled(daemon->link_source, SD_EVENT_OFF);
		return 0;
	}
	if (r != LINK_APPEARED || !lacks_link(&daemon->report))
		return 0;
	begin_anew(daemon);
	return set_timer(
		daemon->timer,
		MAX_OF(link_delay_usec, daemon->last_read_usec * PACE_RETRY_FACTOR));
}

static int on_ruleset(void *context)
{
	struct daemon *daemon = context;

	/* At once, but not over and over where it is contested. */
	return hasten(daemon, daemon->report.outcome == RECONCILE_IN_SYNC
				      ? ruleset_delay_usec
				      : daemon->last_read_usec * PACE_RETRY_FACTOR);
}

static int on_reload(UNUSED sd_event_source *source,
		     UNUSED const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	log_info("reloading %s", daemon->state_path);
	if (daemon->ready)
		notify_send("RELOADING=1\nMONOTONIC_USEC=%llu",
			    (unsigned long long)clock_usec(CLOCK_MONOTONIC));
	begin_anew(daemon);
	return reconcile_now(daemon, CAUSE_RELOAD);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   UNUSED void *userdata)
{
	log_info("stopping on SIG%s; the kernel's table stays as it is",
		 sigabbrev_np((int)info->ssi_signo));
	notify_send("STOPPING=1\nSTATUS=stopping; the kernel's table stays as it is");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static const struct reconcile_report *on_apply(void *context, bool allow_removal)
{
	struct daemon *daemon = context;

	log_debug("asked to reconcile now");
	begin_anew(daemon);
	quarrel_permit(&daemon->session.quarrels);
	daemon->session.allow_removal = allow_removal;
	/* Where the loop's timer cannot be set the loop ends; the report is there all the same. */
	if (reconcile_now(daemon, CAUSE_TIME) < 0)
		sd_event_exit(daemon->event, EXIT_FAILURE);
	daemon->session.allow_removal = false;
	return &daemon->report;
}

/* --- new, run, free -------------------------------------------------------------------------- */

static int add_signals(struct daemon *daemon)
{
	static const int stop_signals[] = { SIGTERM, SIGINT };
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	for (size_t i = 0; i < ARRAY_SIZE(stop_signals); i++)
		sigaddset(&signals, stop_signals[i]);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(daemon->event, NULL, SIGHUP, on_reload, daemon);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(stop_signals); i++)
		r = sd_event_add_signal(daemon->event, NULL, stop_signals[i], on_stop,
					daemon);
	return r;
}

static int add_loop(struct daemon *daemon, struct err *err)
{
	int r = sd_event_new(&daemon->event);

	if (r >= 0)
		r = sd_event_set_watchdog(daemon->event, true);
	if (r >= 0)
		r = add_signals(daemon);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, &daemon->timer,
					       CLOCK_MONOTONIC, 0, timer_accuracy_usec,
					       on_timer, daemon);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, &daemon->drain_timer,
					       CLOCK_MONOTONIC, 0, timer_accuracy_usec,
					       on_drain_timer, daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->drain_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, &daemon->address_timer,
					       CLOCK_MONOTONIC, 0, address_delay_usec,
					       on_address_timer, daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->address_timer, SD_EVENT_OFF);
	return r < 0 ? err_errno(err, -r, "the event loop") : 0;
}

static int add_watches(struct daemon *daemon, struct err *err)
{
	struct err unwatched = { 0 };
	int r = watch_new(&daemon->watch, daemon->state_path, &unwatched);

	if (unwatched.code != 0)
		log_warning(
			"changes may be seen at the next resync only: cannot watch %s",
			unwatched.text);
	if (r >= 0)
		r = sd_event_add_io(daemon->event, &daemon->watch_source,
				    watch_fd(daemon->watch), EPOLLIN, on_state, daemon);
	if (r < 0)
		return err_errno(err, -r, "watching %s", daemon->state_path);
	r = link_watch_new(&daemon->links, err);
	if (r < 0)
		return r;
	r = sd_event_add_io(daemon->event, &daemon->link_source,
			    link_watch_fd(daemon->links), EPOLLIN, on_link, daemon);
	return r < 0 ? err_errno(err, -r, "watching links") : 0;
}

static int add_address_watch(struct daemon *daemon, struct err *err)
{
	int r = address_watch_new(&daemon->addresses, err);

	if (r < 0)
		return r;
	r = sd_event_add_io(daemon->event, &daemon->address_source,
			    address_watch_fd(daemon->addresses), EPOLLIN, on_addresses,
			    daemon);
	return r < 0 ? err_errno(err, -r, "watching addresses") : 0;
}

int daemon_new(struct daemon **daemon, const struct options *options, struct err *err)
{
	cleanup_daemon struct daemon *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "starting");
	r = absolute_path(options->state_path, &made->state_path, err);
	if (r < 0)
		return r;
	made->options = *options;
	made->options.state_path = made->state_path;
	made->session.options = &made->options;
	made->session.falls_back = true;
	made->pace.resync_usec = options->resync_usec;
	made->status.state_path = made->state_path;
	made->status.started = made->status.since = clock_usec(CLOCK_REALTIME);
	made->status.resync_usec = pace_period(&made->pace, 0);
	r = add_loop(made, err);
	if (r == 0)
		r = add_watches(made, err);
	if (r == 0) {
		made->health = health_server_new(made->event);
		r = made->health ? 0 : err_errno(err, ENOMEM, "starting");
	}
	if (r == 0)
		r = add_address_watch(made, err);
	made->rulesets = (struct ruleset_watch){ .event = made->event,
						 .session = &made->session,
						 .changed = on_ruleset,
						 .context = made };
	if (r == 0)
		r = control_listen(&made->control, made->event, options->run_directory,
				   made->state_path, on_apply, made, err);
	if (r < 0)
		return r;
	*daemon = TAKE_PTR(made);
	return 0;
}

int daemon_run(struct daemon *daemon)
{
	write_status(daemon, NULL);
	notify_send("STATUS=starting: the first reconcile of %s is under way",
		    daemon->state_path);
	/* The timer is due at once: the first reconcile is the loop's first event. */
	return sd_event_loop(daemon->event);
}

void daemon_free(struct daemon *daemon)
{
	if (daemon->control)
		control_free(daemon->control);
	if (daemon->health)
		health_server_free(daemon->health);
	sd_event_source_disable_unref(daemon->timer);
	sd_event_source_disable_unref(daemon->drain_timer);
	sd_event_source_disable_unref(daemon->watch_source);
	sd_event_source_disable_unref(daemon->link_source);
	sd_event_source_disable_unref(daemon->address_timer);
	sd_event_source_disable_unref(daemon->address_source);
	if (daemon->watch)
		watch_free(daemon->watch);
	if (daemon->links)
		link_watch_free(daemon->links);
	if (daemon->addresses)
		address_watch_free(daemon->addresses);
	ruleset_watch_clear(&daemon->rulesets);
	sd_event_unref(daemon->event);
	reconcile_report_clear(&daemon->report);
	outcome_log_clear(&daemon->log);
	session_clear(&daemon->session);
	free(daemon->state_path);
	free(daemon);
}
