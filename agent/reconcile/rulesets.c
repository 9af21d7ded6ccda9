/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/rulesets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/node_address.h"
#include "agent/plan/ruleset_change.h"
#include "agent/plan/ruleset_make.h"

/* Sysctls first, then what is wanted, what is there, and the difference. */

static const uint8_t families[RULESET_SLOTS] = { AF_INET, AF_INET6 };

/* --- sysctls --- */

static const char *const forwarding[RULESET_SLOTS] = { GLOBALS_FORWARDING_SYSCTL,
						       GLOBALS_FORWARDING6_SYSCTL };

/*
 * ip_vs_core.c, ip_vs_nfct.c: without the first a packet of IPVS is none that conntrack knows, and so
 * neither masqueraded nor ever established; without the second a UDP client stays with a destination
 * that was removed.
 */
static const char *const always[] = { "net.ipv4.vs.conntrack",
				      "net.ipv4.vs.expire_nodest_conn" };

int rulesets_imply_sysctls(const struct table *wanted, struct globals *globals)
{
	bool any = false, forwards[RULESET_SLOTS] = { false };
	int r = 0;

	for (size_t i = 0; i < wanted->service_count; i++) {
		const struct service *service = &wanted->services[i];

		if (!service->access)
			continue;
		any |= ruleset_concerns(service);
		forwards[ruleset_slot(service->key.address.family)] |=
			ruleset_masquerades(service);
	}
	for (size_t i = 0; r == 0 && any && i < ARRAY_SIZE(always); i++)
		r = globals_imply_sysctl(globals, always[i], "1");
	for (int slot = 0; r == 0 && slot < RULESET_SLOTS; slot++) {
		if (forwards[slot])
			r = globals_imply_sysctl(globals, forwarding[slot], "1");
	}
	return r;
}

static bool any_of_family(const struct drain *drains, size_t count, uint8_t family)
{
	for (size_t i = 0; i < count; i++) {
		if (drains[i].service.address.family == family)
			return true;
	}
	return false;
}

/* Whether anything of the family drains once the plan is executed. */
static bool family_drains(const struct snapshot *snapshot, uint8_t family)
{
	const struct ownership *ownership = &snapshot->session->ownership;
	const struct plan *plan = &snapshot->plan;

	/* A part's plan has the drains of its own services alone. */
	return any_of_family(plan->drains, plan->drain_count, family) ||
	       (snapshot->scope &&
		any_of_family(ownership->drains, ownership->drain_count, family));
}

static int imply_ours(struct snapshot *snapshot, const char *name)
{
	if (!globals_find_sysctl(&snapshot->session->ownership.before, name))
		return 0;
	return globals_imply_sysctl(&snapshot->wanted.globals, name, "1");
}

int rulesets_imply_for_drains(struct snapshot *snapshot)
{
	const struct ownership *ownership = &snapshot->session->ownership;
	int r = 0;

	for (int slot = 0; r == 0 && slot < RULESET_SLOTS; slot++) {
		if (ownership->rulesets[slot].mark == OWNERSHIP_NONE ||
		    !family_drains(snapshot, families[slot]))
			continue;
		r = imply_ours(snapshot, forwarding[slot]);
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(always); i++)
			r = imply_ours(snapshot, always[i]);
	}
	return r;
}

/* --- what is wanted --- */

static const struct table *wanted_of(const struct snapshot *snapshot)
{
	return snapshot->scope ? snapshot->all_wanted : &snapshot->wanted;
}

static bool needs_own_addresses(const struct table *wanted)
{
	for (size_t i = 0; i < wanted->service_count; i++) {
		const struct service_access *access = wanted->services[i].access;

		if (access && (access->bind || access->source_count > 0))
			return true;
	}
	return false;
}

static int read_own_addresses(const struct session *session, struct address_list *list,
			      struct err *err)
{
	cleanup_free struct address *own = NULL;
	size_t count = 0;
	int r = host_addresses_known(&session->own_link, &own, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (address_list_add(list, &own[i]) < 0)
			r = err_errno(err, ENOMEM, "reading the node's addresses");
	}
	return r;
}

bool rulesets_have_own_addresses(const struct session *session)
{
	cleanup_address_list struct address_list now = { 0 };

	return !session->own_addresses_used ||
	       (read_own_addresses(session, &now, NULL) == 0 &&
		address_list_equal(&now, &session->own_addresses));
}

/* Where nothing is needed any more, but connections are left that were translated: an idle one. */
static int make_one(struct snapshot *snapshot, const struct ruleset_settings *settings,
		    int slot)
{
	const struct ownership *ownership = &snapshot->session->ownership;
	struct ruleset *ruleset = &snapshot->rulesets.wanted[slot];
	int r = ruleset_make(wanted_of(snapshot), settings, families[slot], ruleset);

	if (r < 0 || ruleset->text || ownership->rulesets[slot].mark == OWNERSHIP_NONE ||
	    !family_drains(snapshot, families[slot]))
		return r;
	return ruleset_make_idle(families[slot], ruleset);
}

static int make_wanted(struct snapshot *snapshot, struct err *err)
{
	const struct options *options = snapshot->session->options;
	const struct table *wanted = wanted_of(snapshot);
	struct ruleset_settings settings = {
		.masquerade_bit = options->masquerade_bit,
		.masquerade_all = options->masquerade_all,
		.no_endpoints = options->no_endpoints,
		.cluster = options->cluster_networks,
		.cluster_count = options->cluster_network_count,
		.service_networks = options->service_networks,
		.service_network_count = options->service_network_count,
	};
	struct session *session = snapshot->session;
	int r = 0;

	session->own_addresses_used = needs_own_addresses(wanted);
	address_list_clear(&session->own_addresses);
	if (session->own_addresses_used)
		r = read_own_addresses(session, &session->own_addresses, err);
	settings.own = session->own_addresses.items;
	settings.own_count = session->own_addresses.count;
	for (int slot = 0; r == 0 && slot < RULESET_SLOTS; slot++) {
		r = make_one(snapshot, &settings, slot);
		if (r < 0)
			return err_errno(err, -r, "planning nftables");
	}
	return r;
}

/* --- what is there --- */

static int read_tables(struct nft_reader *reader, struct rulesets_seen *seen,
		       const bool *of_interest, struct err *err)
{
	uint32_t after = 0;
	int r = 0;

	for (int slot = 0; r == 0 && slot < RULESET_SLOTS; slot++) {
		if (!of_interest[slot] || seen->known[slot])
			continue;
		r = nft_read_table(reader, families[slot], RULESET_TABLE, RULESET_MARKER,
				   &seen->tables[slot], err);
		seen->known[slot] = r == 0;
	}
	if (r == 0)
		r = nft_read_generation(reader, &after, err);
	/* What was read stands for this time, but not for the generation it began with. */
	if (r < 0 || after != seen->generation)
		seen->generation = 0;
	return r;
}

/* The tables of interest, read where they may be others than before. */
static int look(struct session *session, const bool *of_interest, struct err *err)
{
	struct rulesets_seen *seen = &session->rulesets_seen;
	cleanup_nft_reader struct nft_reader *reader = NULL;
	uint32_t generation = 0;
	bool missing = false;
	int r = nft_reader_open(&reader, err);

	if (r == 0)
		r = nft_read_generation(reader, &generation, err);
	if (r < 0 || generation != seen->generation)
		*seen = (struct rulesets_seen){ .generation = generation };
	for (int slot = 0; slot < RULESET_SLOTS; slot++)
		missing |= of_interest[slot] && !seen->known[slot];
	return r == 0 && missing ? read_tables(reader, seen, of_interest, err) : r;
}

/* --- the difference --- */

static bool is_ours(const struct owned_ruleset *owned, const struct nft_table *actual)
{
	return owned->mark != OWNERSHIP_NONE &&
	       (actual->marker != 0 ||
		(owned->handle != 0 && owned->handle == actual->handle));
}

/* As it was left, and wanted as it was then. */
static bool is_as_wanted(const struct owned_ruleset *owned,
			 const struct nft_table *actual, const struct ruleset *wanted)
{
	return owned->mark == OWNERSHIP_OWNED &&
	       owned->fingerprint == wanted->fingerprint && owned->sum == actual->sum;
}

/* Whether the kernel has exactly what this process made, and knows how. */
static bool is_as_made(const struct session *session, int slot)
{
	const struct owned_ruleset *owned = &session->ownership.rulesets[slot];
	const struct ruleset *made = &session->rulesets_made[slot];
	const struct nft_table *table = &session->rulesets_seen.tables[slot];

	return made->text && owned->mark == OWNERSHIP_OWNED &&
	       owned->fingerprint == made->fingerprint && owned->sum == table->sum &&
	       table->marker == made->fingerprint;
}

/* One of ours becomes the wanted one: by its elements where that is enough, else as a whole. */
static int plan_change(struct snapshot *snapshot, int slot, bool drift)
{
	const struct session *session = snapshot->session;
	struct ruleset_goals *goals = &snapshot->rulesets;
	const struct ruleset *wanted = &goals->wanted[slot];
	enum operation_kind kind = OPERATION_SET_RULESET;

	if (is_as_made(session, slot) &&
	    ruleset_change(&session->rulesets_made[slot], wanted,
			   &goals->changes[slot]) == RULESET_CHANGE_ELEMENTS)
		kind = OPERATION_CHANGE_RULESET;
	return plan_add_ruleset(&snapshot->plan, kind, wanted, drift);
}

static int plan_wanted(struct snapshot *snapshot, int slot)
{
	struct ruleset_goals *goals = &snapshot->rulesets;
	const struct owned_ruleset *owned = &snapshot->session->ownership.rulesets[slot];
	const struct ruleset *wanted = &goals->wanted[slot];
	const struct nft_table *actual = &goals->actual[slot];
	bool brought_about = owned->mark == OWNERSHIP_OWNED && owned->sum != 0 &&
			     owned->fingerprint == wanted->fingerprint;
	bool adopts =
		actual->marker != 0 && snapshot->session->options->adopt != ADOPT_NONE;

	if (!actual->exists)
		return plan_add_ruleset(&snapshot->plan, OPERATION_NEW_RULESET, wanted,
					brought_about && goals->trouble.code == 0);
	if (is_ours(owned, actual))
		return is_as_wanted(owned, actual, wanted)
			       ? 0
			       : plan_change(snapshot, slot, brought_about);
	if (adopts)
		return plan_add_ruleset(&snapshot->plan, OPERATION_SET_RULESET, wanted,
					false);
	goals->conflict[slot] = true;
	return plan_add_ruleset_conflict(&snapshot->plan, wanted);
}

static int plan_one(struct snapshot *snapshot, int slot)
{
	const struct ruleset_goals *goals = &snapshot->rulesets;
	const struct owned_ruleset *owned = &snapshot->session->ownership.rulesets[slot];

	if (goals->wanted[slot].text)
		return plan_wanted(snapshot, slot);
	/* Its failure says why it may still be there. */
	if (goals->trouble.code != 0)
		return plan_add_ruleset(&snapshot->plan, OPERATION_DELETE_RULESET,
					&goals->wanted[slot], false);
	if (!is_ours(owned, &goals->actual[slot]) || !goals->actual[slot].exists)
		return 0;
	return plan_add_ruleset(&snapshot->plan, OPERATION_DELETE_RULESET,
				&goals->wanted[slot], false);
}

bool rulesets_are_owned(const struct ownership *ownership)
{
	for (int slot = 0; slot < RULESET_SLOTS; slot++) {
		if (ownership->rulesets[slot].mark != OWNERSHIP_NONE)
			return true;
	}
	return false;
}

bool rulesets_concern(const struct snapshot *snapshot)
{
	const struct session *session = snapshot->session;
	const struct table *wanted = wanted_of(snapshot);

	if (!wanted)
		return false;
	if (rulesets_are_owned(&session->ownership) ||
	    session->options->no_endpoints != NO_ENDPOINTS_NONE)
		return true;
	for (size_t i = 0; i < wanted->service_count; i++) {
		if (ruleset_concerns(&wanted->services[i]))
			return true;
	}
	return false;
}

int rulesets_plan(struct snapshot *snapshot, struct err *err)
{
	struct session *session = snapshot->session;
	struct ruleset_goals *goals = &snapshot->rulesets;
	bool of_interest[RULESET_SLOTS], any = false;
	int r;

	ruleset_goals_clear(goals);
	if (!rulesets_concern(snapshot))
		return 0;
	r = make_wanted(snapshot, err);
	if (r < 0)
		return r;
	for (int slot = 0; slot < RULESET_SLOTS; slot++) {
		of_interest[slot] =
			goals->wanted[slot].text ||
			session->ownership.rulesets[slot].mark != OWNERSHIP_NONE;
		any |= of_interest[slot];
	}
	if (!any)
		return 0;
	goals->looked = true;
	/* Its writes then fail, with this as the reason; services go on. */
	if (look(session, of_interest, &goals->trouble) == 0)
		memcpy(goals->actual, session->rulesets_seen.tables,
		       sizeof(goals->actual));
	for (int slot = 0; r == 0 && slot < RULESET_SLOTS; slot++) {
		if (of_interest[slot])
			r = plan_one(snapshot, slot);
	}
	return r < 0 ? err_errno(err, -r, "planning nftables") : 0;
}

bool rulesets_changed(struct session *session)
{
	const struct ownership *ownership = &session->ownership;
	bool of_interest[RULESET_SLOTS];

	for (int slot = 0; slot < RULESET_SLOTS; slot++)
		of_interest[slot] = ownership->rulesets[slot].mark == OWNERSHIP_OWNED;
	if (look(session, of_interest, NULL) < 0)
		return true;
	for (int slot = 0; slot < RULESET_SLOTS; slot++) {
		const struct nft_table *table = &session->rulesets_seen.tables[slot];

		if (of_interest[slot] && ownership->rulesets[slot].sum != table->sum)
			return true;
	}
	return false;
}
