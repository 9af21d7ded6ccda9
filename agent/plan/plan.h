/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/ownership.h"
#include "agent/plan/operation.h"
#include "agent/model/table.h"
#include "common/cleanup.h"
#include "common/macro.h"

/*
 * The plan: operations in their order, what stands in the way, and the drains there are afterwards.
 * planner.h makes it.
 */

/* An object of the state whose key another has in the kernel, and that is not taken over. */
struct conflict {
	bool equal; /* as wanted, but ADOPT_NONE; otherwise it differs */
	const struct service *service; /* wanted, or NULL */
	const struct service *service_actual;
	const struct sync_daemon *daemon; /* wanted, or NULL */
	const struct sync_daemon *daemon_actual;
	const struct ruleset *ruleset; /* wanted, or NULL: nftables' table has its name */
};

struct plan {
	struct operation *operations;
	size_t operation_count;
	size_t operation_room;
	struct conflict *conflicts;
	size_t conflict_count;
	size_t conflict_room;
	/* The drains there are once the plan is executed; sorted. */
	struct drain *drains;
	size_t drain_count;
	size_t drain_room;
	size_t drains_begun; /* of these, new ones whose weight was not 0: look again soon */
	size_t foreign_services; /* in the kernel, neither wanted nor ours */
	/*
	 * What is ours in the kernel, and what of it leaves; what drains already is neither, nor are the
	 * endpoints of a cluster's service that stays.
	 */
	size_t owned_services;
	size_t owned_destinations;
	size_t removed_services;
	size_t removed_destinations;
	struct plan_copy *copies; /* objects that stand in neither table */
};

/* -ENOMEM. */
int plan_add(struct plan *plan, const struct operation *operation) MUST_CHECK;
int plan_add_conflict(struct plan *plan, const struct conflict *conflict) MUST_CHECK;

/* An object of the plan's own, freed with it; NULL where memory is out. */
struct service *plan_copy_service(struct plan *plan, const struct service *service);
struct destination *plan_copy_destination(struct plan *plan,
					  const struct destination *destination);
struct sysctl *plan_copy_sysctl(struct plan *plan, const struct sysctl *sysctl);

/*
 * Adds a write to one of nftables' tables in its place, and a conflict about one. -ENOMEM. The ruleset
 * is borrowed.
 */
int plan_add_ruleset(struct plan *plan, enum operation_kind kind,
		     const struct ruleset *ruleset, bool drift) MUST_CHECK;
int plan_add_ruleset_conflict(struct plan *plan,
			      const struct ruleset *ruleset) MUST_CHECK;

/* Whether this very drain, deadline included, is among the plan's. */
bool plan_has_drain(const struct plan *plan, const struct drain *drain);

/*
 * Whether the plan takes away more than half of what is ours, and more than 10 services or 20
 * destinations. It counts what moves, too, and what a state that is held has added: hold.h looks closer.
 */
bool plan_removes_most(const struct plan *plan);

void plan_clear(struct plan *plan);

#define cleanup_plan CLEANUP(plan_clear)
