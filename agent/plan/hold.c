/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES_KEPT_BACK = 10, DESTINATIONS_KEPT_BACK = 20 };

bool hold_may_be_due(size_t services_removed, size_t destinations_removed)
{
	return services_removed > SERVICES_KEPT_BACK ||
	       destinations_removed > DESTINATIONS_KEPT_BACK;
}

bool hold_is_due(const struct hold_counts *counts)
{
	return (counts->services_removed > SERVICES_KEPT_BACK &&
		counts->services_removed * 2 > counts->services) ||
	       (counts->destinations_removed > DESTINATIONS_KEPT_BACK &&
		counts->destinations_removed * 2 > counts->destinations);
}

/* --- one service of the kernel's --- */

/* Its counterparts; NULL where there is none. */
struct held_service {
	const struct service *have, *want, *accepted;
	bool named; /* the state has it, also where it is not wanted */
	const struct ownership *ownership;
};

static struct held_service find(const struct hold_view *view, const struct service *have)
{
	const struct service_key *key = &have->key;

	return (struct held_service){
		.have = have,
		.want = table_find_service(view->wanted, key),
		.accepted =
			view->accepted ? table_find_service(view->accepted, key) : NULL,
		.named = table_find_service(view->named, key) != NULL,
		.ownership = view->ownership,
	};
}

static bool is_ours(const struct hold_view *view, const struct service *have)
{
	const struct owned_service *owned = ownership_find(view->ownership, &have->key);

	return owned && owned_service_is_ours(owned, have);
}

static bool is_of_cluster(const struct held_service *held)
{
	return (held->want && held->want->of_cluster) ||
	       (held->accepted && held->accepted->of_cluster);
}

static bool drains(const struct held_service *held, const struct destination *have)
{
	return ownership_find_drain(held->ownership, &held->have->key, have) != NULL;
}

/* All its destinations drain: it was allowed to leave. */
static bool has_left(const struct held_service *held)
{
	for (size_t i = 0; i < held->have->destination_count; i++) {
		if (!drains(held, &held->have->destinations[i]))
			return false;
	}
	return held->have->destination_count > 0;
}

/* Whether a destination of the kernel's was in force before the hold, and is so still. */
static bool was_in_force(const struct held_service *held, const struct destination *have)
{
	return !drains(held, have) &&
	       (!held->accepted || service_find_destination(held->accepted, have));
}

static bool leaves(const struct held_service *held, const struct destination *have)
{
	return was_in_force(held, have) &&
	       (!held->want || !service_find_destination(held->want, have));
}

/* How many destinations of one that stays are new to what was in force. */
static size_t count_new(const struct held_service *held)
{
	const struct service *before = held->accepted ? held->accepted : held->have;
	size_t count = 0;

	for (size_t i = 0; held->want && i < held->want->destination_count; i++)
		count += !service_find_destination(before, &held->want->destinations[i]);
	return count;
}

static size_t count_leaving(const struct held_service *held)
{
	size_t count = 0;

	for (size_t i = 0; i < held->have->destination_count; i++)
		count += leaves(held, &held->have->destinations[i]);
	return count;
}

/* How many of its destinations would be removed, and not only moved. */
static size_t count_removed(const struct held_service *held)
{
	size_t leaving = count_leaving(held), new_ones = count_new(held);

	return leaving > new_ones ? leaving - new_ones : 0;
}

/* --- all of them --- */

static void count_destinations(const struct held_service *held,
			       struct hold_counts *counts)
{
	if (is_of_cluster(held))
		return;
	for (size_t i = 0; i < held->have->destination_count; i++)
		counts->destinations += was_in_force(held, &held->have->destinations[i]);
	counts->destinations_removed += count_removed(held);
}

static bool any_of_cluster(const struct table *table)
{
	for (size_t i = 0; table && i < table->service_count; i++) {
		if (table->services[i].of_cluster)
			return true;
	}
	return false;
}

struct hold_counts hold_count(const struct hold_view *view)
{
	/* What a service that is gone from the state was is not known without the accepted one. */
	bool unknown = !view->accepted && any_of_cluster(view->named);
	struct hold_counts counts = { 0 };

	for (size_t i = 0; i < view->actual->service_count; i++) {
		const struct service *have = &view->actual->services[i];
		struct held_service held = find(view, have);

		if (!is_ours(view, have) || (view->accepted && !held.accepted) ||
		    (!held.want && has_left(&held)))
			continue;
		counts.services++;
		counts.services_removed += !held.want && !held.named;
		if (!unknown || held.want)
			count_destinations(&held, &counts);
	}
	return counts;
}

/* --- what is in force meanwhile --- */

static int copy_text(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int copy_exposure(const struct service_access *from, struct service_access **to)
{
	struct service_access copy = *from;

	copy.sources = NULL;
	if (from->source_count > 0) {
		copy.sources = calloc(from->source_count, sizeof(*copy.sources));
		if (!copy.sources)
			return -ENOMEM;
		memcpy(copy.sources, from->sources,
		       from->source_count * sizeof(*copy.sources));
	}
	*to = service_access_keep(&copy);
	if (*to)
		return 0;
	service_access_clear(&copy);
	return -ENOMEM;
}

static int copy_destinations(const struct service *from, struct service *to)
{
	int r = service_reserve(to, from->destination_count);

	for (size_t i = 0; r == 0 && i < from->destination_count; i++) {
		struct destination *added = service_add_destination(to);

		if (!added)
			return -ENOMEM;
		*added = from->destinations[i];
	}
	return r;
}

/* NULL: memory. */
static struct service *add_copy(struct table *table, const struct service *from)
{
	struct service *added = table_add_service(table);

	if (!added)
		return NULL;
	*added = *from;
	added->name = NULL;
	added->destinations = NULL;
	added->destination_count = added->destination_room = 0;
	added->access = NULL;
	if (copy_text(from->name, &added->name) < 0 ||
	    (from->access && copy_exposure(from->access, &added->access) < 0) ||
	    copy_destinations(from, added) < 0)
		return NULL;
	added->fingerprint = from->fingerprint;
	return added;
}

static int keep_destinations(const struct held_service *held, struct service *to)
{
	for (size_t i = 0; i < held->have->destination_count; i++) {
		const struct destination *have = &held->have->destinations[i];
		const struct destination *kept = NULL;
		struct destination *added;

		if (!leaves(held, have))
			continue;
		if (held->accepted)
			kept = service_find_destination(held->accepted, have);
		added = service_add_destination(to);
		if (!added)
			return -ENOMEM;
		*added = kept ? *kept : *have;
	}
	service_sort(to);
	return 0;
}

static int add_wanted(const struct hold_view *view, struct table *in_force)
{
	for (size_t i = 0; i < view->wanted->service_count; i++) {
		const struct service *want = &view->wanted->services[i];
		const struct service *have = table_find_service(view->actual, &want->key);
		struct service *added = add_copy(in_force, want);
		struct held_service held;

		if (!added)
			return -ENOMEM;
		if (!have || !is_ours(view, have))
			continue;
		held = find(view, have);
		if (!is_of_cluster(&held) && count_removed(&held) > 0 &&
		    keep_destinations(&held, added) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* A service that was in force, even if another program has just deleted it. */
static int add_accepted(const struct hold_view *view, struct table *in_force)
{
	for (size_t i = 0; i < view->accepted->service_count; i++) {
		const struct service *service = &view->accepted->services[i];
		const struct service *have =
			table_find_service(view->actual, &service->key);
		struct held_service held;

		if (table_find_service(view->named, &service->key) ||
		    !ownership_find(view->ownership, &service->key) ||
		    (have && !is_ours(view, have)))
			continue;
		if (have) {
			held = find(view, have);
			if (has_left(&held))
				continue;
		}
		if (!add_copy(in_force, service))
			return -ENOMEM;
	}
	return 0;
}

static int add_actual(const struct hold_view *view, struct table *in_force)
{
	for (size_t i = 0; i < view->actual->service_count; i++) {
		const struct service *have = &view->actual->services[i];
		struct held_service held = find(view, have);
		struct service *added;
		size_t kept = 0;

		if (held.want || held.named || !is_ours(view, have) || has_left(&held))
			continue;
		added = add_copy(in_force, have);
		if (!added)
			return -ENOMEM;
		for (size_t k = 0; k < added->destination_count; k++) {
			if (!drains(&held, &added->destinations[k]))
				added->destinations[kept++] = added->destinations[k];
		}
		added->destination_count = kept;
		added->fingerprint = 0;
	}
	return 0;
}

/* --- global values that would go back to what they were --- */

static void keep_timeout(uint32_t before, uint32_t kept, uint32_t *wanted)
{
	if (*wanted == 0 && before != 0)
		*wanted = kept;
}

static int keep_globals(const struct hold_view *view, struct globals *in_force)
{
	const struct globals *kept =
		view->accepted ? &view->accepted->globals : &view->actual->globals;
	const struct ownership *ownership = view->ownership;
	const struct timeouts *before = &ownership->timeouts_before;

	keep_timeout(before->tcp, kept->timeouts.tcp, &in_force->timeouts.tcp);
	keep_timeout(before->tcp_fin, kept->timeouts.tcp_fin,
		     &in_force->timeouts.tcp_fin);
	keep_timeout(before->udp, kept->timeouts.udp, &in_force->timeouts.udp);
	for (int slot = 0; slot < SYNC_DAEMON_SLOTS; slot++) {
		if (in_force->daemons[slot].role == SYNC_NONE &&
		    ownership->daemons[slot].mark == OWNERSHIP_OWNED)
			in_force->daemons[slot] = kept->daemons[slot];
	}
	for (size_t i = 0; i < ownership->before.sysctl_count; i++) {
		const char *name = ownership->before.sysctls[i].name;
		const char *value = globals_find_sysctl(kept, name);

		if (value && !globals_find_sysctl(in_force, name) &&
		    globals_add_sysctl(in_force, name, value) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Those that the state itself names: what is implied follows from what will be in force. */
static int copy_globals(const struct globals *wanted, struct globals *in_force)
{
	int r = globals_copy(wanted, in_force);

	for (size_t i = in_force->sysctl_count; r == 0 && i-- > 0;) {
		if (in_force->sysctls[i].implied)
			globals_remove_sysctl(in_force, i);
	}
	return r;
}

int hold_make(const struct hold_view *view, struct table *in_force)
{
	int r = add_wanted(view, in_force);

	if (r == 0)
		r = view->accepted ? add_accepted(view, in_force)
				   : add_actual(view, in_force);
	if (r == 0)
		r = copy_globals(&view->wanted->globals, &in_force->globals);
	if (r == 0)
		r = keep_globals(view, &in_force->globals);
	table_sort_services(in_force);
	return r;
}
