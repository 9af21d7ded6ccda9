/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/vip_ownership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/reconcile/failure.h"
#include "agent/reconcile/skip_rules.h"
#include "common/clock.h"

/* --- the record --- */

static bool has_record_failure(const struct reconcile_report *report)
{
	for (size_t i = 0; i < report->failure_count; i++) {
		if (strcmp(report->failures[i].object, "record") == 0)
			return true;
	}
	return false;
}

/* 1 where it could not be written, which has been reported. */
static int write_record(struct session *session, struct reconcile_report *report)
{
	uint64_t start = clock_usec(CLOCK_MONOTONIC);
	struct err err = { 0 };
	int r = session_write_record(session, &err);

	report->times.record += clock_usec(CLOCK_MONOTONIC) - start;
	if (r == 0)
		return 0;
	if (has_record_failure(report))
		return 1;
	r = failure_report_record(report, &err);
	return r < 0 ? r : 1;
}

/* --- before --- */

static int compare_networks(const void *a, const void *b)
{
	return network_compare(a, b);
}

/* Whether it is to stand on our link. */
static bool is_planned(const struct vip_plan *plan, const struct address *address)
{
	const struct network alone = network_of_one(address);

	return plan->uses_link && plan->local_count > 0 &&
	       bsearch(&alone, plan->local, plan->local_count, sizeof(*plan->local),
		       compare_networks);
}

/* What the kernel has no more, and what is not to be there: another program removed it. */
static bool strike_gone(struct ownership *ownership, const struct host_net *host,
			const struct vip_plan *plan)
{
	const struct host_link *own =
		ownership->link.name[0] ? host_find_dummy(host, ownership->link.hardware)
					: NULL;
	bool changed = false;

	if (ownership->link.name[0] && !own && !plan->has_link) {
		memset(&ownership->link, 0, sizeof(ownership->link));
		changed = true;
	}
	for (size_t i = ownership->bound.count; i-- > 0;) {
		const struct address address = ownership->bound.items[i];

		if (is_planned(plan, &address) ||
		    (own && host_find_on_link(host, &address, own->index)))
			continue;
		address_list_remove(&ownership->bound, &address);
		changed = true;
	}
	return changed;
}

/* A hardware address of our own: local, of one host (IEEE 802), the rest by chance. */
static void draw_hardware(uint8_t hardware[static HOST_HARDWARE_LENGTH])
{
	uint64_t fallback = clock_usec(CLOCK_BOOTTIME);

	if (getrandom(hardware, HOST_HARDWARE_LENGTH, GRND_NONBLOCK) !=
	    HOST_HARDWARE_LENGTH)
		memcpy(hardware, &fallback, HOST_HARDWARE_LENGTH);
	hardware[0] = (uint8_t)((hardware[0] & 0xfe) | 0x02);
}

static bool intend_link(struct owned_link *link, const char *name)
{
	if (strcmp(link->name, name) == 0)
		return false;
	if (link->name[0] == '\0')
		draw_hardware(link->hardware);
	strcpy(link->name, name);
	return true;
}

static int intend(struct session *session, const struct vip_operation *operation,
		  bool *changed)
{
	const struct address *address = &operation->network.address;
	struct ownership *ownership = &session->ownership;

	switch (operation->kind) {
	case VIP_ADD_LINK:
	case VIP_RENAME_LINK:
		session->addresses.fresh_link = ownership->link.name[0] == '\0';
		*changed |= intend_link(&ownership->link, operation->name);
		return 0;
	case VIP_ADD_ADDRESS:
		if (address_list_has(&ownership->bound, address))
			return 0;
		*changed = true;
		if (address_list_add(&session->addresses.fresh, address) < 0)
			return -ENOMEM;
		return address_list_add(&ownership->bound, address);
	case VIP_ADD_ROUTE:
		*changed |= !ownership->routes;
		ownership->routes = true;
		return 0;
	default:
		return 0;
	}
}

/* What was there before the first intention, to go back to. */
struct mark {
	struct owned_link link;
	struct address_list bound; /* a copy */
	bool routes;
};

static int remember(const struct ownership *ownership, struct mark *mark)
{
	mark->link = ownership->link;
	mark->routes = ownership->routes;
	for (size_t i = 0; i < ownership->bound.count; i++) {
		if (address_list_add(&mark->bound, &ownership->bound.items[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool was_named(const struct mark *mark, const struct vip_operation *operation)
{
	switch (operation->kind) {
	case VIP_ADD_LINK:
		return mark->link.name[0] != '\0';
	case VIP_ADD_ADDRESS:
		return address_list_has(&mark->bound, &operation->network.address);
	case VIP_ADD_ROUTE:
		return mark->routes;
	default:
		return true;
	}
}

static void go_back(struct ownership *ownership, struct mark *mark,
		    const struct vip_plan *plan, int *results)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		if (results[i] == 0 && !was_named(mark, &plan->operations[i]))
			results[i] = SKIPPED_UNRECORDED;
	}
	address_list_clear(&ownership->bound);
	ownership->bound = mark->bound;
	memset(&mark->bound, 0, sizeof(mark->bound));
	ownership->link = mark->link;
	ownership->routes = mark->routes;
}

int vip_ownership_before(struct session *session, const struct host_net *host,
			 const struct vip_plan *plan, int *results,
			 struct reconcile_report *report)
{
	struct ownership *ownership = &session->ownership;
	bool changed = strike_gone(ownership, host, plan) || session->record_unsaved;
	struct mark mark = { 0 };
	int r = remember(ownership, &mark);

	address_list_clear(&session->addresses.fresh);
	session->addresses.fresh_link = false;
	if (r == 0 && plan->adopts_routes) {
		ownership->routes = true;
		changed = true;
	}
	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		if (results[i] == 0)
			r = intend(session, &plan->operations[i], &changed);
	}
	if (r == 0 && changed)
		r = write_record(session, report);
	if (r > 0) {
		go_back(ownership, &mark, plan, results);
		r = 0;
	}
	address_list_clear(&mark.bound);
	return r;
}

/* --- after --- */

/* Whether it is known that what was to be made is not there, or not by us. */
static bool was_not_made(int result)
{
	return result != 0 && result != -EINPROGRESS;
}

static bool is_gone(int result)
{
	return result == 0 || result == -EADDRNOTAVAIL || result == -ESRCH ||
	       result == -ENODEV;
}

/* What the kernel has although a look did not see it is ours if it was before. */
static bool settle(struct session *session, const struct vip_operation *operation,
		   int result)
{
	const struct address *address = &operation->network.address;
	struct ownership *ownership = &session->ownership;
	size_t before = ownership->bound.count;

	switch (operation->kind) {
	case VIP_ADD_ADDRESS:
		/* One that is skipped is not there either, but may be again. */
		if (was_not_made(result) &&
		    (result != -EEXIST ||
		     address_list_has(&session->addresses.fresh, address)))
			address_list_remove(&ownership->bound, address);
		return ownership->bound.count != before;
	case VIP_REMOVE_ADDRESS:
		if (is_gone(result))
			address_list_remove(&ownership->bound, address);
		return ownership->bound.count != before;
	case VIP_ADD_LINK:
		if (!was_not_made(result) ||
		    (result == -EEXIST && !session->addresses.fresh_link))
			return false;
		memset(&ownership->link, 0, sizeof(ownership->link));
		return true;
	case VIP_REMOVE_LINK:
		if (!is_gone(result))
			return false;
		memset(&ownership->link, 0, sizeof(ownership->link));
		address_list_clear(&ownership->bound);
		return true;
	default:
		return false;
	}
}

/* Whether no route of ours is there any more, or wanted. */
static bool routes_are_gone(const struct vip_plan *plan, const int *results)
{
	if (plan->local_count > 0 && !plan->uses_link)
		return false;
	for (size_t i = 0; i < plan->local_count; i++) {
		const struct network *network = &plan->local[i];

		if (!network_is_of_one(network))
			return false;
	}
	for (size_t i = 0; i < plan->operation_count; i++) {
		if (plan->operations[i].kind == VIP_REMOVE_ROUTE && !is_gone(results[i]))
			return false;
	}
	return true;
}

int vip_ownership_after(struct session *session, const struct vip_plan *plan,
			const int *results, struct reconcile_report *report)
{
	struct ownership *ownership = &session->ownership;
	bool changed = false;
	int r;

	for (size_t i = 0; i < plan->operation_count; i++)
		changed |= settle(session, &plan->operations[i], results[i]);
	if (ownership->routes && routes_are_gone(plan, results)) {
		ownership->routes = false;
		changed = true;
	}
	if (!changed)
		return 0;
	r = write_record(session, report);
	return r < 0 ? r : 0;
}
