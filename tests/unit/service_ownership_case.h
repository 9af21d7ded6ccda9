/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/table_builder.h"

#include <errno.h>
#include <string.h>

#include "agent/plan/planner.h"
#include "agent/reconcile/service_ownership.h"
#include "agent/model/fingerprint.h"

/* A snapshot in memory: what its plan and the kernel's answers make of what is ours. */

enum { RESULTS = 16 };

struct fixture {
	struct options options;
	struct session session;
	struct snapshot snapshot;
	struct table *wanted, *actual;
	struct ownership *ownership;
	int results[RESULTS];
	bool changed;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->session.options = &f->options;
	f->snapshot.session = &f->session;
	f->wanted = &f->snapshot.wanted;
	f->actual = &f->snapshot.actual;
	f->ownership = &f->session.ownership;
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	snapshot_clear(&f->snapshot);
	session_clear(&f->session);
	free(f);
	return 0;
}

static inline void make_plan(struct fixture *f)
{
	const struct plan_policy policy = { .adopt = f->options.adopt,
					    .services_only = f->snapshot.scope != NULL };

	table_sort(f->wanted);
	table_sort(f->actual);
	plan_clear(&f->snapshot.plan);
	assert_int_equal(
		plan_make(f->wanted, f->actual, f->ownership, &policy, &f->snapshot.plan),
		0);
	assert_true(f->snapshot.plan.operation_count < RESULTS);
}

/* Each says whether the ownership is another than before. */
static inline bool confirm(struct fixture *f)
{
	f->changed = false;
	service_ownership_confirm(&f->snapshot, &f->changed);
	return f->changed;
}

static inline bool before(struct fixture *f)
{
	f->changed = false;
	assert_int_equal(service_ownership_before(&f->snapshot, f->results, &f->changed),
			 0);
	return f->changed;
}

static inline bool after(struct fixture *f)
{
	f->changed = false;
	assert_int_equal(service_ownership_after(&f->snapshot, f->results, &f->changed),
			 0);
	return f->changed;
}

static inline const struct owned_service *find(const struct fixture *f,
					       const struct service *service)
{
	return ownership_find(f->ownership, &service->key);
}

static inline enum ownership_mark mark_of(const struct fixture *f,
					  const struct service *service)
{
	const struct owned_service *owned = find(f, service);

	return owned ? owned->mark : OWNERSHIP_NONE;
}

static inline void mark(struct fixture *f, const struct service *service,
			enum ownership_mark wanted)
{
	assert_int_equal(ownership_mark(f->ownership, &service->key, wanted,
					wanted == OWNERSHIP_INTENDED
						? fingerprint_service(service)
						: 0),
			 0);
	ownership_settle(f->ownership);
}

#define BOOKKEEPING_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
