/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "tests/unit/plan_case.h"

/* What the tests of drains share beside plan_case.h: services of ours, destinations that are busy. */

enum { NOW = 5000000, TIMEOUT = 900000 };

static inline int set_up_drains(void **state)
{
	struct fixture *f;

	if (set_up(state) < 0)
		return -1;
	f = *state;
	f->policy =
		(struct plan_policy){ .drain_timeout_msec = TIMEOUT, .now_msec = NOW };
	return 0;
}

/* A service of ours in the kernel, and as wanted unless it is to leave. */
static inline struct service *ours(struct fixture *f, unsigned int n, bool stays)
{
	own(f, n);
	if (stays)
		build_service(&f->wanted, n);
	return build_service(&f->actual, n);
}

static inline struct destination *busy(struct service *service, unsigned int n,
				       uint32_t weight, uint32_t connections)
{
	struct destination *destination = build_destination(service, n, weight);

	destination->active_connections = connections;
	return destination;
}

static inline void note_drain(struct fixture *f, const struct service *service,
			      const struct destination *destination, uint64_t deadline)
{
	const struct drain drain = { .service = service->key,
				     .address = destination->address,
				     .port = destination->port,
				     .deadline_msec = deadline };

	assert_int_equal(ownership_set_drain(&f->ownership, &drain), 0);
}

/* One destination more that drains already. */
static inline struct destination *draining(struct fixture *f, struct service *service,
					   unsigned int n, uint32_t connections,
					   uint64_t deadline)
{
	struct destination *destination = busy(service, n, 0, connections);

	note_drain(f, service, destination, deadline);
	return destination;
}

static inline void assert_reasons(const struct fixture *f,
				  const enum operation_reason *reasons, size_t count)
{
	assert_int_equal(f->plan.operation_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(f->plan.operations[i].reason, reasons[i]);
}

#define ASSERT_REASONS(f, ...)                                                           \
	do {                                                                             \
		const enum operation_reason reasons_[] = { __VA_ARGS__ };                \
		assert_reasons(f, reasons_, ARRAY_SIZE(reasons_));                       \
	} while (0)

/* The plan's drains by their deadlines. */
static inline void assert_deadlines(const struct fixture *f, const uint64_t *deadlines,
				    size_t count)
{
	assert_int_equal(f->plan.drain_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(f->plan.drains[i].deadline_msec, deadlines[i]);
}

#define ASSERT_DEADLINES(f, ...)                                                         \
	do {                                                                             \
		const uint64_t deadlines_[] = { __VA_ARGS__ };                           \
		assert_deadlines(f, deadlines_, ARRAY_SIZE(deadlines_));                 \
	} while (0)

#define DRAIN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_drains, tear_down)
