/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/daemon_parts.h"

#include <string.h>

#include "agent/reconcile/link_needs.h"
#include "agent/store/lock.h"
#include "agent/reconcile/rulesets.h"
#include "agent/kernel/ipvs.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/notify.h"

/* What happens: time passes, the state, addresses, links or rulesets change, somebody asks. */

/* A new interface is told of by several messages; they are gathered for so long. */
static const uint64_t link_delay_usec = 100 * 1000;
/* Many addresses go with one link; they are put back together. */
static const uint64_t address_delay_usec = 20 * 1000;
/* Who flushes a ruleset loads the next one in the same breath, or nearly. */
static const uint64_t ruleset_delay_usec = 20 * 1000;

int daemon_on_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;

	/* What failed for want of room or descriptors waits for nothing else. */
	if (daemon->report.shortage)
		session_retry_all(&daemon->session);
	return daemon_reconcile(daemon, CAUSE_TIME);
}

int daemon_on_state(UNUSED sd_event_source *source, UNUSED int fd, UNUSED uint32_t events,
		    void *userdata)
{
	struct daemon *daemon = userdata;
	int r = state_watch_dispatch(daemon->watch);

	if (r < 0) {
		log_error("watching %s: %s; changes are seen at the next resync only",
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

int daemon_on_drain_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
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

/* Whether anything here is local, or depends on what addresses are the node's own. */
static bool depends_on_addresses(const struct daemon *daemon)
{
	return daemon->session.addresses.known || daemon->session.own_addresses_used ||
	       daemon->session.state.table.notes.node_addresses_used;
}

int daemon_on_addresses(UNUSED sd_event_source *source, UNUSED int fd,
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
	if (r != ADDRESS_CHANGED || !depends_on_addresses(daemon) ||
	    sd_event_source_get_enabled(daemon->address_timer, &enabled) < 0 ||
	    enabled != SD_EVENT_OFF)
		return 0;
	return daemon_set_timer(daemon->address_timer, address_delay_usec);
}

int daemon_on_address_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
			    void *userdata)
{
	struct daemon *daemon = userdata;
	struct reconcile_report looked = { 0 };
	int r = 0;

	if (daemon->session.addresses.known)
		r = reconcile_addresses(&daemon->session, &looked);
	if (r < 0)
		log_warning("looking at addresses: %s", strerror(-r));
	if (!state_cache_has_node_addresses(&daemon->session.state) ||
	    !rulesets_have_own_addresses(&daemon->session)) {
		log_info("the node's addresses changed");
		daemon_begin_anew(daemon);
		daemon->session.wants_reconcile = true;
	}
	if (looked.changes > 0) {
		daemon->status.drift_repaired += looked.drift;
		daemon_write_status(daemon);
		/* What the last report says has failed may be mended by it. */
		daemon->session.wants_reconcile |= daemon->report.failure_count > 0;
	}
	reconcile_report_clear(&looked);
	return daemon->session.wants_reconcile
		       ? daemon_hasten(daemon, daemon_time_to_next(daemon))
		       : 0;
}

/* What a new or risen link can mend, also one that had no address before. */
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

int daemon_on_link(UNUSED sd_event_source *source, UNUSED int fd, UNUSED uint32_t events,
		   void *userdata)
{
	struct daemon *daemon = userdata;
	int r = link_watch_dispatch(daemon->links);

	if (r < 0) {
		log_error("watching links: %s; retries go on without", strerror(-r));
		sd_event_source_set_enabled(daemon->link_source, SD_EVENT_OFF);
		return 0;
	}
	if (r != LINK_CHANGED ||
	    (!lacks_link(&daemon->report) && !link_needs_look(&daemon->session)))
		return 0;
	daemon_begin_anew(daemon);
	/* Links may come one after another, without an end: what is due is not put off. */
	return daemon_hasten(
		daemon,
		MAX_OF(link_delay_usec, daemon->last_read_usec * SCHEDULE_RETRY_FACTOR));
}

int daemon_on_mend_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec,
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

int daemon_on_ruleset(void *context)
{
	struct daemon *daemon = context;

	/* At once, but not over and over where it is contested. */
	return daemon_hasten(daemon,
			     daemon->report.outcome == RECONCILE_IN_SYNC
				     ? ruleset_delay_usec
				     : daemon->last_read_usec * SCHEDULE_RETRY_FACTOR);
}

/* Whether services of ours, or others', have gone since the last reconcile. */
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

/* Links, routes or packet filters have changed: are all services there, and of use? */
int daemon_on_usability(void *context)
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
	if (service_warnings_look(session, &daemon->report, &changed) < 0)
		log_warning("looking at what makes services useless: out of memory");
	if (changed) {
		outcome_log_report(&daemon->log, &daemon->report,
				   clock_usec(CLOCK_BOOTTIME));
		daemon_write_status(daemon);
	}
	return 0;
}

int daemon_on_reload(UNUSED sd_event_source *source,
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

int daemon_on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   UNUSED void *userdata)
{
	log_info("stopping on SIG%s; the kernel's table stays as it is",
		 sigabbrev_np((int)info->ssi_signo));
	notify_send("STOPPING=1\nSTATUS=stopping; the kernel's table stays as it is");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

const struct reconcile_report *daemon_on_apply(void *context, bool allow_removal)
{
	struct daemon *daemon = context;

	log_debug("asked to reconcile now");
	daemon_begin_anew(daemon);
	drift_backoff_permit(&daemon->session.drift_backoffs);
	daemon->session.allow_removal = allow_removal;
	/* Where the loop's timer cannot be set the loop ends; the report is there all the same. */
	if (daemon_reconcile(daemon, CAUSE_TIME) < 0)
		sd_event_exit(daemon->event, EXIT_FAILURE);
	daemon->session.allow_removal = false;
	return &daemon->report;
}
