/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include <string.h>

#include "agent/model/fingerprint.h"
#include "agent/model/ownership.h"

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct ownership));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	ownership_clear(*state);
	free(*state);
	return 0;
}

static struct service_key key_of(unsigned int n)
{
	struct table table = { 0 };
	struct service_key key = build_service(&table, n)->key;

	table_clear(&table);
	return key;
}

static void mark(struct ownership *ownership, unsigned int n, enum ownership_mark wanted)
{
	const struct service_key key = key_of(n);

	assert_int_equal(ownership_mark(ownership, &key, wanted,
					wanted == OWNERSHIP_INTENDED ? n : 0),
			 0);
}

static const struct owned_service *find(const struct ownership *ownership, unsigned int n)
{
	const struct service_key key = key_of(n);

	return ownership_find(ownership, &key);
}

static void keys_are_kept_sorted_and_found(void **state)
{
	static const unsigned int order[] = { 5, 1, 9, 3, 7 };
	struct ownership *ownership = *state;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		mark(ownership, order[i], OWNERSHIP_OWNED);
	assert_int_equal(ownership->service_count, ARRAY_SIZE(order));
	for (size_t i = 1; i < ownership->service_count; i++)
		assert_true(service_key_compare(&ownership->services[i - 1].key,
						&ownership->services[i].key) < 0);
	for (unsigned int n = 0; n <= 10; n++)
		assert_int_equal(find(ownership, n) != NULL, n % 2 == 1);
}

static void mark_replaces_mark_and_fingerprint(void **state)
{
	struct ownership *ownership = *state;

	mark(ownership, 4, OWNERSHIP_INTENDED);
	assert_int_equal(find(ownership, 4)->mark, OWNERSHIP_INTENDED);
	assert_int_equal(find(ownership, 4)->fingerprint, 4);
	mark(ownership, 4, OWNERSHIP_OWNED);
	assert_int_equal(find(ownership, 4)->mark, OWNERSHIP_OWNED);
	assert_int_equal(find(ownership, 4)->fingerprint, 0);
	assert_int_equal(ownership->service_count, 1);
}

static void struck_key_is_gone_and_the_others_stay(void **state)
{
	struct ownership *ownership = *state;
	struct service_key key = key_of(2);

	for (unsigned int n = 1; n <= 3; n++)
		mark(ownership, n, OWNERSHIP_OWNED);
	ownership_strike(ownership, &key);
	ownership_strike(ownership, &key);
	assert_int_equal(ownership->service_count, 2);
	assert_non_null(find(ownership, 1));
	assert_null(find(ownership, 2));
	assert_non_null(find(ownership, 3));
}

static void fresh_keys_can_be_dropped_until_they_are_settled(void **state)
{
	struct ownership *ownership = *state;

	mark(ownership, 2, OWNERSHIP_OWNED);
	mark(ownership, 5, OWNERSHIP_INTENDED);
	ownership_settle(ownership);
	mark(ownership, 1, OWNERSHIP_OWNED);
	mark(ownership, 3, OWNERSHIP_INTENDED);
	/* Another mark does not make an old key a fresh one, nor a fresh one old. */
	mark(ownership, 5, OWNERSHIP_OWNED);
	mark(ownership, 3, OWNERSHIP_OWNED);
	ownership_drop_fresh(ownership);
	assert_int_equal(ownership->service_count, 2);
	assert_non_null(find(ownership, 2));
	assert_int_equal(find(ownership, 5)->mark, OWNERSHIP_OWNED);
}

static void intended_service_is_ours_with_its_attributes_alone(void **state)
{
	struct table table = { 0 };
	struct service *actual = build_service(&table, 1);
	struct owned_service owned = { .mark = OWNERSHIP_INTENDED,
				       .fingerprint = fingerprint_service(actual) };

	(void)state;
	assert_true(owned_service_is_ours(&owned, actual));
	build_destination(actual, 1, 1);
	assert_true(owned_service_is_ours(&owned, actual));
	actual->one_packet = true;
	assert_false(owned_service_is_ours(&owned, actual));
	/* A record of an earlier version has no fingerprints. */
	owned.fingerprint = 0;
	assert_false(owned_service_is_ours(&owned, actual));
	owned.mark = OWNERSHIP_OWNED;
	assert_true(owned_service_is_ours(&owned, actual));
	table_clear(&table);
}

static void intended_daemon_is_ours_with_its_attributes_alone(void **state)
{
	struct sync_daemon actual = { .role = SYNC_MASTER, .interface = "eth0" };
	struct owned_daemon owned = { .mark = OWNERSHIP_INTENDED,
				      .fingerprint = fingerprint_sync_daemon(&actual) };

	(void)state;
	assert_true(owned_daemon_is_ours(&owned, &actual));
	actual.sync_id = 1;
	assert_false(owned_daemon_is_ours(&owned, &actual));
	owned.mark = OWNERSHIP_OWNED;
	assert_true(owned_daemon_is_ours(&owned, &actual));
	owned = (struct owned_daemon){ .fingerprint = fingerprint_sync_daemon(&actual) };
	assert_false(owned_daemon_is_ours(&owned, &actual));
}

/* --- drains --- */

static struct destination destination_of(unsigned int n, uint16_t port)
{
	struct service service = { 0 };
	struct destination destination = *build_destination(&service, n, 1);

	destination.port = port;
	service_clear(&service);
	return destination;
}

static void set_drain(struct ownership *ownership, unsigned int service,
		      const struct destination *destination, uint64_t deadline)
{
	const struct drain drain = { .service = key_of(service),
				     .address = destination->address,
				     .port = destination->port,
				     .deadline_msec = deadline };

	assert_int_equal(ownership_set_drain(ownership, &drain), 0);
}

static const struct drain *find_drain(const struct ownership *ownership,
				      unsigned int service,
				      const struct destination *destination)
{
	const struct service_key key = key_of(service);

	return ownership_find_drain(ownership, &key, destination);
}

static bool has_drain(const struct ownership *ownership, unsigned int service)
{
	const struct service_key key = key_of(service);

	return ownership_has_drain(ownership, &key);
}

static void drains_are_kept_sorted_and_found(void **state)
{
	struct ownership *ownership = *state;

	for (unsigned int n = 6; n > 0; n--) {
		struct destination first = destination_of(n, 80);
		struct destination second = destination_of(n, 81);

		set_drain(ownership, n % 2, &second, 2);
		set_drain(ownership, n % 2, &first, 1);
	}
	assert_int_equal(ownership->drain_count, 12);
	for (size_t i = 1; i < ownership->drain_count; i++)
		assert_true(drain_compare(&ownership->drains[i - 1],
					  &ownership->drains[i]) < 0);
	for (unsigned int n = 1; n <= 6; n++) {
		struct destination destination = destination_of(n, 81);

		assert_int_equal(
			find_drain(ownership, n % 2, &destination)->deadline_msec, 2);
		assert_null(find_drain(ownership, (n + 1) % 2, &destination));
		destination.port = 82;
		assert_null(find_drain(ownership, n % 2, &destination));
	}
}

static void drain_with_the_same_key_is_replaced(void **state)
{
	struct ownership *ownership = *state;
	struct destination destination = destination_of(1, 80);

	set_drain(ownership, 1, &destination, 5);
	set_drain(ownership, 1, &destination, 7);
	assert_int_equal(ownership->drain_count, 1);
	assert_int_equal(find_drain(ownership, 1, &destination)->deadline_msec, 7);
}

static void service_with_a_drain_is_told_from_its_neighbours(void **state)
{
	struct ownership *ownership = *state;
	struct destination destination = destination_of(1, 0);

	assert_false(has_drain(ownership, 2));
	set_drain(ownership, 2, &destination, 0);
	assert_false(has_drain(ownership, 1));
	assert_true(has_drain(ownership, 2));
	assert_false(has_drain(ownership, 3));
	assert_int_equal(address_parse("fd00::1", &destination.address), 0);
	set_drain(ownership, 4, &destination, 0);
	assert_false(has_drain(ownership, 3));
	assert_true(has_drain(ownership, 4));
}

#define OWNERSHIP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWNERSHIP_TEST(keys_are_kept_sorted_and_found),
		OWNERSHIP_TEST(mark_replaces_mark_and_fingerprint),
		OWNERSHIP_TEST(struck_key_is_gone_and_the_others_stay),
		OWNERSHIP_TEST(fresh_keys_can_be_dropped_until_they_are_settled),
		OWNERSHIP_TEST(intended_service_is_ours_with_its_attributes_alone),
		OWNERSHIP_TEST(intended_daemon_is_ours_with_its_attributes_alone),
		OWNERSHIP_TEST(drains_are_kept_sorted_and_found),
		OWNERSHIP_TEST(drain_with_the_same_key_is_replaced),
		OWNERSHIP_TEST(service_with_a_drain_is_told_from_its_neighbours),
	};

	return cmocka_run_group_tests_name("ownership", tests, NULL, NULL);
}
