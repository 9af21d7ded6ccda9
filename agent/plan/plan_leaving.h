/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/plan/planning.h"
#include "common/macro.h"

/* What is in the kernel and ours, and not wanted any more. Planning functions: -ENOMEM. */

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
