/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/session.h"

#include <string.h>

#include "agent/store/ownership_file.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/macro.h"

/* After this many appended lines the whole file is written again. */
enum { APPENDED_MAX = 1000 };

void session_clear(struct session *session)
{
	state_cache_clear(&session->state);
	ownership_clear(&session->ownership);
	error_backoff_clear(&session->error_backoffs);
	drift_backoff_clear(&session->drift_backoffs);
	last_applied_clear(&session->last_applied);
	vips_clear(&session->addresses);
	notes_clear(&session->last_good_notes);
	address_list_clear(&session->own_addresses);
	table_clear(&session->draining);
	service_warnings_clear(&session->warnings);
	for (int slot = 0; slot < RULESET_SLOTS; slot++)
		ruleset_clear(&session->rulesets_made[slot]);
	memset(session, 0, sizeof(*session));
}

int session_load_record(struct session *session, struct err *err)
{
	const char *run_directory = session->options->run_directory;
	struct err found = { 0 };
	int r;

	if (session->record_read) {
		/* The file was removed: what we know is written again. */
		session->record_unsaved |= ownership_file_is_missing(run_directory);
		return 0;
	}
	r = ownership_file_check_namespace(run_directory, &found);
	if (r == 0)
		r = ownership_file_load(run_directory, &session->ownership, &found);
	if (r < 0)
		return err_set(err, found.code, "%s", found.text);
	if (r != OWNERSHIP_FILE_LOADED && r != OWNERSHIP_FILE_NONE)
		log_warning(
			"%s: it owns nothing; services that it named count as others'",
			found.text);
	session->record_read = true;
	return 0;
}

int session_write_record(struct session *session, struct err *err)
{
	int r = ownership_file_write(session->options->run_directory, &session->ownership,
				     err);

	session->record_unsaved = r < 0;
	session->record_appended = 0;
	if (r == 0)
		ownership_recorded(&session->ownership);
	return r;
}

int session_note_good(struct session *session, struct err *err)
{
	struct err reason = { 0 };

	if (!session->record_unsaved && session->record_appended < APPENDED_MAX &&
	    ownership_file_append_good(session->options->run_directory,
				       &session->ownership, &reason) == 0) {
		session->record_appended++;
		return 0;
	}
	return session_write_record(session, err);
}

uint64_t session_next(const struct session *session)
{
	uint64_t now = clock_usec(CLOCK_BOOTTIME);
	uint64_t next = error_backoff_next(&session->error_backoffs);

	next = MIN_OF(next, drift_backoff_next(&session->drift_backoffs, now));
	if (session->held_since && session->options->removal_hold_usec)
		next = MIN_OF(next,
			      session->held_since + session->options->removal_hold_usec);
	return next;
}

void session_retry_all(struct session *session)
{
	error_backoff_reset(&session->error_backoffs);
}
