/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/plan_sysctls.h"

#include <errno.h>
#include <string.h>

#include "agent/model/sysctl_name.h"

/* Sysctls: what leaves the state gets back the value found before. */

struct sysctl_planning {
	const struct globals *wanted, *actual;
	const struct ownership *ownership;
	struct plan *plan;
};

/* Whether another write of the plan may change it, whatever its value is now. */
static bool is_turned(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];

		if (operation->kind == OPERATION_SET_SYSCTL &&
		    sysctl_turns(operation->sysctl->name, name))
			return true;
	}
	return false;
}

/* A copy is planned: the ownership's own array moves when another value found is kept. */
static int plan_sysctl(const struct sysctl_planning *planning, const struct sysctl *goal)
{
	const char *have = globals_find_sysctl(planning->actual, goal->name);
	struct sysctl *copy;

	if (have && ownership_has_sysctl(planning->ownership, goal, have) &&
	    !is_turned(planning->plan, goal->name))
		return 0;
	copy = plan_copy_sysctl(planning->plan, goal);
	if (!copy)
		return -ENOMEM;
	return plan_add(planning->plan, &(struct operation){ .kind = OPERATION_SET_SYSCTL,
							     .sysctl = copy,
							     .sysctl_before = have });
}

/* What left the state gets its old value back, unless it went with its link. */
static int plan_returns(const struct sysctl_planning *planning, enum sysctl_rank rank)
{
	const struct globals *before = &planning->ownership->before;
	int r = 0;

	for (size_t i = 0; r == 0 && i < before->sysctl_count; i++) {
		const struct sysctl *goal = &before->sysctls[i];

		if (sysctl_rank(goal->name) == rank &&
		    !globals_find_sysctl(planning->wanted, goal->name) &&
		    !globals_sysctl_is_absent(planning->actual, goal->name))
			r = plan_sysctl(planning, goal);
	}
	return r;
}

static int plan_wishes(const struct sysctl_planning *planning, enum sysctl_rank rank)
{
	const struct globals *wanted = planning->wanted;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wanted->sysctl_count; i++) {
		if (sysctl_rank(wanted->sysctls[i].name) == rank)
			r = plan_sysctl(planning, &wanted->sysctls[i]);
	}
	return r;
}

int plan_sysctls(const struct planning *planning)
{
	const struct sysctl_planning sysctls = {
		.wanted = &planning->wanted->globals,
		.actual = &planning->actual->globals,
		.ownership = planning->ownership,
		.plan = planning->plan,
	};
	int r = 0;

	for (int rank = 0; r == 0 && rank < SYSCTL_RANKS; rank++) {
		r = plan_returns(&sysctls, rank);
		if (r == 0)
			r = plan_wishes(&sysctls, rank);
	}
	return r;
}
