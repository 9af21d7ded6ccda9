/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include <string.h>

#include "agent/plan/vip_planner.h"

/*
 * A node with lo (1), eth0 (2, 192.168.1.5/24 and fd01::5/64, a gateway in each) and what a test adds;
 * a plan is compared as its lines.
 */

enum { ETH0 = 2, OURS = 7, OTHER = 8 };

static const uint8_t hardware[HOST_HARDWARE_LENGTH] = { 2, 1, 2, 3, 4, 5 };

struct world {
	struct host_net host;
	struct ownership ownership;
	struct address_list bound, leaving;
	struct network networks[4];
	size_t network_count;
	bool keep_link;
	struct vip_plan plan;
	char lines[4096];
};

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static void add_link(struct world *world, int index, const char *name, bool dummy)
{
	struct host_net *host = &world->host;

	host->links = realloc(host->links, (host->link_count + 1) * sizeof(*host->links));
	assert_non_null(host->links);
	host->links[host->link_count] = (struct host_link){ .index = index,
							    .loopback = index == 1,
							    .dummy = dummy };
	strcpy(host->links[host->link_count].name, name);
	if (index == OURS)
		memcpy(host->links[host->link_count].hardware, hardware,
		       sizeof(hardware));
	host->link_count++;
}

static void add_address(struct world *world, int link, const char *text, uint8_t prefix)
{
	struct host_net *host = &world->host;

	host->addresses = realloc(host->addresses,
				  (host->address_count + 1) * sizeof(*host->addresses));
	assert_non_null(host->addresses);
	host->addresses[host->address_count++] =
		(struct host_address){ .address = address_of(text),
				       .prefix = prefix,
				       .link = link,
				       .global = true,
				       .primary = true };
	host_net_sort(host);
}

static void add_route(struct world *world, const char *text, const char *source)
{
	struct host_net *host = &world->host;
	struct host_route route = { 0 };

	assert_int_equal(network_parse(text, &route.network), 0);
	if (source)
		route.source = address_of(source);
	host->routes =
		realloc(host->routes, (host->route_count + 1) * sizeof(*host->routes));
	assert_non_null(host->routes);
	host->routes[host->route_count++] = route;
	host_net_sort(host);
}

static void add_gateway(struct world *world, const char *text)
{
	struct host_net *host = &world->host;
	struct address address = address_of(text);

	host->gateways = realloc(host->gateways,
				 (host->gateway_count + 1) * sizeof(*host->gateways));
	assert_non_null(host->gateways);
	host->gateways[host->gateway_count++] = (struct host_gateway){
		.address = address, .family = address.family, .link = ETH0
	};
}

static void want(struct address_list *list, const char *text)
{
	const struct address address = address_of(text);

	assert_int_equal(address_list_add(list, &address), 0);
}

static void serve(struct world *world, const char *network)
{
	assert_int_equal(network_parse(network, &world->networks[world->network_count++]),
			 0);
}

static void own_link(struct world *world, const char *name)
{
	strcpy(world->ownership.link.name, "ipvs0");
	memcpy(world->ownership.link.hardware, hardware, sizeof(hardware));
	if (name)
		add_link(world, OURS, name, true);
}

static void own_address(struct world *world, const char *text)
{
	want(&world->ownership.bound, text);
	add_address(world, OURS, text, strchr(text, ':') ? 128 : 32);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	add_link(world, 1, "lo", false);
	add_link(world, ETH0, "eth0", false);
	add_address(world, ETH0, "192.168.1.5", 24);
	add_address(world, ETH0, "fd01::5", 64);
	add_gateway(world, "192.168.1.1");
	add_gateway(world, "fd01::1");
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	host_net_clear(&world->host);
	ownership_clear(&world->ownership);
	address_list_clear(&world->bound);
	address_list_clear(&world->leaving);
	vip_plan_clear(&world->plan);
	free(world);
	return 0;
}

static void add_line(struct world *world, const char *line)
{
	strncat(world->lines, line, sizeof(world->lines) - strlen(world->lines) - 2);
	strcat(world->lines, "\n");
}

static const char *plan(struct world *world)
{
	const struct vip_wish wish = { &world->bound,	&world->leaving,
				       world->networks, world->network_count,
				       "ipvs0",		world->keep_link };
	char text[VIP_TEXT], object[VIP_TEXT], line[2 * VIP_TEXT + 8];

	vip_plan_clear(&world->plan);
	assert_int_equal(
		vip_plan_make(&wish, &world->host, &world->ownership, &world->plan), 0);
	world->lines[0] = '\0';
	for (size_t i = 0; i < world->plan.operation_count && i < 40; i++)
		add_line(world, vip_format(&world->plan.operations[i], text));
	for (size_t i = 0; i < world->plan.conflict_count; i++) {
		const struct vip_conflict *conflict = &world->plan.conflicts[i];

		snprintf(line, sizeof(line), "! %s: %s",
			 vip_conflict_object(conflict, "ipvs0", object),
			 vip_conflict_text(conflict, "ipvs0", text));
		add_line(world, line);
	}
	return world->lines;
}

static void nothing_is_wanted(void **state)
{
	assert_string_equal(plan(*state), "");
}

static void first_address_brings_the_link(void **state)
{
	struct world *world = *state;

	want(&world->bound, "10.0.0.1");
	want(&world->bound, "fd00::1");
	assert_string_equal(plan(world), "add link ipvs0\n"
					 "add address 10.0.0.1 to ipvs0\n"
					 "add address fd00::1 to ipvs0\n");
	assert_true(world->plan.uses_link);
	assert_int_equal(world->plan.local_count, 2);
}

static void what_is_there_is_left(void **state)
{
	struct world *world = *state;

	own_link(world, "ipvs0");
	own_address(world, "10.0.0.1");
	want(&world->bound, "10.0.0.1");
	assert_string_equal(plan(world), "");
	/* Also where somebody has it on another link meanwhile. */
	add_address(world, ETH0, "10.0.0.1", 32);
	assert_string_equal(plan(world), "");
}

static void last_address_takes_the_link(void **state)
{
	struct world *world = *state;

	own_link(world, "ipvs0");
	own_address(world, "10.0.0.1");
	add_address(world, OURS, "fe80::1", 64); /* the kernel's own */
	assert_string_equal(plan(world), "remove address 10.0.0.1 from ipvs0\n"
					 "remove link ipvs0\n");
}

static void address_of_another_link_is_left(void **state)
{
	struct world *world = *state;

	want(&world->bound, "192.168.1.5");
	assert_string_equal(plan(world), "");
	assert_int_equal(world->plan.local_count, 0);
}

static void foreign_address_keeps_the_link(void **state)
{
	struct world *world = *state;

	own_link(world, "ipvs0");
	own_address(world, "10.0.0.1");
	add_address(world, OURS, "10.9.9.9", 32);
	assert_string_equal(
		plan(world),
		"remove address 10.0.0.1 from ipvs0\n"
		"! link ipvs0: it stays: somebody else has 10.9.9.9 on it, which would go with it\n");
	/* The same address with another prefix is not the one that we made. */
	world->host.addresses[0].prefix = 24;
	assert_string_equal(
		plan(world),
		"! link ipvs0: it stays: somebody else has 10.9.9.9 on it, which would go with it\n");
}

static void foreign_link_is_refused(void **state)
{
	struct world *world = *state;

	add_link(world, OTHER, "ipvs0", true);
	want(&world->bound, "10.0.0.1");
	assert_string_equal(
		plan(world),
		"! link ipvs0: a dummy link of that name is there and not ours; delete it (ip link delete ipvs0), or have another name with --link\n");
	assert_false(world->plan.uses_link);
	/* Nor is it ours because the record has one with another hardware address. */
	own_link(world, NULL);
	assert_non_null(strstr(plan(world), "! link ipvs0: a dummy link"));
	/* What it has is local already. */
	add_address(world, OTHER, "10.0.0.1", 32);
	assert_string_equal(plan(world), "");
}

static void own_link_is_found_by_its_hardware_address(void **state)
{
	struct world *world = *state;

	own_link(world, "renamed");
	own_address(world, "10.0.0.1");
	want(&world->bound, "10.0.0.1");
	want(&world->bound, "10.0.0.2");
	assert_string_equal(plan(world), "rename link renamed to ipvs0\n"
					 "add address 10.0.0.2 to ipvs0\n");
	address_list_clear(&world->bound);
	assert_string_equal(plan(world), "remove address 10.0.0.1 from renamed\n"
					 "remove link renamed\n");
}

static void service_network_is_one_route(void **state)
{
	struct world *world = *state;

	serve(world, "10.96.0.0/12");
	serve(world, "fd00:10::/108");
	serve(world, "10.200.0.0/16"); /* nothing is in it */
	want(&world->bound, "10.96.0.1");
	want(&world->bound, "10.96.0.10");
	want(&world->bound, "fd00:10::1");
	assert_string_equal(plan(world),
			    "add local route 10.96.0.0/12, source 192.168.1.5\n"
			    "add local route fd00:10::/108, source fd01::5\n");
	add_route(world, "10.96.0.0/12", "192.168.1.5");
	add_route(world, "fd00:10::/108", "fd01::4");
	world->ownership.routes = true;
	assert_string_equal(plan(world),
			    "remove local route fd00:10::/108, source fd01::4\n"
			    "add local route fd00:10::/108, source fd01::5\n");
	address_list_clear(&world->bound);
	assert_string_equal(plan(world),
			    "remove local route 10.96.0.0/12, source 192.168.1.5\n"
			    "remove local route fd00:10::/108, source fd01::4\n");
}

static void service_network_without_an_own_address(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < world->host.address_count; i++)
		world->host.addresses[i].global = false;
	serve(world, "10.96.0.0/12");
	want(&world->bound, "10.96.0.1");
	assert_string_equal(plan(world), "add local route 10.96.0.0/12\n");
}

static void service_network_of_the_node_is_refused(void **state)
{
	struct world *world = *state;

	serve(world, "192.168.0.0/16");
	want(&world->bound, "192.168.7.1");
	/* Its addresses are each for themselves then. */
	assert_string_equal(
		plan(world),
		"add link ipvs0\n"
		"add address 192.168.7.1 to ipvs0\n"
		"! local route 192.168.0.0/16: refused: the service network has 192.168.1.5, which the node itself uses; mend --service-cidr\n");
	assert_int_equal(world->plan.local_count, 1);
	/* Addresses alone, such as those of kube-proxy's link, are none that the node needs. */
	world->network_count = 0;
	serve(world, "10.96.0.0/12");
	address_list_clear(&world->bound);
	want(&world->bound, "10.96.0.1");
	add_address(world, OTHER, "10.96.0.1", 32);
	assert_string_equal(plan(world),
			    "add local route 10.96.0.0/12, source 192.168.1.5\n");
}

/* NodeLocal DNSCache has the cluster's DNS address on a link of its own. */
static void address_of_a_service_network_on_another_link_is_told(void **state)
{
	struct world *world = *state;

	add_link(world, OTHER, "nodelocaldns", true);
	add_address(world, OTHER, "10.96.0.10", 32);
	add_address(world, OTHER, "fd00:10::a", 128);
	serve(world, "10.96.0.0/16");
	want(&world->bound, "10.96.0.10");
	/* It is no source either where there is no default route. */
	world->host.gateway_count = 0;
	assert_string_equal(
		plan(world),
		"add local route 10.96.0.0/16, source 192.168.1.5\n"
		"! local route 10.96.0.0/16: 10.96.0.10 is on link nodelocaldns as well: a program that listens there gets nothing of what a virtual service takes\n");
	assert_true(vip_conflict_is_note(&world->plan.conflicts[0]));
	add_address(world, OTHER, "10.96.0.11", 32);
	serve(world, "fd00:10::/108");
	assert_string_equal(
		plan(world),
		"add local route 10.96.0.0/16, source 192.168.1.5\n"
		"! local route 10.96.0.0/16: 10.96.0.10 is on link nodelocaldns as well, likewise 1 more of the network: a program that listens there gets nothing of what a virtual service takes\n"
		"! local route fd00:10::/108: fd00:10::a is on link nodelocaldns as well: a program that listens there gets nothing of what a virtual service takes\n");
	/* kube-proxy's has all of them. */
	strcpy(world->host.links[world->host.link_count - 1].name, "kube-ipvs0");
	assert_string_equal(plan(world),
			    "add local route 10.96.0.0/16, source 192.168.1.5\n");
}

/* A host's own address is /32 with some providers: the default route's link has it. */
static void own_address_alone_is_needed(void **state)
{
	struct world *world = *state;

	add_address(world, ETH0, "10.96.7.7", 32);
	serve(world, "10.96.0.0/16");
	want(&world->bound, "10.96.0.1");
	assert_string_equal(
		plan(world),
		"add link ipvs0\n"
		"add address 10.96.0.1 to ipvs0\n"
		"! local route 10.96.0.0/16: refused: the service network has 10.96.7.7, which the node itself uses; mend --service-cidr\n");
}

static void link_is_kept_while_it_is_empty(void **state)
{
	struct world *world = *state;

	world->keep_link = true;
	assert_string_equal(plan(world), "add link ipvs0\n");
	assert_true(world->plan.has_link);
	assert_false(world->plan.uses_link);
	own_link(world, "ipvs0");
	assert_string_equal(plan(world), "");
	/* With an address, and without it again; another's address is in nobody's way. */
	own_address(world, "10.0.0.1");
	add_address(world, OURS, "10.7.7.7", 32);
	assert_string_equal(plan(world), "remove address 10.0.0.1 from ipvs0\n");
	want(&world->bound, "10.0.0.1");
	assert_string_equal(plan(world), "");
	/* Cluster addresses alone are covered by a route. */
	address_list_clear(&world->bound);
	serve(world, "10.96.0.0/16");
	want(&world->bound, "10.96.0.1");
	assert_string_equal(plan(world),
			    "add local route 10.96.0.0/16, source 192.168.1.5\n"
			    "remove address 10.0.0.1 from ipvs0\n");
	assert_true(world->plan.has_link);
	/* One of that name that is not ours stays what it is. */
	world->ownership.link.name[0] = '\0';
	address_list_clear(&world->ownership.bound);
	address_list_clear(&world->bound);
	assert_string_equal(
		plan(world),
		"! link ipvs0: a dummy link of that name is there and not ours; delete it (ip link delete ipvs0), or have another name with --link\n");
	assert_false(world->plan.has_link);
}

static void routes_of_others_stay(void **state)
{
	struct world *world = *state;

	/* The same protocol number, but the record says nothing of any. */
	add_route(world, "10.7.0.0/16", NULL);
	assert_string_equal(plan(world), "");
	assert_false(world->plan.adopts_routes);
	/* One that is as wanted makes them ours: the record was lost. */
	serve(world, "10.96.0.0/12");
	want(&world->bound, "10.96.0.1");
	add_route(world, "10.96.0.0/12", "192.168.1.5");
	assert_string_equal(plan(world), "remove local route 10.7.0.0/16\n");
	assert_true(world->plan.adopts_routes);
}

static void what_leaves_stays_while_its_service_is_there(void **state)
{
	struct world *world = *state;

	own_link(world, "ipvs0");
	own_address(world, "10.0.0.1");
	want(&world->leaving, "10.0.0.1");
	want(&world->leaving, "10.0.0.2"); /* was never local by us */
	assert_string_equal(plan(world), "");
	serve(world, "10.96.0.0/12");
	want(&world->leaving, "10.96.0.1");
	assert_string_equal(plan(world), "");
	world->ownership.routes = true;
	add_route(world, "10.96.0.0/12", "192.168.1.5");
	assert_string_equal(plan(world), "");
	address_list_clear(&world->leaving);
	assert_string_equal(plan(world),
			    "remove address 10.0.0.1 from ipvs0\n"
			    "remove local route 10.96.0.0/12, source 192.168.1.5\n"
			    "remove link ipvs0\n");
}

static void want_many(struct world *world, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.1.%u.%u", i / 256, i % 256);
		want(&world->bound, text);
	}
}

static void many_become_routes(void **state)
{
	struct world *world = *state;

	own_link(world, "ipvs0");
	own_address(world, "10.1.0.0");
	want_many(world, VIP_ADDRESSES_MAX);
	(void)plan(world);
	assert_int_equal(world->plan.operation_count, VIP_ADDRESSES_MAX - 1);
	assert_int_equal(world->plan.operations[0].kind, VIP_ADD_ADDRESS);

	want(&world->bound, "10.2.0.0");
	(void)plan(world);
	assert_int_equal(world->plan.operation_count, VIP_ADDRESSES_MAX + 3);
	assert_int_equal(world->plan.local_count, VIP_ADDRESSES_MAX + 1);
	assert_false(world->plan.uses_link);
	for (size_t i = 0; i <= VIP_ADDRESSES_MAX; i++)
		assert_int_equal(world->plan.operations[i].kind, VIP_ADD_ROUTE);
	assert_int_equal(world->plan.operations[VIP_ADDRESSES_MAX + 1].kind,
			 VIP_REMOVE_ADDRESS);
	assert_int_equal(world->plan.operations[VIP_ADDRESSES_MAX + 2].kind,
			 VIP_REMOVE_LINK);
}

static void fewer_come_back_to_the_link(void **state)
{
	struct world *world = *state;

	world->ownership.routes = true;
	want(&world->bound, "10.1.0.0");
	add_route(world, "10.1.0.0/32", NULL);
	add_route(world, "10.1.0.1/32", NULL);
	assert_string_equal(plan(world), "add link ipvs0\n"
					 "add address 10.1.0.0 to ipvs0\n"
					 "remove local route 10.1.0.0/32\n"
					 "remove local route 10.1.0.1/32\n");
	/* Where the link cannot be, what is local stays so. */
	add_link(world, OTHER, "ipvs0", true);
	assert_string_equal(
		plan(world),
		"remove local route 10.1.0.1/32\n"
		"! link ipvs0: a dummy link of that name is there and not ours; delete it (ip link delete ipvs0), or have another name with --link\n");
	assert_false(world->plan.uses_link);
	assert_int_equal(world->plan.local_count, 1);
}

static void wanted_addresses_are_collected_once(void **state)
{
	struct service_access bound = { .bind = true }, free_one = { .over_local = true };
	struct address_list list = { 0 };
	struct table table = { 0 };

	(void)state;
	build_service(&table, 1)->access = &bound;
	build_service(&table, 1)->key.port = 81;
	table.services[1].access = &bound;
	build_service(&table, 2)->access = &free_one;
	build_service(&table, 3);
	assert_int_equal(vip_collect(&table, &list), 0);
	assert_int_equal(list.count, 1);
	for (size_t i = 0; i < table.service_count; i++)
		table.services[i].access = NULL;
	table_clear(&table);
	address_list_clear(&list);
}

static void own_address_is_chosen(void **state)
{
	struct world *world = *state;
	struct address lower = address_of("172.16.0.1"),
		       gateways = address_of("192.168.1.5");

	/* Of two on the default route's link the one in the gateway's network. */
	add_address(world, ETH0, "172.16.0.1", 24);
	assert_int_equal(
		address_compare(host_source_address(&world->host, AF_INET, 0, NULL, 0),
				&gateways),
		0);
	world->host.gateway_count = 0;
	assert_int_equal(
		address_compare(host_source_address(&world->host, AF_INET, 0, NULL, 0),
				&lower),
		0);
	assert_null(host_source_address(&world->host, AF_INET, ETH0, NULL, 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_wanted),
		TEST(first_address_brings_the_link),
		TEST(what_is_there_is_left),
		TEST(last_address_takes_the_link),
		TEST(address_of_another_link_is_left),
		TEST(foreign_address_keeps_the_link),
		TEST(foreign_link_is_refused),
		TEST(own_link_is_found_by_its_hardware_address),
		TEST(service_network_is_one_route),
		TEST(service_network_without_an_own_address),
		TEST(service_network_of_the_node_is_refused),
		TEST(address_of_a_service_network_on_another_link_is_told),
		TEST(own_address_alone_is_needed),
		TEST(link_is_kept_while_it_is_empty),
		TEST(routes_of_others_stay),
		TEST(what_leaves_stays_while_its_service_is_there),
		TEST(many_become_routes),
		TEST(fewer_come_back_to_the_link),
		TEST(wanted_addresses_are_collected_once),
		TEST(own_address_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
