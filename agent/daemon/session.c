/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/daemon/session.h"

#include <string.h>

#include "common/clock.h"
#include "common/macro.h"

void session_clear(struct session *session)
{
	state_cache_clear(&session->state);
	ownership_clear(&session->ownership);
	retry_clear(&session->retries);
	quarrel_clear(&session->quarrels);
	history_clear(&session->history);
	table_clear(&session->draining);
	memset(session, 0, sizeof(*session));
}

uint64_t session_next(const struct session *session)
{
	uint64_t now = clock_usec(CLOCK_BOOTTIME);
	uint64_t next = retry_next(&session->retries);

	next = MIN_OF(next, quarrel_next(&session->quarrels, now));
	if (session->held_since && session->options->removal_hold_usec)
		next = MIN_OF(next,
			      session->held_since + session->options->removal_hold_usec);
	return next;
}

void session_retry_all(struct session *session)
{
	retry_reset(&session->retries);
}
