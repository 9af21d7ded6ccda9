/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/vip_reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/vip_ownership.h"
#include "agent/reconcile/vip_outcome.h"
#include "agent/reconcile/snapshot.h"
#include "agent/reconcile/skip_rules.h"
#include "agent/kernel/rtnl.h"
#include "agent/model/fingerprint.h"
#include "agent/plan/vip_planner.h"
#include "common/cleanup.h"
#include "common/clock.h"

/* --- what is wanted, and what leaves --- */

/* Keys of services that are ours and that wanted does not have. */
static int find_leaving(const struct ownership *ownership, const struct table *wanted,
			struct service_key **leaving, size_t *count)
{
	struct service_key *keys = calloc(ownership->service_count + 1, sizeof(*keys));
	size_t w = 0, found = 0;

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < ownership->service_count; i++) {
		const struct service_key *key = &ownership->services[i].key;

		while (w < wanted->service_count &&
		       service_key_compare(&wanted->services[w].key, key) < 0)
			w++;
		if (w == wanted->service_count ||
		    service_key_compare(&wanted->services[w].key, key) != 0)
			keys[found++] = *key;
	}
	*leaving = keys;
	*count = found;
	return 0;
}

static bool owns_nothing(const struct ownership *ownership)
{
	return ownership->link.name[0] == '\0' && ownership->bound.count == 0 &&
	       !ownership->routes;
}

/* Whether neither is anything to be local here, nor has anything of ours been. */
static bool needs_nothing(const struct session *session, const struct vips *wanted)
{
	return wanted->bound.count == 0 && !session->options->keep_link &&
	       owns_nothing(&session->ownership);
}

/* Fills empty addresses with what the snapshot wants. */
static int take_wanted(const struct snapshot *snapshot, struct vips *addresses)
{
	const struct ownership *ownership = &snapshot->session->ownership;
	int r = vip_collect(&snapshot->wanted, &addresses->bound);

	if (r == 0 && !owns_nothing(ownership))
		r = find_leaving(ownership, &snapshot->wanted, &addresses->leaving,
				 &addresses->leaving_count);
	return r;
}

/* The addresses of those that leave and are in the kernel still; plan deletes in the keys' order. */
static int list_leaving(const struct vips *addresses, const struct ownership *ownership,
			const struct plan *plan, struct address_list *list)
{
	size_t o = 0;

	for (size_t i = 0; i < addresses->leaving_count; i++) {
		const struct service_key *key = &addresses->leaving[i];
		bool goes = !ownership_find(ownership, key);

		while (plan && o < plan->operation_count &&
		       (plan->operations[o].kind != OPERATION_DELETE_SERVICE ||
			service_key_compare(&plan->operations[o].service->key, key) < 0))
			o++;
		if (plan && o < plan->operation_count)
			goes |= service_key_compare(&plan->operations[o].service->key,
						    key) == 0;
		if (!goes && !key->fwmark && address_list_add(list, &key->address) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- the plan --- */

static bool was_local(const struct vips *addresses, const struct network *network)
{
	size_t low = 0, high = addresses->local_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = network_compare(&addresses->local[middle], network);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool is_drift(const struct vips *addresses, const struct vip_operation *operation,
		     const struct vip_operation *before)
{
	switch (operation->kind) {
	case VIP_ADD_LINK:
	case VIP_RENAME_LINK:
		return addresses->has_link;
	case VIP_ADD_ADDRESS:
		return addresses->uses_link && was_local(addresses, &operation->network);
	case VIP_ADD_ROUTE:
		/* One that gets another source follows the node's own address. */
		return (!before || before->kind != VIP_REMOVE_ROUTE) &&
		       (!network_is_of_one(&operation->network) ||
			!addresses->uses_link) &&
		       was_local(addresses, &operation->network);
	default:
		return false;
	}
}

static void mark_drift(const struct vips *addresses, struct vip_plan *plan)
{
	for (size_t i = 0; i < plan->operation_count; i++)
		plan->operations[i].drift =
			is_drift(addresses, &plan->operations[i],
				 i > 0 ? &plan->operations[i - 1] : NULL);
}

/* plan of services: what of those that leave will have gone, NULL where they have. */
static int make_plan(const struct session *session, const struct vips *wanted,
		     const struct plan *services, const struct host_net *host,
		     struct vip_plan *plan)
{
	const struct options *options = session->options;
	cleanup_address_list struct address_list leaving = { 0 };
	const struct vip_wish wish = {
		.bound = &wanted->bound,
		.leaving = &leaving,
		.networks = options->service_networks,
		.network_count = options->service_network_count,
		.link = options->link,
		.keep_link = options->keep_link,
	};
	int r = list_leaving(wanted, &session->ownership, services, &leaving);

	if (r == 0)
		r = vip_plan_make(&wish, host, &session->ownership, plan);
	if (r == 0)
		mark_drift(&session->addresses, plan);
	return r;
}

int vips_plan(const struct snapshot *snapshot, struct vip_plan *plan, struct err *err)
{
	cleanup_rtnl struct rtnl *rtnl = NULL;
	cleanup_host_net struct host_net host = { 0 };
	struct vips wanted = { 0 };
	int r = take_wanted(snapshot, &wanted);

	if (r < 0 || needs_nothing(snapshot->session, &wanted)) {
		vips_clear(&wanted);
		return r < 0 ? err_errno(err, -r, "planning addresses") : 0;
	}
	r = rtnl_open(&rtnl, err);
	if (r == 0)
		r = rtnl_read_node(rtnl, RTNL_OWN_ROUTES, &host, err);
	if (r == 0) {
		r = make_plan(snapshot->session, &wanted, &snapshot->plan, &host, plan);
		if (r < 0)
			(void)err_errno(err, -r, "planning addresses");
	}
	vips_clear(&wanted);
	return r;
}

/* --- writing --- */

static void withhold(struct session *session, const struct vip_plan *plan, int *results)
{
	uint64_t now = clock_usec(CLOCK_BOOTTIME);
	char object[VIP_TEXT];

	if (session->error_backoffs.count == 0 && session->drift_backoffs.count == 0)
		return;
	for (size_t i = 0; i < plan->operation_count; i++) {
		const struct vip_operation *operation = &plan->operations[i];

		vip_format_object(operation, object);
		if (error_backoff_find_waiting(&session->error_backoffs, object, now))
			results[i] = SKIPPED_BACK_OFF;
		else if (operation->drift &&
			 drift_backoff_find(&session->drift_backoffs, object, now))
			results[i] = SKIPPED_CONTESTED;
	}
}

/* What failed is not there, and no drift when it is tried again. */
static int keep_local(struct vips *addresses, struct vip_plan *plan, const int *results)
{
	struct address_list failed = { 0 };
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		enum vip_kind kind = plan->operations[i].kind;

		if ((kind == VIP_ADD_ADDRESS || kind == VIP_ADD_ROUTE) &&
		    results[i] != 0 && results[i] != SKIPPED_CONTESTED)
			r = address_list_add(&failed,
					     &plan->operations[i].network.address);
	}
	for (size_t i = 0; r == 0 && i < plan->local_count; i++) {
		if (failed.count == 0 ||
		    !address_list_has(&failed, &plan->local[i].address))
			plan->local[kept++] = plan->local[i];
	}
	address_list_clear(&failed);
	if (r < 0)
		return r;
	free(addresses->local);
	addresses->local = TAKE_PTR(plan->local);
	addresses->local_count = kept;
	addresses->has_link = plan->has_link;
	addresses->uses_link = plan->uses_link;
	return 0;
}

static int execute(struct session *session, struct rtnl *rtnl,
		   const struct host_net *host, struct vip_plan *plan,
		   struct reconcile_report *report)
{
	cleanup_free int *results = calloc(plan->operation_count + 1, sizeof(*results));
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	struct err err = { 0 };
	int r;

	if (!results)
		return -ENOMEM;
	withhold(session, plan, results);
	r = vip_ownership_before(session, host, plan, results, report);
	if (r == 0 && plan->operation_count > 0 &&
	    rtnl_apply(rtnl, plan->operations, plan->operation_count,
		       session->ownership.link.hardware, results, &err) == -ENOMEM)
		r = -ENOMEM;
	report->times.kernel += clock_usec(CLOCK_MONOTONIC) - start;
	if (r == 0)
		r = vip_outcome(session, plan, results, report);
	if (r == 0)
		r = vip_ownership_after(session, plan, results, report);
	return r < 0 ? r : keep_local(&session->addresses, plan, results);
}

static int run(struct session *session, struct rtnl *rtnl,
	       struct reconcile_report *report, struct err *err)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	cleanup_host_net struct host_net host = { 0 };
	cleanup_vip_plan struct vip_plan plan = { 0 };
	int r = rtnl_read_node(rtnl, RTNL_OWN_ROUTES, &host, err);

	report->times.dump += clock_usec(CLOCK_MONOTONIC) - start;
	if (r < 0)
		return r;
	r = make_plan(session, &session->addresses, NULL, &host, &plan);
	if (r == 0)
		r = execute(session, rtnl, &host, &plan, report);
	return r < 0 ? err_errno(err, -r, "addresses") : 0;
}

static int look(struct session *session, struct reconcile_report *report)
{
	struct vips *addresses = &session->addresses;
	cleanup_rtnl struct rtnl *rtnl = NULL;
	struct err err = { 0 };
	int r;

	if (!addresses->known)
		return 0;
	if (needs_nothing(session, addresses)) {
		addresses->local_count = 0;
		addresses->has_link = addresses->uses_link = false;
		return 0;
	}
	r = rtnl_open(&rtnl, &err);
	if (r == 0)
		r = run(session, rtnl, report, &err);
	if (rtnl) {
		report->kernel_reads += rtnl_get_counts(rtnl)->reads;
		report->kernel_writes += rtnl_get_counts(rtnl)->writes;
	}
	if (r == 0 || err.code == ENOMEM)
		return r;
	return reconcile_report_add(report, "addresses", NULL, err.text, err.code);
}

int vips_check(struct session *session, struct reconcile_report *report)
{
	size_t failures = report->failure_count, warnings = report->warning_count;
	int r = look(session, report);

	session->addresses.settled = r == 0 && report->failure_count == failures &&
				     report->warning_count == warnings;
	return r;
}

/* What else may have changed the daemon's watch tells of. */
static bool is_settled(const struct vips *addresses, const struct vips *wanted)
{
	if (!addresses->known || !addresses->settled || addresses->leaving_count > 0 ||
	    wanted->leaving_count > 0 || addresses->bound.count != wanted->bound.count)
		return false;
	for (size_t i = 0; i < wanted->bound.count; i++) {
		if (address_compare(&addresses->bound.items[i],
				    &wanted->bound.items[i]) != 0)
			return false;
	}
	return true;
}

/*
 * At the first look of a process: where the record says that this very state was brought about before,
 * what it has on our link was there.
 */
static int take_up(const struct snapshot *snapshot, struct vips *addresses)
{
	const struct ownership *ownership = &snapshot->session->ownership;
	const struct address_list *bound = &ownership->bound;

	if (addresses->known || bound->count == 0 || ownership->good_left ||
	    ownership->good_fingerprint != fingerprint_table(&snapshot->wanted))
		return 0;
	addresses->local = calloc(bound->count, sizeof(*addresses->local));
	if (!addresses->local)
		return -ENOMEM;
	for (size_t i = 0; i < bound->count; i++)
		addresses->local[i] = network_of_one(&bound->items[i]);
	addresses->local_count = bound->count;
	addresses->has_link = addresses->uses_link = true;
	return 0;
}

int vips_apply(const struct snapshot *snapshot, struct reconcile_report *report)
{
	struct vips *addresses = &snapshot->session->addresses;
	struct vips wanted = { .known = true };
	int r = take_up(snapshot, addresses);

	wanted.local = addresses->local;
	wanted.local_count = addresses->local_count;
	wanted.has_link = addresses->has_link;
	wanted.uses_link = addresses->uses_link;
	if (r == 0)
		r = take_wanted(snapshot, &wanted);
	/* What was brought about is the same memory in both. */
	if (r < 0 || (report->part && is_settled(addresses, &wanted))) {
		wanted.local = NULL;
		vips_clear(&wanted);
		return r;
	}
	addresses->local = NULL;
	vips_clear(addresses);
	*addresses = wanted;
	return vips_check(snapshot->session, report);
}
