/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <signal.h>

#include <systemd/sd-event.h>

#include "agent/daemon/control.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/health_server.h"
#include "agent/report/outcome_log.h"
#include "agent/reconcile/schedule.h"
#include "agent/reconcile/reconcile.h"
#include "agent/daemon/ruleset_watch.h"
#include "agent/reconcile/session.h"
#include "agent/report/status_file.h"
#include "agent/daemon/usability_watch.h"
#include "agent/daemon/state_watch.h"
#include "agent/kernel/address_watch.h"
#include "agent/kernel/link.h"
#include "common/descriptors.h"
#include "common/macro.h"

/* What daemon.c, daemon_events.c and daemon_reconcile.c share; for nobody else. */

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
	struct link_watch *links;
	struct address_watch *addresses;
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
	enum reconcile_outcome outcome; /* the last report's */
	uint64_t last_read_usec;	/* what the last whole reconcile read for */
	uint64_t last_whole;		/* when that ended, CLOCK_BOOTTIME */
	bool ready;			/* READY=1 was sent */
	bool status_fails; /* status.json cannot be written, which has been logged */
	int lock; /* borrowed: its file names this process, as soon as there is room */
	struct spare_descriptors spare; /* for the status, where there is no other */
};

/* --- a reconcile and what is said about it: daemon_reconcile.c --- */

enum cause {
	CAUSE_TIME,   /* or somebody asks */
	CAUSE_CHANGE, /* of the state */
	CAUSE_RELOAD,
};

/*
 * The status file, with the last report. Where it cannot be written, which is logged once, the old
 * one is withdrawn and it is tried again before long.
 */
void daemon_write_status(struct daemon *daemon);

/* READY=1 where the start is over now, or at the end of a reload. */
void daemon_tell_manager(struct daemon *daemon, bool reloaded, uint64_t next_usec);

/* All times are in microseconds from now. Negative where the loop itself fails, as below. */
int daemon_set_timer(sd_event_source *timer, uint64_t usec) MUST_CHECK;
/* The next look at what drains; the timer is off where nothing does. */
int daemon_set_drain_timer(struct daemon *daemon, uint64_t usec) MUST_CHECK;
uint64_t daemon_time_to_next(struct daemon *daemon);
/* Looks soon whether what fails of the daemon's own can be mended. */
void daemon_mend_soon(struct daemon *daemon);
/* Listens at the control socket; -errno with err set. */
int daemon_listen(struct daemon *daemon, struct err *err) MUST_CHECK;
/* The next reconcile after so long, or when it is due if that is sooner. */
int daemon_hasten(struct daemon *daemon, uint64_t usec) MUST_CHECK;

/* Whether something waits that a long reconcile must not keep waiting; context is the daemon. */
bool daemon_is_wanted(void *context);

/* Reconciles, and says and paces what follows from it. */
int daemon_reconcile(struct daemon *daemon, enum cause cause) MUST_CHECK;
/* What changed may have mended what failed: nothing waits any more. */
void daemon_begin_anew(struct daemon *daemon);

/* --- what happens: daemon_events.c; negative ends the loop --- */

int daemon_on_timer(sd_event_source *source, uint64_t usec, void *userdata);
int daemon_on_state(sd_event_source *source, int fd, uint32_t events, void *userdata);
int daemon_on_drain_timer(sd_event_source *source, uint64_t usec, void *userdata);
int daemon_on_addresses(sd_event_source *source, int fd, uint32_t events, void *userdata);
int daemon_on_address_timer(sd_event_source *source, uint64_t usec, void *userdata);
int daemon_on_mend_timer(sd_event_source *source, uint64_t usec, void *userdata);
int daemon_on_link(sd_event_source *source, int fd, uint32_t events, void *userdata);
int daemon_on_ruleset(void *context);
int daemon_on_usability(void *context);
int daemon_on_reload(sd_event_source *source, const struct signalfd_siginfo *info,
		     void *userdata);
int daemon_on_stop(sd_event_source *source, const struct signalfd_siginfo *info,
		   void *userdata);
const struct reconcile_report *daemon_on_apply(void *context, bool allow_removal);
