/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/ruleset_watch.h"

#include <string.h>
#include <sys/epoll.h>

#include "agent/reconcile/rulesets.h"
#include "agent/reconcile/session.h"
#include "agent/kernel/netlink/monitor.h"
#include "common/log.h"

void ruleset_watch_clear(struct ruleset_watch *watch)
{
	watch->source = sd_event_source_disable_unref(watch->source);
	monitor_free(watch->nft);
	watch->nft = NULL;
}

static int on_event(UNUSED sd_event_source *source, UNUSED int fd, UNUSED uint32_t events,
		    void *userdata)
{
	struct ruleset_watch *watch = userdata;
	int r = monitor_dispatch(watch->nft);

	if (r < 0) {
		log_error(
			"watching nftables: %s; changes are seen only at the next resync",
			strerror(-r));
		sd_event_source_set_enabled(watch->source, SD_EVENT_OFF);
		return 0;
	}
	/* The kernel notifies us of our own changes, too. */
	if (r != MONITOR_CHANGED || !rulesets_changed(watch->session))
		return 0;
	return watch->changed(watch->context);
}

static int listen_to(struct ruleset_watch *watch, struct err *err)
{
	int r = monitor_new(&watch->nft, MONITOR_TABLE, RULESET_TABLE, err);

	if (r < 0)
		return r;
	r = sd_event_add_io(watch->event, &watch->source, monitor_fd(watch->nft), EPOLLIN,
			    on_event, watch);
	return r < 0 ? err_errno(err, -r, "watching nftables") : 0;
}

void ruleset_watch_keep(struct ruleset_watch *watch)
{
	bool wanted = rulesets_are_owned(&watch->session->ownership);
	struct err err = { 0 };
	int r;

	if (wanted == (watch->nft != NULL))
		return;
	ruleset_watch_clear(watch);
	if (!wanted)
		return;
	r = listen_to(watch, &err);
	if (r < 0 && !watch->fails)
		log_warning("changes of nftables are seen only at the next resync: %s",
			    err.text);
	watch->fails = r < 0;
	if (r < 0)
		ruleset_watch_clear(watch);
	/* No notification came for changes between our write and now. */
	else if (rulesets_changed(watch->session))
		watch->session->wants_reconcile = true;
}
