/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/usability_watch.h"

#include <string.h>
#include <sys/epoll.h>

#include "agent/reconcile/session.h"
#include "agent/kernel/netlink/monitor.h"
#include "agent/kernel/nft_filter.h"
#include "common/clock.h"
#include "common/log.h"

/* Changes within this time are handled together. */
static const uint64_t gather_usec = 100 * 1000;
static const uint64_t least_usec = 1000 * 1000;
static const uint64_t contested_usec = 2000 * 1000;
static const uint64_t contest_usec = 10 * 60 * 1000000ULL;
static const uint64_t accuracy_usec = 50 * 1000;

enum { LOOK_FACTOR = 50 };

/* Indices of the watches. */
enum { WATCH_ROUTES, WATCH_FILTERS };

static int set_timer(struct usability_watch *watch, uint64_t at)
{
	int r = sd_event_source_set_time(watch->timer, at);

	return r < 0 ? r : sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

/* While a check is scheduled, events do not wake the daemon: they stay in the sockets. */
static void listen_to(struct usability_watch *watch, bool on)
{
	for (size_t i = 0; i < ARRAY_SIZE(watch->sources); i++) {
		if (watch->sources[i])
			sd_event_source_set_enabled(watch->sources[i],
						    on ? SD_EVENT_ON : SD_EVENT_OFF);
	}
}

static void give_up(struct usability_watch *watch, int which, int code)
{
	log_error(
		"watching %s: %s; whether services can work is checked only at the next resync",
		which == WATCH_ROUTES ? "routes" : "nftables", strerror(-code));
	watch->sources[which] = sd_event_source_disable_unref(watch->sources[which]);
	monitor_free(watch->watches[which]);
	watch->watches[which] = NULL;
	watch->session->warnings.watched = false;
	watch->fails = true;
}

/* Reads all events; whether there was one. */
static bool read_events(struct usability_watch *watch)
{
	bool changed = false;

	for (size_t i = 0; i < ARRAY_SIZE(watch->watches); i++) {
		int r = watch->watches[i] ? monitor_dispatch(watch->watches[i]) : 0;

		if (r < 0)
			give_up(watch, (int)i, r);
		changed |= r != MONITOR_NOTHING;
	}
	if (changed)
		service_warnings_expire(&watch->session->warnings);
	return changed;
}

static int on_event(UNUSED sd_event_source *source, UNUSED int fd, UNUSED uint32_t events,
		    void *userdata)
{
	struct usability_watch *watch = userdata;
	uint64_t now = clock_usec(CLOCK_MONOTONIC);

	if (!read_events(watch))
		return 0;
	listen_to(watch, false);
	return set_timer(watch, MAX_OF(now + gather_usec, watch->next));
}

static int on_timer(UNUSED sd_event_source *source, UNUSED uint64_t usec, void *userdata)
{
	struct usability_watch *watch = userdata;
	uint64_t start = clock_usec(CLOCK_MONOTONIC), end;
	int r;

	read_events(watch);
	listen_to(watch, true);
	r = watch->look(watch->context);
	end = clock_usec(CLOCK_MONOTONIC);
	watch->next = end + MAX_OF(least_usec, (end - start) * LOOK_FACTOR);
	if (r >= 0 && watch->contested_until > end)
		r = set_timer(watch, MAX_OF(end + contested_usec, watch->next));
	return r;
}

static int start_path_watch(struct usability_watch *watch, int which, struct err *err)
{
	static const enum monitor_kind kinds[] = {
		[WATCH_ROUTES] = MONITOR_ROUTES,
		[WATCH_FILTERS] = MONITOR_RULESET,
	};
	int r = monitor_new(&watch->watches[which], kinds[which], NULL, err);

	if (r < 0)
		return r;
	r = sd_event_add_io(watch->event, &watch->sources[which],
			    monitor_fd(watch->watches[which]), EPOLLIN, on_event, watch);
	return r < 0 ? err_errno(err, -r, "watching routes and filters") : 0;
}

int usability_watch_start(struct usability_watch *watch, struct err *err)
{
	int r = sd_event_add_time(watch->event, &watch->timer, CLOCK_MONOTONIC, 0,
				  accuracy_usec, on_timer, watch);

	if (r >= 0)
		r = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
	if (r < 0)
		return err_errno(err, -r, "watching routes");
	return start_path_watch(watch, WATCH_ROUTES, err);
}

static void keep_contested(struct usability_watch *watch, uint64_t now)
{
	if (watch->contested_until < now)
		(void)set_timer(watch, MAX_OF(now + contested_usec, watch->next));
	watch->contested_until = now + contest_usec;
}

/*
 * Without nf_tables there is no filter, and watching would load the module. Only a
 * reconcile notices when it appears.
 */
void usability_watch_keep(struct usability_watch *watch, bool contested)
{
	struct service_warnings *warnings = &watch->session->warnings;
	bool there = nft_filter_is_there();
	uint64_t now = clock_usec(CLOCK_MONOTONIC);
	struct err err = { 0 };

	if (contested)
		keep_contested(watch, now);
	if (there && !watch->watches[WATCH_FILTERS] && !watch->fails) {
		watch->fails = start_path_watch(watch, WATCH_FILTERS, &err) < 0;
		if (watch->fails)
			log_warning(
				"changes of nftables are seen only at the next resync: %s",
				err.text);
		/*
		 * The filters may have changed between the reconcile and the start of the
		 * watch.
		 */
		service_warnings_expire(warnings);
		if (!watch->fails)
			(void)set_timer(watch, MAX_OF(now + gather_usec, watch->next));
	}
	warnings->watched =
		watch->watches[WATCH_ROUTES] && (watch->watches[WATCH_FILTERS] || !there);
}

void usability_watch_clear(struct usability_watch *watch)
{
	for (size_t i = 0; i < ARRAY_SIZE(watch->watches); i++) {
		sd_event_source_disable_unref(watch->sources[i]);
		monitor_free(watch->watches[i]);
		watch->sources[i] = NULL;
		watch->watches[i] = NULL;
	}
	watch->timer = sd_event_source_disable_unref(watch->timer);
}
