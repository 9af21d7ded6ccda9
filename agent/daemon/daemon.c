/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/daemon_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "agent/store/lock.h"
#include "agent/daemon/path_walk.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"

/* The loop and all that wakes it. */

static const uint64_t timer_accuracy_usec = 50 * 1000;

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
	r = sd_event_add_signal(daemon->event, NULL, SIGHUP, daemon_on_reload, daemon);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(stop_signals); i++)
		r = sd_event_add_signal(daemon->event, NULL, stop_signals[i],
					daemon_on_stop, daemon);
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
					       daemon_on_timer, daemon);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, &daemon->drain_timer,
					       CLOCK_MONOTONIC, 0, timer_accuracy_usec,
					       daemon_on_drain_timer, daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->drain_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, &daemon->address_timer,
					       CLOCK_MONOTONIC, 0, timer_accuracy_usec,
					       daemon_on_address_timer, daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->address_timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(daemon->event, &daemon->mend_timer,
					       CLOCK_MONOTONIC, 0, timer_accuracy_usec,
					       daemon_on_mend_timer, daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->mend_timer, SD_EVENT_OFF);
	return r < 0 ? err_errno(err, -r, "the event loop") : 0;
}

static int add_watches(struct daemon *daemon, struct err *err)
{
	int r = state_watch_new(&daemon->watch, daemon->state_path, NULL);

	if (r >= 0)
		r = sd_event_add_io(daemon->event, &daemon->watch_source,
				    watch_fd(daemon->watch), EPOLLIN, daemon_on_state,
				    daemon);
	if (r < 0)
		return err_errno(err, -r, "watching %s", daemon->state_path);
	r = link_watch_new(&daemon->links, err);
	if (r < 0)
		return r;
	r = sd_event_add_io(daemon->event, &daemon->link_source,
			    link_watch_fd(daemon->links), EPOLLIN, daemon_on_link,
			    daemon);
	return r < 0 ? err_errno(err, -r, "watching links") : 0;
}

static int add_address_watch(struct daemon *daemon, struct err *err)
{
	int r = address_watch_new(&daemon->addresses, err);

	if (r < 0)
		return r;
	r = sd_event_add_io(daemon->event, &daemon->address_source,
			    address_watch_fd(daemon->addresses), EPOLLIN,
			    daemon_on_addresses, daemon);
	return r < 0 ? err_errno(err, -r, "watching addresses") : 0;
}

int daemon_listen(struct daemon *daemon, struct err *err)
{
	return control_listen(&daemon->control, daemon->event,
			      daemon->options.run_directory, daemon->state_path,
			      daemon_on_apply, daemon, err);
}

/* Without it `apply` cannot be answered, but the table is kept all the same. */
static int listen_or_warn(struct daemon *daemon, struct err *err)
{
	struct err problem = { 0 };
	int r = daemon_listen(daemon, &problem);

	if (r < 0 && !errno_is_shortage(-r))
		return err_set(err, -r, "%s", problem.text);
	if (r < 0) {
		log_warning("`ipvs-agent apply` cannot be answered yet: %s",
			    problem.text);
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
						 .changed = daemon_on_ruleset,
						 .context = made };
	made->usability = (struct usability_watch){ .event = made->event,
						    .session = &made->session,
						    .look = daemon_on_usability,
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
	sd_event_source_disable_unref(daemon->mend_timer);
	if (daemon->watch)
		state_watch_free(daemon->watch);
	if (daemon->links)
		link_watch_free(daemon->links);
	if (daemon->addresses)
		address_watch_free(daemon->addresses);
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
