/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/model/ownership.h"
#include "agent/model/table.h"
#include "agent/plan/plan.h"

/* What a plan is made from. */

/* Whose services on keys of the state are taken over. */
enum adopt_mode {
	ADOPT_EQUAL, /* those that are as wanted */
	ADOPT_ALL,   /* all: they are edited in place */
	ADOPT_NONE,
};

struct plan_policy {
	enum adopt_mode adopt;
	bool no_drain;		     /* what leaves goes at once */
	bool drain_udp;		     /* UDP and SCTP drain too */
	uint64_t drain_timeout_msec; /* 0: no deadline */
	uint64_t now_msec;  /* CLOCK_BOOTTIME, what deadlines are compared with */
	bool services_only; /* the two tables are a part: globals are left alone */
};

/* All borrowed. */
struct planning {
	const struct table *wanted;
	const struct table *actual;
	const struct ownership *ownership;
	const struct plan_policy *policy;
	struct plan *plan;
};
