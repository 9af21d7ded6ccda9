/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/table_builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/plan.h"

/*
 * A kernel in memory for random tests: services by number, some of them others', which answers
 * operations as ip_vs_ctl.c does. While troubled it also refuses at random, loses answers, and
 * hides entries from the dump. What is written to a service of others' fails the test.
 */

enum { SERVICES = 12, DESTINATIONS = 5 };

struct kernel {
	struct table table; /* sorted */
	bool foreign[SERVICES];
	bool hidden[SERVICES];
	bool hidden_destination[SERVICES][DESTINATIONS];
	bool troubled;
	uint64_t now_msec;
};

static unsigned int seed;

static inline unsigned int pick(unsigned int below)
{
	return (unsigned int)rand_r(&seed) % below;
}

/* --- services by number: one by fwmark, some UDP, the others TCP --- */

static inline struct service *build_numbered(struct table *table, unsigned int n)
{
	struct service *service = build_service(table, n);

	if (n == 0)
		service->key =
			(struct service_key){ .address.family = AF_INET, .fwmark = 1 };
	else if (n % 4 == 0)
		service->key.protocol = IPPROTO_UDP;
	return service;
}

static inline unsigned int service_number(const struct service_key *key)
{
	return key->fwmark ? 0 : key->address.bytes[3];
}

static inline unsigned int destination_number(const struct destination *destination)
{
	return destination->address.bytes[3];
}

static inline void fill_service(struct service *service)
{
	static const char *const schedulers[] = { "rr", "wrr", "sh", "mh" };

	strcpy(service->scheduler, schedulers[pick(4)]);
	service->scheduler_flags = (uint8_t)pick(4) / 2;
	service->persistence_timeout = pick(2) * 60;
	for (unsigned int n = 0; n < DESTINATIONS; n++) {
		if (pick(2))
			build_destination(service, n, pick(3))->forward =
				pick(2) ? FORWARD_MASQUERADE : FORWARD_DIRECT;
	}
}

static inline void fill_table(struct table *table)
{
	for (unsigned int n = 0; n < SERVICES; n++) {
		if (pick(2))
			fill_service(build_numbered(table, n));
	}
	table_sort(table);
}

static inline void copy_service(const struct service *from, struct table *to)
{
	struct service *copy = table_add_service(to);

	assert_non_null(copy);
	*copy = *from;
	copy->name = NULL;
	copy->destinations = NULL;
	copy->destination_count = copy->destination_room = 0;
	for (size_t i = 0; i < from->destination_count; i++)
		*service_add_destination(copy) = from->destinations[i];
}

static inline void copy_table(const struct table *from, struct table *to)
{
	for (size_t i = 0; i < from->service_count; i++)
		copy_service(&from->services[i], to);
}

/* Whether the two are the same with all destinations. */
static inline bool services_match(const struct service *a, const struct service *b)
{
	if (!service_equal(a, b) || a->destination_count != b->destination_count)
		return false;
	for (size_t i = 0; i < a->destination_count; i++) {
		if (destination_key_compare(&a->destinations[i], &b->destinations[i]) ||
		    !destination_equal(&a->destinations[i], &b->destinations[i]))
			return false;
	}
	return true;
}

static inline bool refuses_weight_0(const struct service *service)
{
	return (strcmp(service->scheduler, "sh") == 0 ||
		strcmp(service->scheduler, "mh") == 0) &&
	       !(service->scheduler_flags & SCHEDULER_FLAG_1);
}

/* --- what happens by itself --- */

/* Connections come where there is weight, and end where there is none. */
static inline void kernel_traffic(struct kernel *kernel, bool all_end)
{
	for (size_t i = 0; i < kernel->table.service_count; i++) {
		struct service *service = &kernel->table.services[i];

		for (size_t k = 0; k < service->destination_count; k++) {
			struct destination *destination = &service->destinations[k];

			if (destination->weight)
				destination->active_connections = pick(3);
			else if (all_end || pick(2))
				destination->active_connections = 0;
			destination->inactive_connections =
				destination->active_connections ? pick(2) : 0;
		}
	}
	kernel->now_msec += pick(3000);
}

/* Somebody changes what is ours; what is only intended would then be taken for somebody else's. */
static inline void kernel_meddle(struct kernel *kernel, const struct ownership *ownership)
{
	for (size_t i = 0; i < kernel->table.service_count; i++) {
		struct service *service = &kernel->table.services[i];
		const struct owned_service *owned =
			ownership_find(ownership, &service->key);

		if (!owned || owned->mark != OWNERSHIP_OWNED || pick(4))
			continue;
		if (pick(2))
			service->scheduler_flags ^= SCHEDULER_FLAG_1;
		else if (service->destination_count > 0)
			service
				->destinations[pick(
					(unsigned int)service->destination_count)]
				.weight = pick(3);
	}
}

/* What the next dump leaves out. */
static inline void kernel_hide(struct kernel *kernel)
{
	memset(kernel->hidden, 0, sizeof(kernel->hidden));
	memset(kernel->hidden_destination, 0, sizeof(kernel->hidden_destination));
	for (unsigned int n = 0; kernel->troubled && n < SERVICES; n++) {
		kernel->hidden[n] = pick(5) == 0;
		for (unsigned int d = 0; d < DESTINATIONS; d++)
			kernel->hidden_destination[n][d] = pick(10) == 0;
	}
}

/* --- reading --- */

/* Services that are ours are asked for where the dump leaves them out (snapshot.c). */
static inline void kernel_dump(const struct kernel *kernel,
			       const struct ownership *ownership, struct table *actual)
{
	for (size_t i = 0; i < kernel->table.service_count; i++) {
		const struct service *service = &kernel->table.services[i];
		unsigned int n = service_number(&service->key);
		struct service *shown;
		size_t kept = 0;

		if (kernel->hidden[n] && !ownership_find(ownership, &service->key))
			continue;
		copy_service(service, actual);
		shown = &actual->services[actual->service_count - 1];
		for (size_t k = 0; k < shown->destination_count; k++) {
			const struct destination *have = &shown->destinations[k];

			if (!kernel->hidden_destination[n][destination_number(have)])
				shown->destinations[kept++] = *have;
		}
		shown->destination_count = kept;
	}
}

/* --- writing --- */

static inline int kernel_new_service(struct kernel *kernel, const struct service *wanted)
{
	struct service *added;

	added = table_add_service(&kernel->table);
	assert_non_null(added);
	*added = *wanted;
	added->name = NULL;
	added->destinations = NULL;
	added->destination_count = added->destination_room = 0;
	table_sort(&kernel->table);
	return 0;
}

static inline int kernel_delete_service(struct kernel *kernel, struct service *service)
{
	size_t at = (size_t)(service - kernel->table.services);

	service_clear(service);
	kernel->table.service_count--;
	memmove(service, service + 1,
		(kernel->table.service_count - at) * sizeof(*service));
	return 0;
}

static inline int kernel_set_service(struct service *service,
				     const struct service *wanted)
{
	strcpy(service->scheduler, wanted->scheduler);
	service->scheduler_flags = wanted->scheduler_flags;
	service->persistence_timeout = wanted->persistence_timeout;
	return 0;
}

static inline int kernel_destination(struct service *service,
				     const struct operation *operation)
{
	const struct destination *wanted = operation->destination;
	struct destination *found = service_find_destination(service, wanted);
	size_t behind;

	if (operation->kind == OPERATION_NEW_DESTINATION) {
		if (found)
			return -EEXIST;
		*service_add_destination(service) = *wanted;
		service_sort(service);
		return 0;
	}
	if (!found)
		return -ENOENT;
	if (operation->kind == OPERATION_SET_DESTINATION) {
		found->forward = wanted->forward;
		found->weight = wanted->weight;
		return 0;
	}
	behind = (size_t)(service->destinations + service->destination_count - found) - 1;
	memmove(found, found + 1, behind * sizeof(*found));
	service->destination_count--;
	return 0;
}

static inline int kernel_execute(struct kernel *kernel, const struct operation *operation)
{
	struct service *service =
		table_find_service(&kernel->table, &operation->service->key);

	if (operation->kind == OPERATION_NEW_SERVICE)
		return service ? -EEXIST : kernel_new_service(kernel, operation->service);
	if (!service)
		return -ESRCH;
	assert_false(kernel->foreign[service_number(&service->key)]);
	if (operation->kind == OPERATION_DELETE_SERVICE)
		return kernel_delete_service(kernel, service);
	if (operation->kind == OPERATION_SET_SERVICE)
		return kernel_set_service(service, operation->service);
	return kernel_destination(service, operation);
}

/*
 * The answer as ipvs_apply() has it; -EINPROGRESS: it was lost, before or after the deed. That a
 * service is there already is always said: where that is lost nobody can tell whose it is.
 */
static inline int kernel_answer(struct kernel *kernel, const struct operation *operation)
{
	unsigned int fate = kernel->troubled ? pick(20) : 20;

	if (operation->kind == OPERATION_NEW_SERVICE &&
	    table_find_service(&kernel->table, &operation->service->key))
		return -EEXIST;
	if (fate == 0)
		return -ENOMEM;
	if (fate == 1)
		return -EINPROGRESS;
	if (fate == 2) {
		(void)kernel_execute(kernel, operation);
		return -EINPROGRESS;
	}
	return kernel_execute(kernel, operation);
}
