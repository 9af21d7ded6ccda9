/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <systemd/sd-event.h>

#include "agent/daemon/control.h"
#include "agent/daemon/health_server.h"
#include "agent/daemon/path_walk.h"
#include "agent/daemon/ruleset_watch.h"
#include "agent/daemon/state_watch.h"
#include "agent/daemon/usability_watch.h"
#include "agent/kernel/ipvs.h"
#include "agent/kernel/netlink/monitor.h"
#include "agent/reconcile/link_needs.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/rulesets.h"
#include "agent/reconcile/schedule.h"
#include "agent/reconcile/session.h"
#include "agent/report/outcome_log.h"
#include "agent/report/status_file.h"
#include "agent/store/lock.h"
#include "common/clock.h"
#include "common/descriptors.h"
#include "common/log.h"
#include "common/macro.h"
#include "common/notify.h"
#include "common/watchdog.h"

struct daemon {
	struct options options; /* with state_path made absolute */
	char *state_path;
	struct session session;
	sd_event *event;
	sd_event_source *timer, *watch_source, *link_source;
	sd_event_source *drain_timer; /* on only while something drains */
	sd_event_source *address_timer, *address_source;
	sd_event_source
		*mend_timer; /* on only while something of the daemon's own fails */
	struct state_watch *watch;
	struct monitor *links;
	struct monitor *addresses;
	struct ruleset_watch rulesets;
	struct usability_watch usability;
	struct control *control;
	struct health_server *health;
	struct schedule schedule;
	struct outcome_log log;
	struct status status;
	struct reconcile_report report; /* the last, or the one that is being made */
	struct reconcile_report before; /* while one is being made, the last */
	uint64_t reconcile_began;	/* CLOCK_MONOTONIC */
	uint64_t reconciling_since;	/* CLOCK_REALTIME */
	bool changes_only;		/* it is about a change of the state */
	bool extends_timeout;		/* it is part of a start or a reload */
	enum reconcile_outcome outcome; /* the last report's */
	uint64_t last_read_usec;	/* how long the last whole reconcile read */
	uint64_t last_whole;		/* when that ended, CLOCK_BOOTTIME */
	bool ready;			/* READY=1 was sent */
	bool status_fails; /* status.json cannot be written, which has been logged */
	int lock; /* borrowed; its file names this process once there is disk space */
	struct spare_descriptors spare; /* for the status when no other is left */
};

enum cause {
	CAUSE_TIME,   /* a timer, or `apply` */
	CAUSE_CHANGE, /* of the state */
	CAUSE_RELOAD,
};

enum { WORDS_ROOM = 1024 };

/* A partial reconcile that reads the state for longer than this parsed a large file. */
static const uint64_t large_read_usec = 1000;
/* Added to the time of the next retry while READY waits for the state to be in sync. */
static const uint64_t start_margin_usec = 60 * 1000000ULL;
/* Each beat of the watchdog extends a start or reload by this, for stalled machines. */
static const uint64_t extension_usec = 60 * 1000000ULL;
/* Retry period of the daemon's own failures; a retry costs almost nothing. */
static const uint64_t mend_usec = 2 * 1000000ULL;
/*
 * Retry period after a shortage of descriptors, memory or disk space: no event says when
 * it ends.
 */
static const uint64_t shortage_usec = 4 * 1000000ULL;
/* A reconcile that takes longer than this gives way to a new state. */
static const uint64_t interruptible_usec = 2 * 1000000ULL;
/* A new interface causes several messages; coalesce them for this long. */
static const uint64_t link_delay_usec = 100 * 1000;
/* Many addresses go with one link; they are put back together. */
static const uint64_t address_delay_usec = 20 * 1000;
/* A program that flushes a ruleset usually loads the next one at once. */
static const uint64_t ruleset_delay_usec = 20 * 1000;
static const uint64_t timer_accuracy_usec = 50 * 1000;

/* --- timers ------------------------------------------------------------------ */

static int daemon_set_timer(sd_event_source *timer, uint64_t usec)
{
	int r = sd_event_source_set_time_relative(timer, usec);

	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void daemon_mend_soon(struct daemon *daemon)
{
	if (daemon_set_timer(daemon->mend_timer, mend_usec) < 0)
		log_debug("cannot set the retry timer");
}

/* --- one reconcile, its reports, and the time of the next one ----------------- */

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

static void daemon_write_status(struct daemon *daemon)
{
	const char *directory = daemon->options.run_directory;
	struct err err = { 0 };
	int r = write_status(daemon, &err);

	if (r == -EMFILE || r == -ENFILE) {
		spare_descriptors_release(&daemon->spare);
		r = write_status(daemon, &err);
		spare_descriptors_fill(&daemon->spare);
	}
	/* The old status is out of date, and its disk space may be what is missing. */
	if (r < 0 && status_withdraw(directory) == 0 && errno_is_shortage(-r))
		r = write_status(daemon, &err);
	if (r < 0 && status_withdraw(directory) < 0)
		log_debug("%s: cannot remove the old status", directory);
	if (r < 0 && !daemon->status_fails)
		log_error("the status cannot be written: %s", err.text);
	daemon->status_fails = r < 0;
	if (daemon->status_fails)
		daemon_mend_soon(daemon);
}

static void daemon_tell_manager(struct daemon *daemon, bool reloaded, uint64_t next_usec)
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

static int daemon_set_drain_timer(struct daemon *daemon, uint64_t usec)
{
	if (daemon->session.ownership.drain_count == 0)
		return sd_event_source_set_enabled(daemon->drain_timer, SD_EVENT_OFF);
	return daemon_set_timer(daemon->drain_timer, usec);
}

static uint64_t daemon_time_to_next(struct daemon *daemon)
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
	/* Counted from the last whole reconcile: events in between do not postpone it. */
	next = schedule_next(&daemon->schedule, daemon->report.outcome,
			     daemon->last_read_usec, wish, random);
	if (errno_is_shortage(daemon->report.shortage))
		next = MIN_OF(next, MAX_OF(shortage_usec, daemon->last_read_usec *
								  SCHEDULE_RETRY_FACTOR));
	return begin + next > now ? begin + next - now : 0;
}

/*
 * The threads that read a large state and the kernel's table leave free memory in arenas
 * that later threads may not use.
 */
static void give_back_memory(const struct reconcile_report *report)
{
	if (!report->part || report->times.read >= large_read_usec)
		malloc_trim(0);
}

/*
 * While the state cannot be read or its removals are held, health checks are answered
 * from the last good state: the kernel has its services.
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

static int daemon_hasten(struct daemon *daemon, uint64_t usec)
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
 * Called by the watchdog's thread during a reconcile: it reads only atomics and what the
 * reconcile does not change. A resync that has found no change yet is not reported.
 */
static void tell_progress(const struct daemon *daemon)
{
	const struct progress *progress = &daemon->session.progress;
	struct status status = daemon->status;
	char words[STATUS_WORDS_ROOM];

	status.reconciling_since = daemon->reconciling_since;
	status.all = progress->all;
	status.done = MIN_OF(progress->pursuit.done, status.all);
	if (!daemon->changes_only && status.all == 0 && status.reconciles > 0)
		return;
	/* A failure is logged when the reconcile ends and fails again. */
	(void)!status_write(daemon->options.run_directory, &status,
			    status.reconciles > 0 ? &daemon->before : NULL, NULL);
	notify_send("STATUS=%s", status_format_progress(&status, words, sizeof(words)));
}

static void beat_reconcile(void *context)
{
	const struct daemon *daemon = context;

	notify_send("WATCHDOG=1");
	if (daemon->extends_timeout)
		notify_extend_timeout(extension_usec);
	tell_progress(daemon);
}

static void begin_reconcile(struct daemon *daemon, enum cause cause)
{
	daemon->before = daemon->report;
	daemon->report = (struct reconcile_report){ 0 };
	daemon->reconcile_began = clock_usec(CLOCK_MONOTONIC);
	daemon->reconciling_since = clock_usec(CLOCK_REALTIME);
	daemon->changes_only = cause == CAUSE_CHANGE;
	daemon->extends_timeout = cause == CAUSE_RELOAD || !daemon->ready;
}

/*
 * Whether a long reconcile should leave the rest to the next one, because a state that
 * waits may be the corrected one. Each reconcile makes progress, so everything is done in
 * the end.
 */
static bool daemon_is_wanted(void *context)
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

static int daemon_reconcile(struct daemon *daemon, enum cause cause)
{
	bool reload = cause == CAUSE_RELOAD;
	struct watchdog watchdog;
	uint64_t next;
	int r;

	/* A file system mounted over the state causes no event. */
	if (cause != CAUSE_CHANGE)
		renew_watch(daemon);
	begin_reconcile(daemon, cause);
	watchdog_start(&watchdog, beat_reconcile, daemon);
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

static void daemon_begin_anew(struct daemon *daemon)
{
	schedule_reset(&daemon->schedule);
	session_retry_all(&daemon->session);
}

/* --- the control socket ------------------------------------------------------- */

static const struct reconcile_report *on_apply(void *context, bool allow_removal)
{
	struct daemon *daemon = context;

	log_debug("asked to reconcile now");
	daemon_begin_anew(daemon);
	drift_backoff_permit(&daemon->session.drift_backoffs);
	daemon->session.allow_removal = allow_removal;
	/* If the timer cannot be set the loop ends; the report is complete anyway. */
	if (daemon_reconcile(daemon, CAUSE_TIME) < 0)
		sd_event_exit(daemon->event, EXIT_FAILURE);
	daemon->session.allow_removal = false;
	return &daemon->report;
}

static int daemon_listen(struct daemon *daemon, struct err *err)
{
	return control_listen(&daemon->control, daemon->event,
			      daemon->options.run_directory, daemon->state_path, on_apply,
			      daemon, err);
}

/* --- events; a negative return ends the loop ---------------------------------- */

static int on_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;

	/* What failed for lack of space or descriptors is retried at once. */
	if (daemon->report.shortage)
		session_retry_all(&daemon->session);
	return daemon_reconcile(daemon, CAUSE_TIME);
}

static int on_state(UNUSED sd_event_source *source, UNUSED int fd, UNUSED uint32_t events,
		    void *userdata)
{
	struct daemon *daemon = userdata;
	int r = state_watch_dispatch(daemon->watch);

	if (r < 0) {
		log_error("watching %s: %s; changes are seen only at the next resync",
			  daemon->state_path, strerror(-r));
		sd_event_source_set_enabled(daemon->watch_source, SD_EVENT_OFF);
		return 0;
	}
	if (r != STATE_WATCH_CHANGED)
		return 0;
	log_info("%s changed", daemon->state_path);
	daemon_begin_anew(daemon);
	return daemon_reconcile(daemon, CAUSE_CHANGE);
}

static int on_drain_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
			  void *userdata)
{
	struct daemon *daemon = userdata;
	struct reconcile_report looked = { 0 };
	uint64_t start = clock_usec(CLOCK_MONOTONIC), took;
	int r = reconcile_drains(&daemon->session, &looked);

	if (r < 0)
		log_warning("checking draining destinations: %s", strerror(-r));
	took = clock_usec(CLOCK_MONOTONIC) - start;
	/* A whole reconcile finds, reports and schedules what failed here. */
	if (daemon->session.wants_reconcile) {
		reconcile_report_clear(&looked);
		return daemon_hasten(daemon, daemon_time_to_next(daemon));
	}
	if (looked.changes > 0) {
		daemon->status.drift_repaired += looked.drift;
		daemon->report.draining = looked.draining;
		report_lines_clear(&daemon->report.drains);
		daemon->report.drains = looked.drains;
		looked.drains = (struct report_lines){ 0 };
		daemon_write_status(daemon);
		daemon_tell_manager(daemon, false, 0);
	}
	reconcile_report_clear(&looked);
	return daemon_set_drain_timer(daemon, schedule_look(took));
}

/* Whether any object is local, or depends on the node's own addresses. */
static bool depends_on_addresses(const struct daemon *daemon)
{
	return daemon->session.addresses.known || daemon->session.own_addresses_used ||
	       daemon->session.state.table.notes.node_addresses_used;
}

static int on_addresses(UNUSED sd_event_source *source, UNUSED int fd,
			UNUSED uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;
	int r = monitor_dispatch(daemon->addresses);
	int enabled = SD_EVENT_OFF;

	if (r < 0) {
		log_error(
			"watching addresses: %s; a removed address is put back only at the next resync",
			strerror(-r));
		sd_event_source_set_enabled(daemon->address_source, SD_EVENT_OFF);
		return 0;
	}
	/* A timer that is already set is not postponed. */
	if (r != MONITOR_CHANGED || !depends_on_addresses(daemon) ||
	    sd_event_source_get_enabled(daemon->address_timer, &enabled) < 0 ||
	    enabled != SD_EVENT_OFF)
		return 0;
	return daemon_set_timer(daemon->address_timer, address_delay_usec);
}

static int on_address_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
			    void *userdata)
{
	struct daemon *daemon = userdata;
	struct reconcile_report looked = { 0 };
	int r = 0;

	if (daemon->session.addresses.known)
		r = reconcile_addresses(&daemon->session, &looked);
	if (r < 0)
		log_warning("checking addresses: %s", strerror(-r));
	if (!state_cache_has_node_addresses(&daemon->session.state) ||
	    !rulesets_have_own_addresses(&daemon->session)) {
		log_info("the node's addresses changed");
		daemon_begin_anew(daemon);
		daemon->session.wants_reconcile = true;
	}
	if (looked.changes > 0) {
		daemon->status.drift_repaired += looked.drift;
		daemon_write_status(daemon);
		/* The new address may repair what failed according to the last report. */
		daemon->session.wants_reconcile |= daemon->report.failure_count > 0;
	}
	reconcile_report_clear(&looked);
	return daemon->session.wants_reconcile
		       ? daemon_hasten(daemon, daemon_time_to_next(daemon))
		       : 0;
}

/* Whether an object failed that a link which is new, up, or has an address can repair. */
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
	int r = monitor_dispatch(daemon->links);

	if (r < 0) {
		log_error("watching links: %s; a new link no longer causes a retry",
			  strerror(-r));
		sd_event_source_set_enabled(daemon->link_source, SD_EVENT_OFF);
		return 0;
	}
	if (r != MONITOR_CHANGED ||
	    (!lacks_link(&daemon->report) && !link_needs_look(&daemon->session)))
		return 0;
	daemon_begin_anew(daemon);
	/* Links may keep coming: a timer that is set is not postponed. */
	return daemon_hasten(
		daemon,
		MAX_OF(link_delay_usec, daemon->last_read_usec * SCHEDULE_RETRY_FACTOR));
}

static int on_mend_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
			 void *userdata)
{
	struct daemon *daemon = userdata;

	spare_descriptors_fill(&daemon->spare);
	if (daemon->status_fails)
		daemon_write_status(daemon);
	if (lock_name_holder(daemon->lock) < 0)
		daemon_mend_soon(daemon);
	if (!daemon->control && daemon_listen(daemon, NULL) < 0)
		daemon_mend_soon(daemon);
	return 0;
}

static int on_ruleset(void *context)
{
	struct daemon *daemon = context;

	/* At once, but with a pause if another program keeps changing the ruleset. */
	return daemon_hasten(daemon,
			     daemon->report.outcome == RECONCILE_IN_SYNC
				     ? ruleset_delay_usec
				     : daemon->last_read_usec * SCHEDULE_RETRY_FACTOR);
}

/* Whether services, ours or foreign, have disappeared since the last reconcile. */
static bool has_lost_services(struct session *session)
{
	size_t expected = session->foreign_services, count = 0;
	cleanup_ipvs struct ipvs *ipvs = NULL;

	for (size_t i = 0; i < session->ownership.service_count; i++)
		expected += session->ownership.services[i].mark == OWNERSHIP_OWNED;
	if (expected == 0 || ipvs_open(&ipvs, NULL) < 0 ||
	    ipvs_count_services(ipvs, &count, NULL) < 0 || count >= expected)
		return false;
	log_warning(
		"%zu of %zu virtual services are gone: another program has removed them from the kernel; putting them back",
		expected - count, expected);
	return true;
}

/* Links, routes or packet filters changed: checks that services exist and can work. */
static int on_usability(void *context)
{
	struct daemon *daemon = context;
	struct session *session = &daemon->session;
	bool changed = false;

	if (daemon->status.reconciles == 0)
		return 0;
	session->services_lost = has_lost_services(session);
	if (session->services_lost) {
		session->wants_reconcile = true;
		return daemon_hasten(daemon, daemon_time_to_next(daemon));
	}
	if (daemon->outcome != RECONCILE_IN_SYNC && daemon->outcome != RECONCILE_DEGRADED)
		return 0;
	if (service_warnings_look(&session->warnings, &session->state.table,
				  &session->ownership, &daemon->report, &changed) < 0)
		log_warning("checking whether services can work: out of memory");
	if (changed) {
		outcome_log_report(&daemon->log, &daemon->report,
				   clock_usec(CLOCK_BOOTTIME));
		daemon_write_status(daemon);
	}
	return 0;
}

static int on_reload(UNUSED sd_event_source *source,
		     UNUSED const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	log_info("reloading %s", daemon->state_path);
	if (daemon->ready)
		notify_send("RELOADING=1\nMONOTONIC_USEC=%llu",
			    (unsigned long long)clock_usec(CLOCK_MONOTONIC));
	daemon_begin_anew(daemon);
	return daemon_reconcile(daemon, CAUSE_RELOAD);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   UNUSED void *userdata)
{
	log_info("stopping on SIG%s; the kernel's table stays as it is",
		 sigabbrev_np((int)info->ssi_signo));
	notify_send("STOPPING=1\nSTATUS=stopping; the kernel's table stays as it is");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* --- setting up, running, ending ---------------------------------------------- */

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

/* Adds a timer that is off. */
static int add_timer(struct daemon *daemon, sd_event_source **timer,
		     sd_event_time_handler_t handler)
{
	int r = sd_event_add_time_relative(daemon->event, timer, CLOCK_MONOTONIC, 0,
					   timer_accuracy_usec, handler, daemon);

	return r < 0 ? r : sd_event_source_set_enabled(*timer, SD_EVENT_OFF);
}

static int add_loop(struct daemon *daemon, struct err *err)
{
	int r = sd_event_new(&daemon->event);

	if (r >= 0)
		r = sd_event_set_watchdog(daemon->event, true);
	if (r >= 0)
		r = add_signals(daemon);
	if (r >= 0)
		r = add_timer(daemon, &daemon->timer, on_timer);
	if (r >= 0)
		r = add_timer(daemon, &daemon->drain_timer, on_drain_timer);
	if (r >= 0)
		r = add_timer(daemon, &daemon->address_timer, on_address_timer);
	if (r >= 0)
		r = add_timer(daemon, &daemon->mend_timer, on_mend_timer);
	/* The first reconcile is the loop's first event. */
	if (r >= 0)
		r = daemon_set_timer(daemon->timer, 0);
	return r < 0 ? err_errno(err, -r, "the event loop") : 0;
}

static int add_watches(struct daemon *daemon, struct err *err)
{
	int r = state_watch_new(&daemon->watch, daemon->state_path, NULL);

	if (r >= 0)
		r = sd_event_add_io(daemon->event, &daemon->watch_source,
				    watch_fd(daemon->watch), EPOLLIN, on_state, daemon);
	if (r < 0)
		return err_errno(err, -r, "watching %s", daemon->state_path);
	r = monitor_new(&daemon->links, MONITOR_LINKS, NULL, err);
	if (r < 0)
		return r;
	r = sd_event_add_io(daemon->event, &daemon->link_source,
			    monitor_fd(daemon->links), EPOLLIN, on_link, daemon);
	return r < 0 ? err_errno(err, -r, "watching links") : 0;
}

static int add_address_watch(struct daemon *daemon, struct err *err)
{
	int r = monitor_new(&daemon->addresses, MONITOR_ADDRESSES, NULL, err);

	if (r < 0)
		return r;
	r = sd_event_add_io(daemon->event, &daemon->address_source,
			    monitor_fd(daemon->addresses), EPOLLIN, on_addresses, daemon);
	return r < 0 ? err_errno(err, -r, "watching addresses") : 0;
}

/* Without the socket `apply` gets no answer, but the table is kept. */
static int listen_or_warn(struct daemon *daemon, struct err *err)
{
	struct err problem = { 0 };
	int r = daemon_listen(daemon, &problem);

	if (r < 0 && !errno_is_shortage(-r))
		return err_set(err, -r, "%s", problem.text);
	if (r < 0) {
		log_warning("cannot answer `ipvs-agent apply` yet: %s", problem.text);
		daemon_mend_soon(daemon);
	}
	return 0;
}

int daemon_new(struct daemon **daemon, const struct options *options, int lock,
	       struct err *err)
{
	cleanup_daemon struct daemon *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "starting");
	r = absolute_path(options->state_path, &made->state_path, err);
	if (r < 0)
		return r;
	made->options = *options;
	made->lock = lock;
	made->options.state_path = made->state_path;
	made->session.options = &made->options;
	made->session.falls_back = true;
	made->session.progress.pursuit.stop = daemon_is_wanted;
	made->session.progress.pursuit.context = made;
	made->schedule.resync_usec = options->resync_usec;
	made->status.state_path = made->state_path;
	made->status.config_path = options->config_path;
	made->status.config_fingerprint = options->config_fingerprint;
	made->status.started = made->status.since = clock_usec(CLOCK_REALTIME);
	made->status.resync_usec = schedule_period(&made->schedule, 0);
	spare_descriptors_fill(&made->spare);
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
	made->usability = (struct usability_watch){ .event = made->event,
						    .session = &made->session,
						    .look = on_usability,
						    .context = made };
	if (r == 0)
		r = usability_watch_start(&made->usability, err);
	if (r == 0)
		r = listen_or_warn(made, err);
	if (r < 0)
		return r;
	*daemon = TAKE_PTR(made);
	return 0;
}

int daemon_run(struct daemon *daemon)
{
	daemon_write_status(daemon);
	if (lock_name_holder(daemon->lock) < 0)
		daemon_mend_soon(daemon);
	notify_send("STATUS=starting: the first reconcile of %s is under way",
		    daemon->state_path);
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
	sd_event_source_disable_unref(daemon->mend_timer);
	if (daemon->watch)
		state_watch_free(daemon->watch);
	monitor_free(daemon->links);
	monitor_free(daemon->addresses);
	ruleset_watch_clear(&daemon->rulesets);
	usability_watch_clear(&daemon->usability);
	sd_event_unref(daemon->event);
	reconcile_report_clear(&daemon->report);
	outcome_log_clear(&daemon->log);
	session_clear(&daemon->session);
	spare_descriptors_release(&daemon->spare);
	free(daemon->state_path);
	free(daemon);
}
