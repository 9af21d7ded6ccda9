/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/pace.h"

#include "common/macro.h"

static const uint64_t retry_first_usec = 1000000;
static const uint64_t resync_least_usec = 100 * 1000;

enum { DOUBLINGS_MAX = 6 };

uint64_t pace_period(const struct pace *pace, uint64_t read_usec)
{
	uint64_t period = MAX_OF(pace->resync_usec, read_usec * PACE_READ_FACTOR);

	return MAX_OF(period, resync_least_usec);
}

uint64_t pace_next(struct pace *pace, enum reconcile_outcome outcome, uint64_t read_usec,
		   uint64_t random)
{
	uint64_t period = pace_period(pace, read_usec), delay;

	/* A state that is not valid is mended in its file, which is watched. */
	if (outcome != RECONCILE_DEGRADED && outcome != RECONCILE_TROUBLE) {
		pace->failures = 0;
		return period;
	}
	delay = retry_first_usec << MIN_OF(pace->failures, (unsigned int)DOUBLINGS_MAX);
	delay = delay - delay / 4 + random % (delay / 2 + 1);
	delay = MAX_OF(delay, read_usec * PACE_RETRY_FACTOR);
	pace->failures++;
	return MIN_OF(delay, period);
}

void pace_reset(struct pace *pace)
{
	pace->failures = 0;
}
