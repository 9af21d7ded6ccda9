/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/schedule.h"

#include "common/macro.h"

static const uint64_t retry_first_usec = 1000000;
static const uint64_t retry_most_usec = 300 * 1000000ULL;
static const uint64_t resync_least_usec = 100 * 1000;
static const uint64_t wish_least_usec = 100 * 1000;
static const uint64_t look_usec_least = 1000000;

enum { DOUBLINGS_MAX = 9 };

uint64_t schedule_backoff(unsigned int failures, uint64_t random)
{
	uint64_t delay = retry_first_usec
			 << MIN_OF(failures, (unsigned int)DOUBLINGS_MAX);

	delay = MIN_OF(delay, retry_most_usec);
	return delay - delay / 4 + random % (delay / 2 + 1);
}

uint64_t schedule_period(const struct schedule *schedule, uint64_t read_usec)
{
	uint64_t period = MAX_OF(schedule->resync_usec, read_usec * SCHEDULE_READ_FACTOR);

	return MAX_OF(period, resync_least_usec);
}

uint64_t schedule_next(struct schedule *schedule, enum reconcile_outcome outcome,
		       uint64_t read_usec, uint64_t wish, uint64_t random)
{
	uint64_t period = schedule_period(schedule, read_usec);

	if (outcome == RECONCILE_TROUBLE)
		wish = schedule_backoff(schedule->failures++, random);
	else
		schedule->failures = 0;
	if (wish > period)
		return period;
	wish = MAX_OF(wish, read_usec * SCHEDULE_RETRY_FACTOR);
	return MIN_OF(MAX_OF(wish, wish_least_usec), period);
}

uint64_t schedule_look(uint64_t look_usec)
{
	return MAX_OF(look_usec_least, look_usec * SCHEDULE_LOOK_FACTOR);
}

void schedule_reset(struct schedule *schedule)
{
	schedule->failures = 0;
}
