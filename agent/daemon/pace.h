/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "agent/daemon/reconcile.h"

/*
 * When the daemon reconciles next although nothing happened: after the resync period, or sooner
 * where something failed, with a bounded back-off. Pure; all in microseconds.
 */
struct pace {
	uint64_t resync_usec;  /* as asked for */
	unsigned int failures; /* reconciles in a row that left something to be retried */
};

enum {
	PACE_READ_FACTOR =
		50, /* resync: at most a fiftieth of the time goes into reading */
	PACE_RETRY_FACTOR = 10, /* retry: at most a tenth */
};

/* The resync period in force after a reconcile that took read_usec to read state and kernel. */
uint64_t pace_period(const struct pace *pace, uint64_t read_usec);

/*
 * The time to the next reconcile after one with this outcome. A retry comes after 1, 2, 4, … s, a
 * quarter less or more by random (any number), and never later than the resync would.
 */
uint64_t pace_next(struct pace *pace, enum reconcile_outcome outcome, uint64_t read_usec,
		   uint64_t random);

/* Something changed that may have mended it: the next back-off begins anew. */
void pace_reset(struct pace *pace);
