/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/kernel_model.h"

#include "agent/reconcile/snapshot.h"
#include "agent/store/ownership_file.h"
#include "agent/model/fingerprint.h"

/*
 * A random world: a kernel, what is wanted of it, whose is what, and the record as a text. And what
 * no plan in it may do.
 */

static const char identity[] = "boot 4:1";

struct world {
	struct kernel kernel;
	struct table wanted;
	struct plan_policy policy;
	struct options options;
	struct session session;
	char *record; /* the file's text */
	size_t record_length;
	size_t writes; /* of the last round */
};

/* --- the record --- */

static inline void save_record(struct world *world)
{
	free(world->record);
	assert_int_equal(ownership_file_format(&world->session.ownership, identity,
					       &world->record, &world->record_length),
			 0);
	world->session.record_unsaved = false;
}

static inline void load_record(const struct world *world, struct ownership *ownership)
{
	char *text = malloc(world->record_length + 1);
	struct err err = { 0 };

	assert_non_null(text);
	memcpy(text, world->record, world->record_length + 1);
	ownership_clear(ownership);
	assert_int_equal(ownership_file_parse(text, world->record_length, identity,
					      ownership, &err),
			 OWNERSHIP_FILE_LOADED);
	free(text);
}

static inline bool record_can_be_written(const struct world *world)
{
	return !world->kernel.troubled || pick(8) > 0;
}

/* --- the start --- */

/* Ours, or somebody else's, whatever was intended; returns whether it is somebody else's. */
static inline bool mark_at_random(struct world *world, const struct service *service)
{
	uint64_t right = fingerprint_service(service);
	const struct {
		enum ownership_mark mark;
		uint64_t fingerprint;
		bool foreign;
	} choices[] = {
		{ OWNERSHIP_NONE, 0, true },
		{ OWNERSHIP_OWNED, 0, false },
		{ OWNERSHIP_INTENDED, right, false },
		{ OWNERSHIP_INTENDED, right ^ 1, true },
		{ OWNERSHIP_INTENDED, 0, true },
	};
	unsigned int choice = pick(ARRAY_SIZE(choices));

	if (choices[choice].mark != OWNERSHIP_NONE)
		assert_int_equal(ownership_mark(&world->session.ownership, &service->key,
						choices[choice].mark,
						choices[choice].fingerprint),
				 0);
	return choices[choice].foreign;
}

static inline void choose_policy(struct world *world)
{
	world->options.adopt = pick(3);
	world->policy = (struct plan_policy){
		.adopt = world->options.adopt,
		.no_drain = pick(4) == 0,
		.drain_udp = pick(2),
		.drain_timeout_msec = pick(2) * 4000,
	};
}

static inline void want_something_else(struct world *world)
{
	table_clear(&world->wanted);
	fill_table(&world->wanted);
}

/* Some of what is wanted is there already. */
static inline void begin(struct world *world)
{
	struct kernel *kernel = &world->kernel;

	world->session.options = &world->options;
	kernel->now_msec = 1000000;
	kernel->troubled = true;
	choose_policy(world);
	want_something_else(world);
	for (unsigned int n = 0; n < SERVICES; n++) {
		struct table one = { 0 };
		const struct service *wanted =
			table_find_service(&world->wanted, &build_numbered(&one, n)->key);

		if (wanted && pick(3) == 0)
			copy_service(wanted, &kernel->table);
		else if (pick(2))
			fill_service(build_numbered(&kernel->table, n));
		table_clear(&one);
	}
	table_sort(&kernel->table);
	for (size_t i = 0; i < kernel->table.service_count; i++) {
		const struct service *service = &kernel->table.services[i];

		kernel->foreign[service_number(&service->key)] =
			mark_at_random(world, service);
	}
	ownership_settle(&world->session.ownership);
	save_record(world);
}

/* --- what a plan must not do --- */

/* It was seen quiet at weight 0, or its time is over, or it need not drain. */
static inline bool may_go(const struct world *world, const struct service *service,
			  const struct destination *destination)
{
	const struct drain *drain = ownership_find_drain(&world->session.ownership,
							 &service->key, destination);

	if (world->policy.no_drain ||
	    (service->key.protocol == IPPROTO_UDP && !world->policy.drain_udp))
		return true;
	if (destination->weight == 0 && destination->active_connections == 0 &&
	    destination->inactive_connections == 0)
		return true;
	return drain && drain->deadline_msec &&
	       drain->deadline_msec <= world->policy.now_msec;
}

static inline void check_deletion(const struct world *world,
				  const struct operation *operation,
				  const struct service *wanted)
{
	const struct service *service = operation->service;

	if (operation->kind == OPERATION_DELETE_DESTINATION) {
		assert_false(wanted &&
			     service_find_destination(wanted, operation->destination));
		assert_true(may_go(world, service, operation->destination));
		return;
	}
	assert_null(wanted);
	for (size_t i = 0; i < service->destination_count; i++)
		assert_true(may_go(world, service, &service->destinations[i]));
}

/* Everything but a key is edited in place, and nothing is written without need. */
static inline void check_operation(const struct world *world,
				   const struct operation *operation)
{
	const struct service *wanted =
		table_find_service(&world->wanted, &operation->service->key);

	switch (operation->kind) {
	case OPERATION_DELETE_DESTINATION:
	case OPERATION_DELETE_SERVICE:
		check_deletion(world, operation, wanted);
		break;
	case OPERATION_SET_SERVICE:
		assert_false(
			service_equal(operation->service, operation->service_before));
		break;
	case OPERATION_SET_DESTINATION:
		assert_false(destination_equal(operation->destination,
					       operation->destination_before));
		break;
	default:
		assert_non_null(wanted);
	}
}

/* Time runs on for what drains already. */
static inline void check_deadlines(const struct world *world, const struct plan *plan)
{
	for (size_t i = 0; i < plan->drain_count; i++) {
		const struct drain *drain = &plan->drains[i];
		const struct destination key = { .address = drain->address,
						 .port = drain->port };
		const struct drain *known = ownership_find_drain(
			&world->session.ownership, &drain->service, &key);

		assert_true(!known || plan_has_drain(plan, known));
	}
}

/* An equal one is adopted, or any that is wanted; it is then known before the first write. */
static inline void note_adoptions(struct world *world, const struct table *actual)
{
	for (size_t i = 0; i < actual->service_count; i++) {
		const struct service *service = &actual->services[i];
		const struct service *wanted =
			table_find_service(&world->wanted, &service->key);
		bool *foreign = &world->kernel.foreign[service_number(&service->key)];

		if (!*foreign ||
		    !ownership_find(&world->session.ownership, &service->key))
			continue;
		assert_non_null(wanted);
		assert_int_not_equal(world->policy.adopt, ADOPT_NONE);
		assert_true(world->policy.adopt == ADOPT_ALL ||
			    services_match(wanted, service));
		*foreign = false;
	}
}
