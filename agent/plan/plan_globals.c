/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/plan_globals.h"

#include "agent/plan/plan_sysctls.h"

/* Timeouts and sync daemons: what leaves the state gets back the value found before. */

/* One timeout's wish: the state's, else what was found before where it is ours, else none. */
static uint32_t timeout_goal(uint32_t wanted, uint32_t before)
{
	return wanted ? wanted : before;
}

static void plan_timeout(uint32_t wanted, uint32_t before, uint32_t actual, uint32_t *set,
			 uint32_t *replaced, bool *any)
{
	uint32_t goal = timeout_goal(wanted, before);

	if (goal == 0 || goal == actual)
		return;
	*set = goal;
	*replaced = actual;
	*any = true;
}

static int plan_timeouts(const struct timeouts *wanted, const struct timeouts *actual,
			 const struct timeouts *before, struct plan *plan)
{
	struct operation operation = { .kind = OPERATION_SET_TIMEOUTS };
	struct timeouts *set = &operation.timeouts,
			*replaced = &operation.timeouts_before;
	bool any = false;

	plan_timeout(wanted->tcp, before->tcp, actual->tcp, &set->tcp, &replaced->tcp,
		     &any);
	plan_timeout(wanted->tcp_fin, before->tcp_fin, actual->tcp_fin, &set->tcp_fin,
		     &replaced->tcp_fin, &any);
	plan_timeout(wanted->udp, before->udp, actual->udp, &set->udp, &replaced->udp,
		     &any);
	return any ? plan_add(plan, &operation) : 0;
}

/* A sync daemon has no edit: one that differs is stopped and started. */
static int plan_daemon_stops(const struct planning *planning)
{
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *want = &planning->wanted->globals.daemons[slot];
		const struct sync_daemon *have = &planning->actual->globals.daemons[slot];
		int r;

		if (want->role != SYNC_NONE || have->role == SYNC_NONE ||
		    !owned_daemon_is_ours(&planning->ownership->daemons[slot], have))
			continue;
		r = plan_add(planning->plan,
			     &(struct operation){ .kind = OPERATION_STOP_SYNC_DAEMON,
						  .daemon = have });
		if (r < 0)
			return r;
	}
	return 0;
}

int plan_globals_before(const struct planning *planning)
{
	const struct globals *wanted = &planning->wanted->globals;
	const struct globals *actual = &planning->actual->globals;
	const struct ownership *ownership = planning->ownership;
	int r;

	r = plan_sysctls(planning);
	if (r == 0)
		r = plan_timeouts(&wanted->timeouts, &actual->timeouts,
				  &ownership->timeouts_before, planning->plan);
	return r < 0 ? r : plan_daemon_stops(planning);
}

static int plan_daemon_start(const struct planning *planning,
			     const struct sync_daemon *want,
			     const struct sync_daemon *have, bool ours)
{
	enum adopt_mode adopt = planning->policy->adopt;
	struct operation start = { .kind = OPERATION_START_SYNC_DAEMON, .daemon = want };
	bool equal = sync_daemon_equal(want, have) && !have->lost;
	int r;

	if (have->role != SYNC_NONE) {
		if (equal && (ours || adopt != ADOPT_NONE))
			return 0;
		if (!ours && adopt != ADOPT_ALL)
			return plan_add_conflict(
				planning->plan, &(struct conflict){ .daemon = want,
								    .daemon_actual = have,
								    .equal = equal });
		r = plan_add(planning->plan,
			     &(struct operation){ .kind = OPERATION_STOP_SYNC_DAEMON,
						  .daemon = have });
		if (r < 0)
			return r;
		start.daemon_before = have;
	}
	return plan_add(planning->plan, &start);
}

int plan_sync_daemon_starts(const struct planning *planning)
{
	int r = 0;

	for (int slot = 0; r == 0 && slot < SYNC_DAEMON_SLOTS; slot++) {
		const struct sync_daemon *want = &planning->wanted->globals.daemons[slot];
		const struct sync_daemon *have = &planning->actual->globals.daemons[slot];

		if (want->role != SYNC_NONE)
			r = plan_daemon_start(
				planning, want, have,
				owned_daemon_is_ours(&planning->ownership->daemons[slot],
						     have));
	}
	return r;
}
