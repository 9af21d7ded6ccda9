/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/report/reconcile_report.h"
#include "agent/model/guard_rules.h"
#include "agent/model/ownership.h"
#include "agent/model/table.h"
#include "common/macro.h"

/*
 * Judges what of the wanted table the guard (agent/model/guard.h) refuses, with the facts that it
 * needs. What is refused is planned as if the state did not name it: a service that was there before
 * leaves. Beside the node's addresses nothing is read that no service makes necessary.
 */

struct refusal {
	char *object; /* the service's key */
	char *name;   /* or NULL */
	char *reason;
};

/* Zeroed where nothing was refused. */
struct vip_admission {
	struct refusal *refusals;
	size_t count, room;
	char *warning;	/* a fact that could not be had, or NULL */
	char *shadowed; /* the first service at which a program listens as well, or NULL */
	size_t shadowed_count;
};

/* Whether the guard is concerned with any of the wanted services. */
bool vip_admission_is_needed(const struct guard_rules *rules, const struct table *wanted);

/* Sets a flag for each wanted service that is refused, and keeps why. -ENOMEM. */
int vip_admission_check(struct vip_admission *admission, const struct guard_rules *rules,
			const struct table *wanted, const struct ownership *ownership,
			bool *refused) MUST_CHECK;

/* Adds the refusals to a report: each is a service that failed. -ENOMEM. */
int vip_admission_report(const struct vip_admission *admission,
			 struct reconcile_report *report) MUST_CHECK;

void vip_admission_clear(struct vip_admission *admission);
