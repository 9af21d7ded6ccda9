/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "agent/report/reconcile_report.h"

/*
 * When the daemon reconciles next although nothing happened: after the resync period, or sooner
 * where an object's back-off ends or nothing could be done at all. Pure; all in microseconds.
 */
struct schedule {
	uint64_t resync_usec;  /* as asked for */
	unsigned int failures; /* reconciles in a row that came to nothing */
};

enum {
	SCHEDULE_READ_FACTOR =
		50, /* resync: at most a fiftieth of the time goes into reading */
	SCHEDULE_RETRY_FACTOR = 10, /* retry: at most a tenth */
	SCHEDULE_LOOK_FACTOR = 20,  /* a look at the drains: at most a twentieth */
};

/* The wait after the failure number failures (0: the first): 1, 2, 4, … at most 300 s, a quarter
 * less or more by random (any number). */
uint64_t schedule_backoff(unsigned int failures, uint64_t random);

/* The resync period in force after a reconcile that took read_usec to read state and kernel. */
uint64_t schedule_period(const struct schedule *schedule, uint64_t read_usec);

/*
 * The time to the next reconcile after one with this outcome; wish is when the first object wants
 * it, UINT64_MAX for never. A retry never comes later than the resync would.
 */
uint64_t schedule_next(struct schedule *schedule, enum reconcile_outcome outcome,
		       uint64_t read_usec, uint64_t wish, uint64_t random);

/* The time to the next look at the drains after one that took look_usec. */
uint64_t schedule_look(uint64_t look_usec);

/* Something changed that may have mended it: the next back-off begins anew. */
void schedule_reset(struct schedule *schedule);
