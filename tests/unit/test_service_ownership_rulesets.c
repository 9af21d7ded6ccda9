/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/service_ownership_case.h"

/* Whose nftables' tables are, before and after writing to them. */

enum { SLOT = 0 }; /* ruleset_slot(AF_INET) */

static struct owned_ruleset *owned_of(struct fixture *f)
{
	return &f->ownership->rulesets[SLOT];
}

static struct nft_table *actual_of(struct fixture *f)
{
	return &f->snapshot.rulesets.actual[SLOT];
}

/* A plan that writes to the table of IPv4, wanted with the fingerprint 7. */
static void plan(struct fixture *f, enum operation_kind kind)
{
	struct ruleset_goals *goals = &f->snapshot.rulesets;

	goals->looked = true;
	goals->wanted[SLOT].family = AF_INET;
	goals->wanted[SLOT].fingerprint = 7;
	make_plan(f);
	assert_int_equal(
		plan_add_ruleset(&f->snapshot.plan, kind, &goals->wanted[SLOT], false),
		0);
}

static void assert_owned(struct fixture *f, enum ownership_mark mark_wanted,
			 uint64_t fingerprint, uint64_t handle, uint64_t sum)
{
	assert_int_equal(owned_of(f)->mark, mark_wanted);
	assert_true(owned_of(f)->fingerprint == fingerprint);
	assert_true(owned_of(f)->handle == handle);
	assert_true(owned_of(f)->sum == sum);
}

static void new_table_is_intended_then_owned(void **state)
{
	struct fixture *f = *state;

	plan(f, OPERATION_NEW_RULESET);
	assert_false(confirm(f));
	assert_true(before(f));
	assert_owned(f, OWNERSHIP_INTENDED, 7, 0, 0);
	f->session.rulesets_seen.tables[SLOT] =
		(struct nft_table){ .exists = true, .handle = 3, .marker = 7, .sum = 9 };
	assert_true(after(f));
	assert_owned(f, OWNERSHIP_OWNED, 7, 3, 9);
}

static void failed_table_stays_intended(void **state)
{
	struct fixture *f = *state;

	plan(f, OPERATION_NEW_RULESET);
	assert_true(before(f));
	f->results[0] = -EIO;
	assert_false(after(f));
	assert_owned(f, OWNERSHIP_INTENDED, 7, 0, 0);
	/* Which it is not, as the next look shows. */
	assert_true(confirm(f));
	assert_owned(f, OWNERSHIP_NONE, 0, 0, 0);
}

/* The process died between the kernel's answer and the record. */
static void intended_table_with_the_marker_is_ours(void **state)
{
	struct fixture *f = *state;

	*owned_of(f) =
		(struct owned_ruleset){ .mark = OWNERSHIP_INTENDED, .fingerprint = 7 };
	*actual_of(f) =
		(struct nft_table){ .exists = true, .handle = 3, .marker = 8, .sum = 9 };
	plan(f, OPERATION_SET_RULESET);
	assert_true(confirm(f));
	assert_owned(f, OWNERSHIP_OWNED, 8, 0, 0);
}

static void intended_table_without_the_marker_is_somebody_elses(void **state)
{
	struct fixture *f = *state;

	*owned_of(f) =
		(struct owned_ruleset){ .mark = OWNERSHIP_INTENDED, .fingerprint = 7 };
	*actual_of(f) = (struct nft_table){ .exists = true, .handle = 3, .sum = 9 };
	f->snapshot.rulesets.looked = true;
	assert_true(confirm(f));
	assert_owned(f, OWNERSHIP_NONE, 0, 0, 0);
}

/* Somebody has taken the marker away, or made the table anew. */
static void owned_table_is_known_by_its_handle(void **state)
{
	struct fixture *f = *state;

	*owned_of(f) = (struct owned_ruleset){
		.mark = OWNERSHIP_OWNED, .fingerprint = 7, .handle = 3, .sum = 9
	};
	*actual_of(f) = (struct nft_table){ .exists = true, .handle = 3, .sum = 10 };
	f->snapshot.rulesets.looked = true;
	assert_false(confirm(f));
	actual_of(f)->handle = 4;
	assert_true(confirm(f));
	assert_owned(f, OWNERSHIP_NONE, 0, 0, 0);
}

static void nothing_is_struck_where_nobody_could_look(void **state)
{
	struct fixture *f = *state;

	*owned_of(f) = (struct owned_ruleset){ .mark = OWNERSHIP_OWNED, .handle = 3 };
	assert_false(confirm(f));
	f->snapshot.rulesets.looked = true;
	f->snapshot.rulesets.trouble.code = EPERM;
	assert_false(confirm(f));
	assert_int_equal(owned_of(f)->mark, OWNERSHIP_OWNED);
}

static void deleted_table_is_ours_no_more(void **state)
{
	struct fixture *f = *state;

	*owned_of(f) = (struct owned_ruleset){
		.mark = OWNERSHIP_OWNED, .fingerprint = 7, .handle = 3, .sum = 9
	};
	*actual_of(f) = (struct nft_table){ .exists = true, .handle = 3, .marker = 7 };
	plan(f, OPERATION_DELETE_RULESET);
	assert_false(confirm(f));
	assert_false(before(f));
	assert_true(after(f));
	assert_owned(f, OWNERSHIP_NONE, 0, 0, 0);
}

static void unwritable_record_takes_the_intention_back(void **state)
{
	struct fixture *f = *state;
	struct service_ownership_mark kept;

	plan(f, OPERATION_NEW_RULESET);
	service_ownership_remember(&f->snapshot, &kept);
	assert_true(before(f));
	service_ownership_forget(&f->snapshot, &kept);
	assert_owned(f, OWNERSHIP_NONE, 0, 0, 0);
}

/* Sysctls first, services behind it. */
static void table_has_its_place_in_the_plan(void **state)
{
	static const enum operation_kind kinds[] = { OPERATION_SET_SYSCTL,
						     OPERATION_NEW_RULESET,
						     OPERATION_SET_RULESET,
						     OPERATION_NEW_SERVICE };
	struct fixture *f = *state;
	struct ruleset *ruleset = &f->snapshot.rulesets.wanted[1];
	char line[512];

	assert_int_equal(globals_add_sysctl(&f->wanted->globals, "net.a", "1"), 0);
	build_service(f->wanted, 1);
	plan(f, OPERATION_NEW_RULESET);
	*ruleset = (struct ruleset){ .family = AF_INET6, .counts = { .masqueraded = 2 } };
	assert_int_equal(
		plan_add_ruleset(&f->snapshot.plan, OPERATION_SET_RULESET, ruleset, true),
		0);
	assert_int_equal(f->snapshot.plan.operation_count, ARRAY_SIZE(kinds));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_int_equal(f->snapshot.plan.operations[i].kind, kinds[i]);
	assert_string_equal(
		operation_format_line(&f->snapshot.plan.operations[2], line,
				      sizeof(line)),
		"drift: replace nftables table ip6 ipvs-node: 2 services masqueraded");
	assert_string_equal(operation_format_object(&f->snapshot.plan.operations[2], line,
						    sizeof(line)),
			    "nftables table ip6 ipvs-node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOKKEEPING_TEST(new_table_is_intended_then_owned),
		BOOKKEEPING_TEST(failed_table_stays_intended),
		BOOKKEEPING_TEST(intended_table_with_the_marker_is_ours),
		BOOKKEEPING_TEST(intended_table_without_the_marker_is_somebody_elses),
		BOOKKEEPING_TEST(owned_table_is_known_by_its_handle),
		BOOKKEEPING_TEST(nothing_is_struck_where_nobody_could_look),
		BOOKKEEPING_TEST(deleted_table_is_ours_no_more),
		BOOKKEEPING_TEST(unwritable_record_takes_the_intention_back),
		BOOKKEEPING_TEST(table_has_its_place_in_the_plan),
	};

	return cmocka_run_group_tests_name("bookkeeping rulesets", tests, NULL, NULL);
}
