/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include "agent/model/route_map.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static void add(struct route_map *map, const char *network, enum route_kind kind,
		int link, uint32_t metric)
{
	struct route route = { .kind = (uint8_t)kind, .link = link, .metric = metric };

	assert_int_equal(network_parse(network, &route.network), 0);
	assert_int_equal(route_map_add(map, &route), 0);
}

/* What is found with a hint from anywhere is what is found without one. */
static void expect(const struct route_map *map, const char *text, enum route_kind kind,
		   int link)
{
	struct address address = address_of(text);

	for (size_t hint = 0; hint <= map->span_count; hint++) {
		size_t from = hint;
		const struct route_span *span = route_map_find(map, &address, &from);

		assert_int_equal(span ? span->kind : ROUTE_NONE, kind);
		assert_int_equal(span ? span->link : 0, link);
	}
}

static void test_nothing_has_a_route(void **state UNUSED)
{
	cleanup_route_map struct route_map map = { 0 };

	assert_int_equal(route_map_finish(&map), 0);
	expect(&map, "10.0.0.1", ROUTE_NONE, 0);
	expect(&map, "::1", ROUTE_NONE, 0);
	assert_int_equal(route_map_default_link(&map, AF_INET), 0);
}

static void test_longest_prefix_counts(void **state UNUSED)
{
	cleanup_route_map struct route_map map = { 0 };

	add(&map, "10.0.0.0/8", ROUTE_LINK, 2, 0);
	add(&map, "10.1.2.3", ROUTE_LOCAL, 1, 0);
	add(&map, "10.1.0.0/16", ROUTE_LINK, 3, 0);
	add(&map, "10.1.2.0/24", ROUTE_REFUSED, 0, 0);
	add(&map, "255.255.255.255", ROUTE_LINK, 9, 0);
	assert_int_equal(route_map_finish(&map), 0);
	expect(&map, "9.255.255.255", ROUTE_NONE, 0);
	expect(&map, "10.0.0.0", ROUTE_LINK, 2);
	expect(&map, "10.0.255.255", ROUTE_LINK, 2);
	expect(&map, "10.1.0.0", ROUTE_LINK, 3);
	expect(&map, "10.1.2.2", ROUTE_REFUSED, 0);
	expect(&map, "10.1.2.3", ROUTE_LOCAL, 1);
	expect(&map, "10.1.2.4", ROUTE_REFUSED, 0);
	expect(&map, "10.1.3.0", ROUTE_LINK, 3);
	expect(&map, "10.2.0.0", ROUTE_LINK, 2);
	expect(&map, "10.255.255.255", ROUTE_LINK, 2);
	expect(&map, "11.0.0.0", ROUTE_NONE, 0);
	expect(&map, "255.255.255.255", ROUTE_LINK, 9);
	expect(&map, "::", ROUTE_NONE, 0);
}

static void test_families_are_apart(void **state UNUSED)
{
	cleanup_route_map struct route_map map = { 0 };

	add(&map, "0.0.0.0/0", ROUTE_LINK, 2, 100);
	add(&map, "fd00::/64", ROUTE_LINK, 3, 0);
	add(&map, "fd00::1", ROUTE_LOCAL, 1, 0);
	assert_int_equal(route_map_finish(&map), 0);
	expect(&map, "255.255.255.255", ROUTE_LINK, 2);
	expect(&map, "::", ROUTE_NONE, 0);
	expect(&map, "fd00::1", ROUTE_LOCAL, 1);
	expect(&map, "fd00::2", ROUTE_LINK, 3);
	expect(&map, "fd00:0:0:1::", ROUTE_NONE, 0);
	assert_int_equal(route_map_default_link(&map, AF_INET), 2);
	assert_int_equal(route_map_default_link(&map, AF_INET6), 0);
}

static void test_smallest_metric_counts(void **state UNUSED)
{
	cleanup_route_map struct route_map map = { 0 };

	add(&map, "10.0.0.0/8", ROUTE_REFUSED, 0, 200);
	add(&map, "10.0.0.0/8", ROUTE_LINK, 2, 100);
	add(&map, "::/0", ROUTE_LINK, 4, 1024);
	add(&map, "::/0", ROUTE_LINK, 5, 1024);
	assert_int_equal(route_map_finish(&map), 0);
	expect(&map, "10.0.0.1", ROUTE_LINK, 2);
	/* Over one of two links, which one is not known. */
	expect(&map, "fd00::1", ROUTE_LINK, 0);
	assert_int_equal(route_map_default_link(&map, AF_INET6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_has_a_route),
		cmocka_unit_test(test_longest_prefix_counts),
		cmocka_unit_test(test_families_are_apart),
		cmocka_unit_test(test_smallest_metric_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
