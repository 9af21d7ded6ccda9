/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/kernel/rtnl_paths.h"
#include "agent/model/ownership.h"
#include "agent/model/packet_filter.h"
#include "agent/model/table.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * What makes services useless although they are in the kernel (agent/plan/usability.h),
 * as warnings of a report. Facts are read when they may have changed, and services are
 * judged when the facts, the state or the kernel's table have: a reconcile without any of
 * that costs nothing.
 */

struct reconcile_report;

/* Zeroed at the start. */
struct service_warnings {
	char **texts; /* as judged last; owned */
	size_t count, room;
	/*
	 * Someone tells of changes (usability_watch.h): facts are read only when they are
	 * stale.
	 */
	bool watched;
	bool facts_read;
	bool state_changed; /* since services were judged */
	/* The facts. */
	struct rtnl_paths paths;
	bool paths_known;
	struct packet_filter filter;
	bool filter_known;
	bool tracks;
	char *unknown; /* why some could not be read, or NULL; owned */
};

/*
 * After a reconcile of these wanted services: judges where that is needed, and adds the
 * warnings. -ENOMEM.
 */
int service_warnings_report(struct service_warnings *warnings, const struct table *wanted,
			    const struct ownership *ownership,
			    struct reconcile_report *report) MUST_CHECK;

/*
 * The same later, because links, routes or packet filters have changed: what the report
 * has of it is replaced. Sets *changed where that made a difference. -ENOMEM.
 */
int service_warnings_look(struct service_warnings *warnings, const struct table *wanted,
			  const struct ownership *ownership,
			  struct reconcile_report *report, bool *changed) MUST_CHECK;

/* Links, routes or packet filters may have changed. */
void service_warnings_expire(struct service_warnings *warnings);

void service_warnings_clear(struct service_warnings *warnings);
