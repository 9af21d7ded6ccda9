/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/ruleset_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/skip_rules.h"
#include "agent/kernel/nft_write.h"

/* How often a table is made again because another program wrote rulesets before it was read back. */
enum { ATTEMPTS = 3 };

/*
 * One transaction. A new one must not be there yet, whoever made it since; one of ours goes and comes
 * back in the same breath.
 */
static char *commands_of(const struct operation *operation)
{
	const struct ruleset *ruleset = operation->ruleset;
	const char *family = ruleset_family_name(ruleset->family);
	char *commands = NULL;
	int n;

	if (operation->kind == OPERATION_DELETE_RULESET)
		n = asprintf(&commands, "delete table %s " RULESET_TABLE "\n", family);
	else if (operation->kind == OPERATION_NEW_RULESET)
		n = asprintf(&commands, "create table %s " RULESET_TABLE "\n%s", family,
			     ruleset->text);
	else
		n = asprintf(&commands,
			     "add table %s " RULESET_TABLE "\n"
			     "delete table %s " RULESET_TABLE "\n%s",
			     family, family, ruleset->text);
	return n < 0 ? NULL : commands;
}

/* CLEAN where no other program wrote a ruleset between two looks, so that what was read is what was made. */
enum { NOT_CLEAN, CLEAN };

static int read_generation(uint32_t *generation, struct err *err)
{
	cleanup_nft_reader struct nft_reader *reader = NULL;
	int r = nft_reader_open(&reader, err);

	return r < 0 ? r : nft_read_generation(reader, generation, err);
}

/* start: the generation before our transaction, which makes one more of it (nf_tables_api.c: nf_tables_commit). */
static int read_back(struct session *session, const struct operation *operation,
		     uint32_t start, struct err *err)
{
	struct rulesets_seen *seen = &session->rulesets_seen;
	uint8_t family = operation->ruleset->family;
	cleanup_nft_reader struct nft_reader *reader = NULL;
	uint32_t before = 0, after = 0, known = seen->generation;
	struct nft_table table = { 0 };
	int slot = ruleset_slot(family);
	int r = nft_reader_open(&reader, err);

	if (r == 0)
		r = nft_read_generation(reader, &before, err);
	if (r == 0)
		r = nft_read_table(reader, family, RULESET_TABLE, RULESET_MARKER, &table,
				   err);
	if (r == 0)
		r = nft_read_generation(reader, &after, err);
	if (r < 0)
		return r;
	/* Ours was the only transaction: what is known of the other table stands. */
	if (before != known + 1)
		memset(seen->known, 0, sizeof(seen->known));
	seen->generation = before == after ? after : 0;
	seen->tables[slot] = table;
	seen->known[slot] = true;
	if (!table.exists && operation->kind != OPERATION_DELETE_RULESET)
		return NOT_CLEAN;
	return before == start + 1 && before == after ? CLEAN : NOT_CLEAN;
}

static int run(struct session *session, const struct operation *operation,
	       const char *commands, struct err *err)
{
	uint32_t start = 0;
	int r = read_generation(&start, err);

	if (r == 0)
		r = nft_run(commands, err);
	return r < 0 ? r : read_back(session, operation, start, err);
}

/* CLEAN where that was enough. Nothing must have been written since the table was looked at. */
static int write_elements(struct snapshot *snapshot, const struct operation *operation)
{
	struct session *session = snapshot->session;
	int slot = ruleset_slot(operation->ruleset->family);
	uint32_t now = 0;

	if (read_generation(&now, NULL) < 0 || now != session->rulesets_seen.generation ||
	    run(session, operation, snapshot->rulesets.changes[slot].text, NULL) != CLEAN)
		return NOT_CLEAN;
	return CLEAN;
}

static int write_whole(struct session *session, const struct operation *operation,
		       struct err *err)
{
	struct operation once = *operation;
	int r = NOT_CLEAN;

	for (int i = 0; r == NOT_CLEAN && i < ATTEMPTS; i++) {
		cleanup_free char *commands = commands_of(&once);

		if (!commands)
			return err_errno(err, ENOMEM, "nftables");
		r = run(session, operation, commands, err);
		if (operation->kind == OPERATION_DELETE_RULESET)
			break;
		once.kind = OPERATION_SET_RULESET;
	}
	return r < 0 ? r : 0;
}

/* What was made is kept, so that the next change of a few elements is one of a few elements. */
static int write_one(struct snapshot *snapshot, const struct operation *operation,
		     struct err *err)
{
	struct session *session = snapshot->session;
	int slot = ruleset_slot(operation->ruleset->family);
	struct ruleset *made = &session->rulesets_made[slot];
	int r;

	if (operation->kind == OPERATION_CHANGE_RULESET &&
	    write_elements(snapshot, operation) == CLEAN)
		r = 0;
	else
		r = write_whole(session, operation, err);
	ruleset_clear(made);
	if (r == 0 && operation->kind != OPERATION_DELETE_RULESET) {
		*made = snapshot->rulesets.wanted[slot];
		snapshot->rulesets.wanted[slot].text = NULL;
	}
	return r;
}

static int report_failure(struct reconcile_report *report,
			  const struct operation *operation, const struct err *err)
{
	char object[OPERATION_OBJECT_TEXT];

	operation_format_object(operation, object, sizeof(object));
	return reconcile_report_add(report, object, NULL, err->text, err->code);
}

/* New services of a family that are not for everybody, where nobody would be kept out. */
static void withhold_unfiltered(const struct plan *plan, uint8_t family, int *results)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];

		if (operation->kind == OPERATION_NEW_SERVICE && results[i] == 0 &&
		    operation->service->key.address.family == family &&
		    ruleset_restricts(operation->service))
			results[i] = SKIPPED_UNFILTERED;
	}
}

int rulesets_write(struct snapshot *snapshot, int *results,
		   struct reconcile_report *report)
{
	const struct ruleset_goals *goals = &snapshot->rulesets;
	const struct plan *plan = &snapshot->plan;

	for (int slot = 0; slot < RULESET_SLOTS; slot++) {
		if (goals->conflict[slot])
			withhold_unfiltered(plan, goals->wanted[slot].family, results);
	}
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		struct err err = goals->trouble;

		if (!operation_is_of_ruleset(operation))
			continue;
		if (results[i] == 0) {
			report->kernel_writes += err.code == 0;
			results[i] = err.code ? -err.code
					      : write_one(snapshot, operation, &err);
			if (results[i] != 0 &&
			    report_failure(report, operation, &err) < 0)
				return -ENOMEM;
		}
		if (results[i] != 0 && operation->kind != OPERATION_DELETE_RULESET)
			withhold_unfiltered(plan, operation->ruleset->family, results);
	}
	return 0;
}

/* --- the record --- */

static struct owned_ruleset *owned_of(struct snapshot *snapshot,
				      const struct operation *operation)
{
	int slot = ruleset_slot(operation->ruleset->family);

	return &snapshot->session->ownership.rulesets[slot];
}

/*
 * A run that died before it could note what it had made left the marker. One that somebody took away and
 * that is wanted stays ours: to make it again is a repair, for which there may be no turn yet.
 */
static void confirm_one(struct owned_ruleset *owned, const struct nft_table *actual,
			bool is_wanted, bool *changed)
{
	bool ours = actual->exists &&
		    (actual->marker != 0 ||
		     (owned->handle != 0 && owned->handle == actual->handle));

	if (owned->mark == OWNERSHIP_NONE || (is_wanted && !actual->exists))
		return;
	if (!ours) {
		*owned = (struct owned_ruleset){ 0 };
		*changed = true;
	} else if (owned->mark == OWNERSHIP_INTENDED) {
		*owned = (struct owned_ruleset){ .mark = OWNERSHIP_OWNED,
						 .fingerprint = actual->marker };
		*changed = true;
	}
}

void rulesets_confirm(struct snapshot *snapshot, bool *changed)
{
	const struct ruleset_goals *goals = &snapshot->rulesets;

	if (!goals->looked || goals->trouble.code != 0)
		return;
	for (int slot = 0; slot < RULESET_SLOTS; slot++)
		confirm_one(&snapshot->session->ownership.rulesets[slot],
			    &goals->actual[slot], goals->wanted[slot].text != NULL,
			    changed);
}

void rulesets_intend(struct snapshot *snapshot, const int *results, bool *changed)
{
	const struct plan *plan = &snapshot->plan;

	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		struct owned_ruleset *owned;

		if (!operation_is_of_ruleset(operation) || results[i] != 0)
			continue;
		owned = owned_of(snapshot, operation);
		if (owned->mark != OWNERSHIP_NONE)
			continue;
		*owned =
			(struct owned_ruleset){ .mark = OWNERSHIP_INTENDED,
						.fingerprint =
							operation->ruleset->fingerprint };
		*changed = true;
	}
}

void rulesets_note(struct snapshot *snapshot, const int *results, bool *changed)
{
	const struct rulesets_seen *seen = &snapshot->session->rulesets_seen;
	const struct plan *plan = &snapshot->plan;

	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct operation *operation = &plan->operations[i];
		const struct nft_table *table;
		struct owned_ruleset *owned;

		/* What failed is as it was: a transaction is all or nothing. */
		if (!operation_is_of_ruleset(operation) || results[i] != 0)
			continue;
		*changed = true;
		owned = owned_of(snapshot, operation);
		*owned = (struct owned_ruleset){ 0 };
		if (operation->kind == OPERATION_DELETE_RULESET)
			continue;
		table = &seen->tables[ruleset_slot(operation->ruleset->family)];
		*owned = (struct owned_ruleset){
			.mark = OWNERSHIP_OWNED,
			.fingerprint = operation->ruleset->fingerprint,
			.handle = table->handle,
			.sum = table->sum,
		};
	}
}
