/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ruleset_case.h"

#include "agent/plan/ruleset_change.h"

/* From one ruleset to another: by its elements, or as a whole. */

/* So many services, masqueraded but for those that are left out by their number. */
static void many(struct fixture *f, int count, int without, const char *more)
{
	char *text = calloc(1, (size_t)count * 200 + 1000), *at = text;

	assert_non_null(text);
	at += sprintf(at, "{ 'version': 1, 'services': [ ");
	for (int i = 0; i < count; i++) {
		if (i != without)
			at += sprintf(
				at,
				"{ 'address': '10.0.0.%d', 'port': 80, 'protocol': "
				"'tcp', 'sourceNat': 'outside', 'destinations': [ { "
				"'address': '10.1.0.%d' } ] },\n",
				i + 1, i + 1);
	}
	sprintf(at, "{ " ADDRESS("10.9.9.9") " %s } ] }", more);
	write_state("state.json", text);
	free(text);
	table_clear(&f->table);
	expect_state("state.json", &f->table);
}

static struct ruleset made_of(struct fixture *f, int count, int without, const char *more)
{
	struct ruleset ruleset = { 0 };

	f->settings.masquerade_bit = MASQUERADE_BIT_DEFAULT;
	many(f, count, without, more);
	assert_int_equal(ruleset_make(&f->table, &f->settings, AF_INET, &ruleset), 0);
	assert_non_null(ruleset.text);
	return ruleset;
}

static void test_change_of_an_element(void **state UNUSED)
{
	struct fixture f = { .settings = { .cluster = cluster, .cluster_count = 1 } };
	cleanup_growing_text struct growing_text commands = { 0 };
	struct ruleset from = made_of(&f, 100, 6, ""), to = made_of(&f, 100, 9, "");
	char expected[1000];

	assert_int_equal(ruleset_change(&from, &to, &commands), RULESET_CHANGE_ELEMENTS);
	snprintf(
		expected, sizeof(expected),
		"delete element ip ipvs-node outside {\n10.0.0.10 . 6 . 80\n}\n"
		"add element ip ipvs-node outside {\n10.0.0.7 . 6 . 80\n}\n"
		"delete element ip ipvs-node self {\n10.0.0.10 . 10.0.0.10\n}\n"
		"add element ip ipvs-node self {\n10.0.0.7 . 10.0.0.7\n}\n"
		"delete element ip ipvs-node hairpin {\n10.1.0.10 . 6 . 80 . 10.1.0.10\n}\n"
		"add element ip ipvs-node hairpin {\n10.1.0.7 . 6 . 80 . 10.1.0.7\n}\n"
		"delete chain ip ipvs-node id_%016llx\n"
		"add chain ip ipvs-node id_%016llx\n",
		(unsigned long long)from.fingerprint, (unsigned long long)to.fingerprint);
	assert_string_equal(commands.text, expected);
	ruleset_clear(&from);
	ruleset_clear(&to);
	clear(&f);
}

static void assert_whole(struct ruleset from, struct ruleset to)
{
	cleanup_growing_text struct growing_text commands = { 0 };

	assert_int_equal(ruleset_change(&from, &to, &commands), RULESET_CHANGE_WHOLE);
	ruleset_clear(&from);
	ruleset_clear(&to);
}

static void test_other_rules_are_a_whole_change(void **state UNUSED)
{
	static const char ranges[] = ", 'sourceRanges': [ '10.0.0.0/8' ]";
	static const char ranges2[] = ", 'sourceRanges': [ '10.0.0.0/9' ]";
	static const char all[] = ", 'sourceNat': true";
	struct fixture f = { .settings = { .cluster = cluster, .cluster_count = 1 } };

	assert_whole(made_of(&f, 100, -1, ""), made_of(&f, 100, -1, all));
	assert_whole(made_of(&f, 100, -1, all), made_of(&f, 100, -1, ""));
	assert_whole(made_of(&f, 100, -1, ""), made_of(&f, 100, -1, ranges));
	assert_whole(made_of(&f, 100, -1, ranges), made_of(&f, 100, -1, ranges2));
	/* Most of it. */
	assert_whole(made_of(&f, 20, -1, ""), made_of(&f, 60, -1, ""));
	/* Networks. */
	struct ruleset before = made_of(&f, 100, -1, "");

	f.settings.cluster = &cluster[1];
	assert_whole(before, made_of(&f, 100, -1, ""));
	clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change_of_an_element),
		cmocka_unit_test(test_other_rules_are_a_whole_change),
	};

	return cmocka_run_group_tests_name("ruleset_change", tests, enter_state_directory,
					   leave_state_directory);
}
