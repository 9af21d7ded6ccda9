/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/service_ownership_case.h"

/* How services become ours, and cease to be. */

static void what_the_kernel_lacks_is_struck_out(void **state)
{
	struct fixture *f = *state;

	mark(f, build_service(f->actual, 1), OWNERSHIP_OWNED);
	assert_false(confirm(f));
	table_clear(f->actual);
	assert_true(confirm(f));
	assert_int_equal(f->ownership->service_count, 0);
}

static void intended_is_owned_where_it_is_there_as_intended(void **state)
{
	struct fixture *f = *state;
	struct service *service = build_service(f->actual, 1);

	mark(f, service, OWNERSHIP_INTENDED);
	assert_true(confirm(f));
	assert_int_equal(mark_of(f, service), OWNERSHIP_OWNED);
	assert_int_equal(find(f, service)->fingerprint, 0);
	assert_false(confirm(f));
}

static void intended_is_struck_out_where_it_has_other_attributes(void **state)
{
	struct fixture *f = *state;
	struct service *service = build_service(f->actual, 1);

	mark(f, service, OWNERSHIP_INTENDED);
	strcpy(service->scheduler, "wlc");
	assert_true(confirm(f));
	assert_null(find(f, service));
}

static void new_service_is_intended_before_and_owned_after(void **state)
{
	struct fixture *f = *state;
	struct service *service = build_service(f->wanted, 1);

	make_plan(f);
	assert_true(before(f));
	assert_int_equal(mark_of(f, service), OWNERSHIP_INTENDED);
	assert_int_equal(find(f, service)->fingerprint, fingerprint_service(service));
	assert_true(after(f));
	assert_int_equal(mark_of(f, service), OWNERSHIP_OWNED);
	assert_false(find(f, service)->fresh);
}

static void service_that_is_not_sent_is_not_intended(void **state)
{
	struct fixture *f = *state;

	build_service(f->wanted, 1);
	make_plan(f);
	f->results[0] = -EAGAIN;
	assert_false(before(f));
	assert_false(after(f));
	assert_int_equal(f->ownership->service_count, 0);
}

static void refused_service_is_ours_no_more(void **state)
{
	struct fixture *f = *state;

	build_service(f->wanted, 1);
	make_plan(f);
	before(f);
	f->results[0] = -ENOENT;
	assert_true(after(f));
	assert_int_equal(f->ownership->service_count, 0);
}

static void service_of_unknown_fate_stays_intended(void **state)
{
	struct fixture *f = *state;
	struct service *service = build_service(f->wanted, 1);

	make_plan(f);
	before(f);
	f->results[0] = -EINPROGRESS;
	assert_false(after(f));
	assert_int_equal(mark_of(f, service), OWNERSHIP_INTENDED);
}

/* Somebody else was quicker. */
static void fresh_key_that_exists_is_struck_out(void **state)
{
	struct fixture *f = *state;

	build_service(f->wanted, 1);
	make_plan(f);
	before(f);
	f->results[0] = -EEXIST;
	assert_true(after(f));
	assert_int_equal(f->ownership->service_count, 0);
}

/* The run that intended it may have made it. */
static void older_intended_key_that_exists_is_kept(void **state)
{
	struct fixture *f = *state;
	struct service *service = build_service(f->wanted, 1);

	mark(f, service, OWNERSHIP_INTENDED);
	make_plan(f);
	assert_false(before(f));
	f->results[0] = -EEXIST;
	assert_false(after(f));
	assert_int_equal(mark_of(f, service), OWNERSHIP_INTENDED);
}

static void deleted_service_is_struck_out(void **state)
{
	static const int results[] = { 0, -ESRCH, -EPERM };
	struct fixture *f = *state;
	struct service *service = build_service(f->actual, 1);

	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		mark(f, service, OWNERSHIP_OWNED);
		make_plan(f);
		assert_false(before(f));
		f->results[0] = results[i];
		assert_int_equal(after(f), results[i] != -EPERM);
		assert_int_equal(find(f, service) != NULL, results[i] == -EPERM);
	}
}

static void adopted_service_is_owned_before_the_first_write(void **state)
{
	struct fixture *f = *state;
	struct service *equal = build_service(f->wanted, 1);

	build_service(f->actual, 1);
	make_plan(f);
	assert_true(before(f));
	assert_int_equal(mark_of(f, equal), OWNERSHIP_OWNED);
	assert_false(after(f));
	make_plan(f);
	assert_false(before(f));
}

static void conflict_is_not_ours(void **state)
{
	struct fixture *f = *state;

	build_service(f->wanted, 1);
	strcpy(build_service(f->actual, 1)->scheduler, "wlc");
	build_service(f->wanted, 2);
	build_service(f->actual, 2);
	make_plan(f);
	assert_true(before(f));
	assert_null(find(f, &f->wanted->services[0]));
	assert_non_null(find(f, &f->wanted->services[1]));
	f->options.adopt = ADOPT_ALL;
	make_plan(f);
	assert_true(before(f));
	assert_non_null(find(f, &f->wanted->services[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOKKEEPING_TEST(what_the_kernel_lacks_is_struck_out),
		BOOKKEEPING_TEST(intended_is_owned_where_it_is_there_as_intended),
		BOOKKEEPING_TEST(intended_is_struck_out_where_it_has_other_attributes),
		BOOKKEEPING_TEST(new_service_is_intended_before_and_owned_after),
		BOOKKEEPING_TEST(service_that_is_not_sent_is_not_intended),
		BOOKKEEPING_TEST(refused_service_is_ours_no_more),
		BOOKKEEPING_TEST(service_of_unknown_fate_stays_intended),
		BOOKKEEPING_TEST(fresh_key_that_exists_is_struck_out),
		BOOKKEEPING_TEST(older_intended_key_that_exists_is_kept),
		BOOKKEEPING_TEST(deleted_service_is_struck_out),
		BOOKKEEPING_TEST(adopted_service_is_owned_before_the_first_write),
		BOOKKEEPING_TEST(conflict_is_not_ours),
	};

	return cmocka_run_group_tests_name("bookkeeping", tests, NULL, NULL);
}
