/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plan_world.h"

#include <time.h>

#include "agent/plan/planner.h"
#include "agent/reconcile/service_ownership.h"
#include "agent/reconcile/skip_rules.h"

/*
 * From random tables of a kernel to random wanted ones, with random ownership and policies: rounds
 * of reading, planning, bookkeeping and writing as agent/reconcile/execute.c runs them. For a while
 * the kernel is troubled, the record cannot always be written, the process dies and the state
 * changes; then all is well, and it must converge: what is wanted is there, what is ours is known to
 * be, and what was somebody else's was never touched. The seed is printed; SEED=… repeats a run.
 */

enum { EPISODES = 4000, QUIET_ROUNDS = 6 };

/* --- one round, as in execute.c --- */

/* As skip_operations() does for those whose back-off is not over. */
static void withhold_some(const struct world *world, size_t count, int *results)
{
	for (size_t i = 0; i < count; i++)
		results[i] = world->kernel.troubled && pick(20) == 0 ? -EAGAIN : 0;
}

static void write_ahead(struct world *world, struct snapshot *snapshot, int *results)
{
	struct service_ownership_mark mark;
	bool changed = world->session.record_unsaved;

	service_ownership_confirm(snapshot, &changed);
	service_ownership_remember(snapshot, &mark);
	assert_int_equal(service_ownership_before(snapshot, results, &changed), 0);
	if (changed && record_can_be_written(world)) {
		save_record(world);
	} else if (changed) {
		world->session.record_unsaved = true;
		service_ownership_forget(snapshot, &mark);
		skip_creations(snapshot, results);
	}
}

static bool is_orphan(const struct plan *plan, const int *results, size_t i)
{
	if (plan->operations[i].kind != OPERATION_NEW_DESTINATION)
		return false;
	for (size_t k = 0; k < i; k++) {
		if (plan->operations[k].kind == OPERATION_NEW_SERVICE &&
		    plan->operations[k].service == plan->operations[i].service &&
		    results[k] != 0)
			return true;
	}
	return false;
}

/* Weight 0 would refuse clients: the flag comes first, and goes when no destination drains. */
static void check_fallback(const struct world *world, const struct operation *operation)
{
	const struct service_key *key = &operation->service->key;
	const struct service *now = table_find_service(&world->kernel.table, key);
	const struct service *wanted = table_find_service(&world->wanted, key);

	if (!now || !wanted || !refuses_weight_0(now))
		return;
	for (size_t i = 0; i < now->destination_count; i++)
		assert_true(now->destinations[i].weight > 0 ||
			    service_find_destination(wanted, &now->destinations[i]) ||
			    may_go(world, now, &now->destinations[i]));
}

static void write_kernel(struct world *world, const struct plan *plan, int *results)
{
	struct ownership recorded = { 0 };

	world->writes = 0;
	load_record(world, &recorded);
	for (size_t i = 0; i < plan->operation_count; i++) {
		if (is_orphan(plan, results, i))
			results[i] = -ECANCELED;
		if (results[i] != 0)
			continue;
		world->writes++;
		/* Whatever becomes of us now, the next one will know. */
		assert_non_null(
			ownership_find(&recorded, &plan->operations[i].service->key));
		results[i] = kernel_answer(&world->kernel, &plan->operations[i]);
		/* Where nothing is hidden or refused the order alone decides. */
		if (world->kernel.troubled)
			continue;
		assert_int_equal(results[i], 0);
		check_fallback(world, &plan->operations[i]);
	}
	ownership_clear(&recorded);
}

static void write_behind(struct world *world, struct snapshot *snapshot,
			 const int *results)
{
	bool changed = false;

	assert_int_equal(service_ownership_after(snapshot, results, &changed), 0);
	if (changed && record_can_be_written(world))
		save_record(world);
	else if (changed)
		world->session.record_unsaved = true;
}

static bool met_another(const struct plan *plan, const int *results)
{
	for (size_t i = 0; i < plan->operation_count; i++) {
		if (plan->operations[i].kind == OPERATION_NEW_SERVICE &&
		    results[i] == -EEXIST)
			return true;
	}
	return false;
}

/*
 * The process is gone after its writes: what it knew is what the record says. Not while that could
 * not be written: then it says less than was done. Nor where a service that it intended was
 * somebody else's, who may have given it the same attributes.
 */
static bool dies(struct world *world, const struct plan *plan, const int *results)
{
	if (!world->kernel.troubled || world->session.record_unsaved ||
	    met_another(plan, results) || pick(4))
		return false;
	load_record(world, &world->session.ownership);
	choose_policy(world);
	return true;
}

static void execute(struct world *world, struct snapshot *snapshot)
{
	const struct plan *plan = &snapshot->plan;
	int *results = calloc(plan->operation_count + 1, sizeof(*results));

	assert_non_null(results);
	withhold_some(world, plan->operation_count, results);
	write_ahead(world, snapshot, results);
	note_adoptions(world, &snapshot->actual);
	write_kernel(world, plan, results);
	if (!dies(world, plan, results))
		write_behind(world, snapshot, results);
	free(results);
}

/*
 * The keys of a part, sorted: any services (incremental.c), those that drain the more often (drains.c).
 * They are asked for one by one, so that nothing of them is hidden.
 */
static size_t choose_scope(struct world *world, struct service_key scope[static SERVICES])
{
	struct table all = { 0 };
	size_t count = 0;

	for (unsigned int n = 0; n < SERVICES; n++)
		build_service(&all, n);
	table_sort(&all);
	for (size_t i = 0; i < all.service_count; i++) {
		const struct service_key *key = &all.services[i].key;
		unsigned int n = service_number(key);

		if (pick(3) && !ownership_has_drain(&world->session.ownership, key))
			continue;
		scope[count++] = *key;
		world->kernel.hidden[n] = false;
		memset(world->kernel.hidden_destination[n], 0,
		       sizeof(world->kernel.hidden_destination[n]));
	}
	table_clear(&all);
	return count;
}

static void keep_scope(const struct snapshot *snapshot, struct table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->service_count; i++) {
		if (snapshot_covers(snapshot, &table->services[i].key))
			table->services[kept++] = table->services[i];
		else
			service_clear(&table->services[i]);
	}
	table->service_count = kept;
}

static void run_round(struct world *world, bool part)
{
	struct ownership *ownership = &world->session.ownership;
	struct snapshot snapshot = { .session = &world->session };
	struct service_key scope[SERVICES];

	kernel_hide(&world->kernel);
	if (part) {
		snapshot.scope = scope;
		snapshot.scope_count = choose_scope(world, scope);
	}
	kernel_dump(&world->kernel, ownership, &snapshot.actual);
	copy_table(&world->wanted, &snapshot.wanted);
	keep_scope(&snapshot, &snapshot.actual);
	keep_scope(&snapshot, &snapshot.wanted);
	world->policy.now_msec = world->kernel.now_msec;
	world->policy.services_only = part;
	assert_int_equal(plan_make(&snapshot.wanted, &snapshot.actual, ownership,
				   &world->policy, &snapshot.plan),
			 0);
	for (size_t i = 0; i < snapshot.plan.operation_count; i++)
		check_operation(world, &snapshot.plan.operations[i]);
	check_deadlines(world, &snapshot.plan);
	execute(world, &snapshot);
	snapshot_clear(&snapshot);
}

/* --- the end --- */

static void check_service(const struct world *world, const struct service *service)
{
	const struct service *wanted = table_find_service(&world->wanted, &service->key);
	const struct owned_service *owned =
		ownership_find(&world->session.ownership, &service->key);

	if (world->kernel.foreign[service_number(&service->key)]) {
		assert_null(owned);
		/* It is a conflict, or not wanted at all. */
		assert_false(wanted && (world->policy.adopt == ADOPT_ALL ||
					(world->policy.adopt == ADOPT_EQUAL &&
					 services_match(wanted, service))));
		return;
	}
	assert_non_null(owned);
	assert_int_equal(owned->mark, OWNERSHIP_OWNED);
	assert_non_null(wanted);
	assert_true(services_match(wanted, service));
}

static void check_end(const struct world *world)
{
	const struct table *table = &world->kernel.table;
	const struct ownership *ownership = &world->session.ownership;

	assert_int_equal(world->writes, 0);
	assert_int_equal(ownership->drain_count, 0);
	for (size_t i = 0; i < table->service_count; i++)
		check_service(world, &table->services[i]);
	for (size_t i = 0; i < world->wanted.service_count; i++)
		assert_non_null(
			table_find_service(table, &world->wanted.services[i].key));
	for (size_t i = 0; i < ownership->service_count; i++)
		assert_non_null(table_find_service(table, &ownership->services[i].key));
}

static void run_episode(void)
{
	struct world world = { 0 };

	begin(&world);
	for (unsigned int rounds = pick(8); rounds > 0; rounds--) {
		kernel_traffic(&world.kernel, false);
		if (pick(6) == 0)
			kernel_meddle(&world.kernel, &world.session.ownership);
		if (pick(5) == 0)
			want_something_else(&world);
		run_round(&world, false);
		kernel_traffic(&world.kernel, false);
		run_round(&world, true);
	}
	world.kernel.troubled = false;
	for (int round = 0; round < QUIET_ROUNDS; round++) {
		run_round(&world, false);
		kernel_traffic(&world.kernel, round >= 2);
	}
	check_end(&world);
	session_clear(&world.session);
	table_clear(&world.wanted);
	table_clear(&world.kernel.table);
	free(world.record);
}

static void random_tables_converge(void **state)
{
	const char *given = getenv("SEED");

	(void)state;
	seed = given ? (unsigned int)strtoul(given, NULL, 10) : (unsigned int)time(NULL);
	print_message("SEED=%u\n", seed);
	for (int i = 0; i < EPISODES; i++)
		run_episode();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_tables_converge) };

	return cmocka_run_group_tests_name("plan property", tests, NULL, NULL);
}
