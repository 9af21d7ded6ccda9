/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include <string.h>

#include "agent/plan/usability.h"
#include "common/array.h"

/*
 * A node with 10.0.0.0/16 local, eth0 (2) to 10.1.0.0/16, where the destinations are, and
 * the default route over eth1 (3); both forward.
 */
struct world {
	struct table table;
	struct service *service; /* the first, with a destination */
	struct route_map routes;
	struct forwarding forwarding[4];
	struct usability_facts facts;
	struct ownership *ownership;
	struct usability_findings findings;
	char *text; /* of the last finding that was formatted */
};

static void add_route(struct world *world, const char *network, enum route_kind kind,
		      int link)
{
	struct route route = { .kind = (uint8_t)kind, .link = link };

	assert_int_equal(network_parse(network, &route.network), 0);
	assert_int_equal(route_map_add(&world->routes, &route), 0);
}

static void set_up(struct world *world)
{
	static const struct usability_link links[] = { { 1, "lo" },
						       { 2, "eth0" },
						       { 3, "eth1" } };

	memset(world, 0, sizeof(*world));
	world->service = build_service(&world->table, 1);
	build_destination(world->service, 1, 1);
	add_route(world, "10.0.0.0/16", ROUTE_LOCAL, 1);
	add_route(world, "10.1.0.0/16", ROUTE_LINK, 2);
	world->forwarding[0] = (struct forwarding){ AF_INET, FORWARDING_ALL, false };
	world->forwarding[1] = (struct forwarding){ AF_INET, 2, true };
	world->forwarding[2] = (struct forwarding){ AF_INET6, FORWARDING_ALL, true };
	world->facts = (struct usability_facts){
		.routes = &world->routes,
		.forwarding = world->forwarding,
		.forwarding_count = 3,
		.links = links,
		.link_count = ARRAY_SIZE(links),
	};
}

/* How many findings there are; routes are as they were added by the first call. */
static size_t judge(struct world *world)
{
	usability_findings_clear(&world->findings);
	if (world->routes.count > 0)
		assert_int_equal(route_map_finish(&world->routes), 0);
	assert_int_equal(usability_judge(&world->table, world->ownership, &world->facts,
					 &world->findings),
			 0);
	return world->findings.count;
}

static const char *text_of(struct world *world, size_t i)
{
	free(world->text);
	assert_true(i < world->findings.count);
	world->text = usability_format(&world->findings.items[i], &world->facts);
	assert_non_null(world->text);
	return world->text;
}

static void tear_down(struct world *world)
{
	free(world->text);
	usability_findings_clear(&world->findings);
	route_map_clear(&world->routes);
	table_clear(&world->table);
}

static void expect_text(struct world *world, size_t i, const char *part)
{
	if (!strstr(text_of(world, i), part))
		fail_msg("\"%s\" does not have \"%s\"", world->text, part);
}

static void test_what_works(void **state UNUSED)
{
	struct world world;

	set_up(&world);
	assert_int_equal(judge(&world), 0);
	tear_down(&world);
}

static void test_unknown_facts_warn_of_nothing(void **state UNUSED)
{
	struct world world;

	set_up(&world);
	assert_int_equal(address_parse("192.0.2.1", &world.service->key.address), 0);
	world.facts = (struct usability_facts){ 0 };
	assert_int_equal(judge(&world), 0);
	tear_down(&world);
}

static void test_address_that_is_not_local(void **state UNUSED)
{
	struct service_access access = { .bind = true };
	struct world world;

	set_up(&world);
	world.service->name = strdup("web");
	assert_int_equal(address_parse("192.0.2.1", &world.service->key.address), 0);
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0,
		    "tcp 192.0.2.1:80 (web): the virtual address is on no link");
	/* One that leads elsewhere is not local either. */
	assert_int_equal(address_parse("10.1.0.9", &world.service->key.address), 0);
	assert_int_equal(judge(&world), 1);
	/* What we make local has a failure of its own where that fails. */
	world.service->access = &access;
	assert_int_equal(judge(&world), 0);
	world.service->access = NULL;
	/* The other of two directors may have it. */
	world.table.globals.daemons[0].role = SYNC_BACKUP;
	assert_int_equal(judge(&world), 0);
	world.table.globals.daemons[0].role = 0;
	world.service->key.fwmark = 1;
	assert_int_equal(judge(&world), 0);
	tear_down(&world);
}

static void test_no_usable_destination(void **state UNUSED)
{
	struct service_access access = { .bind = true, .cluster_ip = true };
	struct world world;

	set_up(&world);
	world.service->destinations[0].weight = 0;
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "every destination has weight 0");
	world.service->destination_count = 0;
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "there is no destination");
	/* A Service that is scaled to nothing is no fault of the node's. */
	world.service->access = &access;
	assert_int_equal(judge(&world), 0);
	world.service->access = NULL;
	tear_down(&world);
}

static void test_forwarding_is_of_the_link(void **state UNUSED)
{
	struct world world;

	set_up(&world);
	world.forwarding[1].on = false;
	assert_int_equal(judge(&world), 1);
	expect_text(
		&world, 0,
		"tcp 10.0.0.1:80 -> 10.1.0.1:8080: net.ipv4.conf.eth0.forwarding is 0");
	/* Where nothing is known of the link, what all have. */
	world.forwarding[1].link = 3;
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "net.ipv4.ip_forward is 0");
	world.service->destinations[0].forward = FORWARD_DIRECT;
	assert_int_equal(judge(&world), 0);
	world.service->destinations[0].forward = FORWARD_TUNNEL;
	assert_int_equal(judge(&world), 0);
	/* On the node itself nothing is forwarded. */
	world.service->destinations[0].forward = FORWARD_MASQUERADE;
	assert_int_equal(
		address_parse("10.0.9.9", &world.service->destinations[0].address), 0);
	assert_int_equal(judge(&world), 0);
	tear_down(&world);
}

static void test_route(void **state UNUSED)
{
	struct world world;

	set_up(&world);
	assert_int_equal(
		address_parse("10.2.0.1", &world.service->destinations[0].address), 0);
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0,
		    "10.2.0.1:8080: this node has no route to the destination");
	world.service->destinations[0].forward = FORWARD_TUNNEL;
	assert_int_equal(judge(&world), 1);
	tear_down(&world);
}

static void test_loopback(void **state UNUSED)
{
	struct world world;

	set_up(&world);
	assert_int_equal(
		address_parse("127.0.0.2", &world.service->destinations[0].address), 0);
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "is a loopback address");
	world.service->destinations[0].forward = FORWARD_LOCAL;
	assert_int_equal(judge(&world), 0);
	assert_int_equal(address_parse("::1", &world.service->destinations[0].address),
			 0);
	world.service->destinations[0].forward = FORWARD_MASQUERADE;
	assert_int_equal(judge(&world), 1);
	tear_down(&world);
}

static void test_destination_that_is_the_address(void **state UNUSED)
{
	struct listener listener = { .port = 8080, .protocol = IPPROTO_TCP };
	struct world world;

	set_up(&world);
	world.service->destinations[0].address = world.service->key.address;
	assert_true(usability_needs_listeners(&world.table));
	assert_int_equal(judge(&world), 0);
	world.facts.listeners_known = true;
	world.facts.listeners = &listener;
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "the destination is the virtual address itself");
	listener.address.family = AF_INET6; /* every address of both families */
	world.facts.listener_count = 1;
	assert_int_equal(judge(&world), 0);
	listener.v6_only = true;
	assert_int_equal(judge(&world), 1);
	listener.address = world.service->key.address;
	assert_int_equal(judge(&world), 0);
	listener.protocol = IPPROTO_UDP;
	assert_int_equal(judge(&world), 1);
	tear_down(&world);
}

static void test_equal_findings_are_one(void **state UNUSED)
{
	struct world world;

	set_up(&world);
	for (unsigned int i = 2; i <= 100; i++)
		build_service(&world.table, i);
	assert_int_equal(judge(&world), 1);
	assert_int_equal(world.findings.items[0].count, 99);
	expect_text(
		&world, 0,
		"tcp 10.0.0.2:80, tcp 10.0.0.3:80, tcp 10.0.0.4:80 and 96 more: there is no");
	tear_down(&world);
}

static void test_only_what_is_ours(void **state UNUSED)
{
	struct ownership ownership = { 0 };
	struct world world;

	set_up(&world);
	build_service(&world.table, 2);
	build_service(&world.table, 3);
	world.ownership = &ownership;
	assert_int_equal(judge(&world), 0);
	assert_int_equal(ownership_mark(&ownership, &world.table.services[2].key,
					OWNERSHIP_OWNED, 0),
			 0);
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "tcp 10.0.0.3:80: there is no destination");
	ownership_clear(&ownership);
	tear_down(&world);
}

static struct filter_chain *set_filter(struct packet_filter *filter,
				       struct filter_chain *chain, enum filter_hook hook)
{
	*chain = (struct filter_chain){ .family = AF_INET,
					.table = "filter",
					.name = "forward",
					.base = true,
					.hook = (uint8_t)hook,
					.drops = true,
					.read = true };
	*filter = (struct packet_filter){ .chains = chain, .count = 1 };
	return chain;
}

static void test_filters(void **state UNUSED)
{
	struct packet_filter filter;
	struct filter_chain chain;
	struct world world;

	set_up(&world);
	world.facts.filter = &filter;
	set_filter(&filter, &chain, FILTER_FORWARD);
	assert_int_equal(judge(&world), 1);
	expect_text(
		&world, 0,
		"as `nft insert rule ip filter forward ip saddr 10.1.0.1 accept` does");
	world.facts.tracks = true;
	expect_text(
		&world, 0,
		"as `nft insert rule ip filter forward ct state established,related accept`");
	strcpy(chain.name, "FORWARD");
	expect_text(
		&world, 0,
		"as `iptables -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j");
	world.service->destinations[0].forward = FORWARD_DIRECT;
	assert_int_equal(judge(&world), 0);
	world.service->destinations[0].forward = FORWARD_MASQUERADE;
	/* Answers have the virtual address behind IPVS's own place. */
	chain.priority = 100;
	assert_int_equal(judge(&world), 0);

	set_filter(&filter, &chain, FILTER_INPUT);
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "drops what comes for the virtual address");
	set_filter(&filter, &chain, FILTER_OUTPUT);
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0, "drops what IPVS sends to the destination");
	tear_down(&world);
}

static void test_health_check_port(void **state UNUSED)
{
	char space[] = "default", name[] = "web";
	struct health_check check = { .port = 30200, .space = space, .name = name };
	struct packet_filter filter;
	struct filter_chain chain;
	struct world world;

	set_up(&world);
	world.facts.filter = &filter;
	set_filter(&filter, &chain, FILTER_INPUT)->priority = 99;
	assert_int_equal(notes_add_health_check(&world.table.notes, &check), 0);
	assert_int_equal(judge(&world), 1);
	expect_text(&world, 0,
		    "health check port 30200 of Service default/web: the chain");
	expect_text(&world, 0, "tcp dport 30200 accept");
	tear_down(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_works),
		cmocka_unit_test(test_unknown_facts_warn_of_nothing),
		cmocka_unit_test(test_address_that_is_not_local),
		cmocka_unit_test(test_no_usable_destination),
		cmocka_unit_test(test_forwarding_is_of_the_link),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_destination_that_is_the_address),
		cmocka_unit_test(test_equal_findings_are_one),
		cmocka_unit_test(test_only_what_is_ours),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_health_check_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
