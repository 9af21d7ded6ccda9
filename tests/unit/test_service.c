/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/temporary.h"

#include "agent/model/service.h"

static void add(struct service *service, const char *address)
{
	struct destination *destination = service_add_destination(service);

	assert_non_null(destination);
	assert_int_equal(address_parse(address, &destination->address), 0);
}

static void room_is_used_before_there_is_more(void **state)
{
	struct service service = { 0 };
	const struct destination *first;

	(void)state;
	assert_int_equal(service_reserve(&service, 3), 0);
	first = service.destinations;
	for (int i = 0; i < 3; i++)
		add(&service, "10.0.0.1");
	assert_ptr_equal(service.destinations, first);
	assert_int_equal(service.destination_room, 3);
	add(&service, "10.0.0.4");
	assert_int_equal(service.destination_count, 4);
	service_clear(&service);
}

static void reserve_is_for_an_empty_service(void **state)
{
	struct service service = { 0 };

	(void)state;
	assert_int_equal(service_reserve(&service, 0), 0);
	assert_null(service.destinations);
	add(&service, "10.0.0.1");
	assert_int_equal(service_reserve(&service, 100), 0);
	assert_int_equal(service.destination_count, 1);
	assert_true(service.destination_room < 100);
	service_clear(&service);
}

static void trim_leaves_what_is_there(void **state)
{
	struct service service = { 0 };
	struct destination key = { 0 };

	(void)state;
	assert_int_equal(service_reserve(&service, 50), 0);
	add(&service, "10.0.0.2");
	add(&service, "10.0.0.1");
	service_sort(&service);
	service_trim(&service);
	assert_int_equal(service.destination_room, 2);
	assert_int_equal(address_parse("10.0.0.2", &key.address), 0);
	assert_ptr_equal(service_find_destination(&service, &key),
			 &service.destinations[1]);
	service_trim(&service);
	assert_int_equal(service.destination_count, 2);
	service_clear(&service);
}

static void trim_of_an_empty_service_leaves_nothing(void **state)
{
	struct service service = { 0 };

	(void)state;
	service_trim(&service);
	assert_int_equal(service_reserve(&service, 5), 0);
	service_trim(&service);
	assert_null(service.destinations);
	assert_int_equal(service.destination_room, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_used_before_there_is_more),
		cmocka_unit_test(reserve_is_for_an_empty_service),
		cmocka_unit_test(trim_leaves_what_is_there),
		cmocka_unit_test(trim_of_an_empty_service_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
