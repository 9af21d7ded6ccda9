/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/reconcile/vips.h"
#include "agent/reconcile/last_applied.h"
#include "agent/config.h"
#include "agent/reconcile/progress.h"
#include "agent/reconcile/drift_backoff.h"
#include "agent/reconcile/error_backoff.h"
#include "agent/reconcile/ruleset_goals.h"
#include "agent/reconcile/service_warnings.h"
#include "agent/state/state_cache.h"
#include "agent/model/ownership.h"
#include "agent/plan/ruleset.h"
#include "common/cleanup.h"

/*
 * What one process knows from reconcile to reconcile: the daemon keeps it for its life, a command
 * for its one reconcile. Nothing here but the ownership, whose record is on disk, outlives the
 * process, and nothing needs to. Zeroed with options set at the start.
 */
struct session {
	const struct options *options; /* borrowed */
	bool falls_back; /* a state that cannot be used is replaced by the last good one */

	struct state_cache state;	/* what was read of it last */
	struct state_settings settings; /* the options', but for whose the own link is */
	struct own_link own_link;	/* also by what the record says */
	struct notes
		last_good_notes; /* its health checks, while it stands in for the state */

	struct ownership ownership;
	bool record_read;    /* ownership is what the record's file says, or newer */
	bool record_unsaved; /* newer: the file could not be written */
	unsigned int record_appended; /* lines since the whole file was written */

	struct error_backoff_list error_backoffs;
	struct drift_backoff_list drift_backoffs;
	struct last_applied last_applied;
	struct vips addresses;
	/* nftables' tables as they were found, for as long as nobody writes any (nft_table.h). */
	struct rulesets_seen rulesets_seen;
	struct address_list
		own_addresses; /* the node's, as the last rulesets leave them open */
	bool own_addresses_used;
	struct ruleset rulesets_made[RULESET_SLOTS]; /* as this process made them last */
	struct service_warnings warnings;
	pid_t kube_proxy; /* of a process of this name beside a cluster's services; 0: none */
	bool services_lost; /* another program has removed some since the last reconcile */
	size_t foreign_services; /* as the last whole reconcile counted them */

	/* As wanted: the services that stay while some of their destinations drain. */
	struct table draining;
	bool wants_reconcile; /* a look at a part found what only a whole one can mend */

	/* When the removal hold began, CLOCK_BOOTTIME in microseconds; 0: nothing is held. */
	uint64_t held_since;
	bool allow_removal; /* for the next reconcile */
	bool holds; /* the kernel has a held state's additions, which no last good state has */

	struct progress progress; /* of the reconcile under way */
	size_t interrupted; /* operations that the last one left because something else was due */
};

void session_clear(struct session *session);

#define cleanup_session CLEANUP(session_clear)

/*
 * Reads the record at the first time, and says why where what it says cannot be used: nothing is
 * ours then. -errno with err set: it cannot be known what is ours.
 */
int session_load_record(struct session *session, struct err *err) MUST_CHECK;

/* Writes the record. -errno with err set: record_unsaved says so from now on. */
int session_write_record(struct session *session, struct err *err) MUST_CHECK;

/* The same where only what it says of the last good state has changed since. */
int session_note_good(struct session *session, struct err *err) MUST_CHECK;

/*
 * When the session wants the next reconcile whatever else happens, CLOCK_BOOTTIME in
 * microseconds: a retry, a contested object's turn, the end of the removal hold. UINT64_MAX: never.
 */
uint64_t session_next(const struct session *session);

/* Something changed that may have mended what failed, by itself or on request. */
void session_retry_all(struct session *session);
