/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/reconcile/stale_conntrack.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "agent/kernel/conntrack.h"
#include "common/array.h"
#include "common/log.h"

struct key_list {
	struct service_key *list; /* owned */
	size_t count;
	size_t room;
};

static bool is_first_destination(const struct snapshot *snapshot,
				 const struct operation *operation)
{
	const struct service *service = operation->service, *before;

	if (operation->kind != OPERATION_NEW_DESTINATION ||
	    service->key.protocol != IPPROTO_UDP || !service->access ||
	    service->access->source_nat == SOURCE_NAT_NONE)
		return false;
	before = table_find_service(&snapshot->actual, &service->key);
	return !before || before->destination_count == 0;
}

/* Operations on one service follow each other, and services are in the order of their keys. */
static int add_key(struct key_list *keys, const struct service_key *key)
{
	if (keys->count > 0 &&
	    service_key_compare(&keys->list[keys->count - 1], key) == 0)
		return 0;
	if (ARRAY_MAKE_ROOM(keys->list, keys->count, keys->room) < 0)
		return -ENOMEM;
	keys->list[keys->count++] = *key;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

int stale_conntrack_forget(const struct snapshot *snapshot, const int *results,
			   struct reconcile_report *report)
{
	const struct plan *plan = &snapshot->plan;
	struct key_list keys = { 0 };
	struct err err = { 0 };
	size_t deleted = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->operation_count; i++) {
		if (results[i] == 0 &&
		    is_first_destination(snapshot, &plan->operations[i]))
			r = add_key(&keys, &plan->operations[i].service->key);
	}
	if (r == 0 && keys.count > 0) {
		qsort(keys.list, keys.count, sizeof(*keys.list), compare_keys);
		if (conntrack_forget(keys.list, keys.count, &deleted, &err) < 0)
			r = reconcile_report_warn(
				report,
				"UDP clients that began before their service had a destination may not reach it: %s",
				err.text);
	}
	if (deleted > 0)
		log_info(
			"connection tracking: %zu entries of UDP clients deleted whose service has got its first destination",
			deleted);
	free(keys.list);
	return r;
}
