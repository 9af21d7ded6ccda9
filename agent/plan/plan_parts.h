/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/plan.h"

/* What plan.c, plan_globals.c, plan_leaving.c and plan_sysctls.c share; for nobody else. */

struct planning {
	const struct table *wanted;
	const struct table *actual;
	const struct ownership *ownership;
	const struct plan_policy *policy;
	struct plan *plan;
};

int plan_add(struct plan *plan, const struct operation *operation) MUST_CHECK;
int plan_add_conflict(struct plan *plan, const struct conflict *conflict) MUST_CHECK;

/* An object of the plan's own, freed with it; NULL where memory is out. */
struct destination *plan_copy_destination(struct plan *plan,
					  const struct destination *destination);
struct sysctl *plan_copy_sysctl(struct plan *plan, const struct sysctl *sysctl);

/* --- plan_sysctls.c --- */

int plan_sysctls(const struct planning *planning) MUST_CHECK;

/* --- plan_globals.c: timeouts, sync daemons --- */

/* What comes before the services, and after them. */
int plan_globals_before(const struct planning *planning) MUST_CHECK;
int plan_sync_daemon_starts(const struct planning *planning) MUST_CHECK;

/* --- plan_leaving.c: what is in the kernel and ours, and not wanted any more --- */

/* What becomes of the destinations of one service that leave. */
struct leaving {
	size_t stay; /* drain on after this plan */
	size_t go;   /* are deleted */
};

/* wanted is NULL where the whole service leaves. */
struct leaving leaving_examine(const struct planning *planning,
			       const struct service *wanted,
			       const struct service *actual);

/* How many of the service's destinations drain already. */
size_t leaving_drains(const struct planning *planning, const struct service *actual);

/* Drains and deletions of the destinations of a service that stays. */
int plan_leaving_destinations(const struct planning *planning,
			      const struct service *wanted,
			      const struct service *actual) MUST_CHECK;

/* A service that leaves, with all its destinations. */
int plan_leaving_service(const struct planning *planning,
			 const struct service *actual) MUST_CHECK;
