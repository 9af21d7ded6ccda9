/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/table/plan.h"

/*
 * Random tables against a model of the kernel: an operation must be possible at the moment it
 * comes, nothing that is not ours is touched, nothing is deleted that could be edited, and
 * executing a plan leaves nothing to plan. The seed is printed; SEED=… repeats a run.
 */

enum { ROUNDS = 3000, SERVICES = 12, DESTINATIONS = 5 };

static unsigned int seed;

static unsigned int pick(unsigned int below)
{
	return (unsigned int)rand_r(&seed) % below;
}

static void fill_service(struct service *service)
{
	static const char *const schedulers[] = { "rr", "wrr", "sh" };

	strcpy(service->scheduler, schedulers[pick(3)]);
	service->scheduler_flags = (uint8_t)pick(2);
	service->persistence_timeout = pick(2) * 60;
	for (unsigned int n = 0; n < DESTINATIONS; n++) {
		if (pick(2))
			build_destination(service, n, pick(3))->forward =
				pick(2) ? FORWARD_MASQUERADE : FORWARD_DIRECT;
	}
}

static void fill_table(struct table *table)
{
	for (unsigned int n = 0; n < SERVICES; n++) {
		if (pick(2))
			fill_service(build_service(table, n));
	}
	table_sort(table);
}

static void own_some(const struct table *actual, struct ownership *ownership)
{
	for (size_t i = 0; i < actual->service_count; i++) {
		unsigned int mark = pick(3);

		if (mark)
			assert_int_equal(
				ownership_mark(ownership, &actual->services[i].key, mark),
				0);
	}
}

/* --- the model --- */

static struct service *model_find(struct table *model, const struct operation *operation)
{
	return table_find_service(model, &operation->service->key);
}

static void assert_writable(const struct ownership *ownership,
			    const struct service *service,
			    const struct operation *operation)
{
	const struct owned_service *owned = ownership_find(ownership, &service->key);

	assert_non_null(owned);
	if (owned->mark == OWNERSHIP_INTENDED)
		assert_int_not_equal(operation->kind, OPERATION_DELETE_SERVICE);
}

static void model_new_service(struct table *model, struct ownership *ownership,
			      const struct operation *operation)
{
	struct service *added;

	assert_null(model_find(model, operation));
	added = table_add_service(model);
	*added = *operation->service;
	added->name = NULL;
	added->destinations = NULL;
	added->destination_count = 0;
	added->destination_room = 0;
	table_sort(model);
	assert_int_equal(
		ownership_mark(ownership, &operation->service->key, OWNERSHIP_OWNED), 0);
}

static void model_delete_service(struct table *model, struct ownership *ownership,
				 struct service *service)
{
	size_t at = (size_t)(service - model->services);

	ownership_strike(ownership, &service->key);
	service_clear(service);
	model->service_count--;
	memmove(service, service + 1, (model->service_count - at) * sizeof(*service));
}

static void model_set_service(struct service *service, const struct operation *operation)
{
	/* An edit that changes nothing would be a write too many. */
	assert_false(service_equal(service, operation->service));
	strcpy(service->scheduler, operation->service->scheduler);
	service->scheduler_flags = operation->service->scheduler_flags;
	service->persistence_timeout = operation->service->persistence_timeout;
}

static void model_destination(struct service *service, const struct operation *operation)
{
	struct destination *found =
		service_find_destination(service, operation->destination);

	if (operation->kind == OPERATION_NEW_DESTINATION) {
		assert_null(found);
		*service_add_destination(service) = *operation->destination;
		service_sort(service);
		return;
	}
	assert_non_null(found);
	if (operation->kind == OPERATION_SET_DESTINATION) {
		assert_false(destination_equal(found, operation->destination));
		*found = *operation->destination;
		return;
	}
	service->destination_count--;
	memmove(found, found + 1,
		(size_t)(service->destinations + service->destination_count - found) *
			sizeof(*found));
}

static void model_apply(struct table *model, struct ownership *ownership,
			const struct operation *operation)
{
	struct service *service;

	if (operation->kind == OPERATION_NEW_SERVICE) {
		model_new_service(model, ownership, operation);
		return;
	}
	service = model_find(model, operation);
	assert_non_null(service);
	assert_writable(ownership, service, operation);
	if (operation->kind == OPERATION_DELETE_SERVICE)
		model_delete_service(model, ownership, service);
	else if (operation->kind == OPERATION_SET_SERVICE)
		model_set_service(service, operation);
	else
		model_destination(service, operation);
}

static void copy_table(const struct table *from, struct table *to)
{
	for (size_t i = 0; i < from->service_count; i++) {
		struct service *copy = table_add_service(to);

		*copy = from->services[i];
		copy->name = NULL;
		copy->destinations = NULL;
		copy->destination_count = copy->destination_room = 0;
		for (size_t k = 0; k < from->services[i].destination_count; k++)
			*service_add_destination(copy) =
				from->services[i].destinations[k];
	}
}

/* What is deleted must not be wanted: everything but a key is edited in place. */
static void assert_not_wanted(const struct table *wanted,
			      const struct operation *operation)
{
	const struct service *service =
		table_find_service(wanted, &operation->service->key);

	if (operation->kind == OPERATION_DELETE_SERVICE)
		assert_null(service);
	else if (operation->kind == OPERATION_DELETE_DESTINATION && service)
		assert_null(service_find_destination(service, operation->destination));
}

static void run_round(void)
{
	struct table wanted = { 0 }, actual = { 0 }, model = { 0 };
	struct ownership ownership = { 0 };
	struct plan plan = { 0 }, again = { 0 };

	fill_table(&wanted);
	fill_table(&actual);
	own_some(&actual, &ownership);
	copy_table(&actual, &model);
	assert_int_equal(plan_make(&wanted, &actual, &ownership, &plan), 0);
	for (size_t i = 0; i < plan.operation_count; i++) {
		assert_not_wanted(&wanted, &plan.operations[i]);
		model_apply(&model, &ownership, &plan.operations[i]);
	}
	assert_int_equal(plan_make(&wanted, &model, &ownership, &again), 0);
	assert_int_equal(again.operation_count, 0);
	assert_int_equal(again.conflict_count, plan.conflict_count);
	plan_clear(&plan);
	plan_clear(&again);
	ownership_clear(&ownership);
	table_clear(&wanted);
	table_clear(&actual);
	table_clear(&model);
}

static void random_plans_converge(void **state)
{
	const char *given = getenv("SEED");

	(void)state;
	seed = given ? (unsigned int)strtoul(given, NULL, 10) : (unsigned int)time(NULL);
	print_message("SEED=%u\n", seed);
	for (int i = 0; i < ROUNDS; i++)
		run_round();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_plans_converge) };

	return cmocka_run_group_tests_name("plan property", tests, NULL, NULL);
}
