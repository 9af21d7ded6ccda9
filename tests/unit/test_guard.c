/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/table_builder.h"

#include <errno.h>
#include <string.h>

#include "agent/kernel/nameservers.h"
#include "agent/model/guard.h"

/* A node with eth0 (2) on 192.168.1.5/24 and fd01::5, ipvs0 (3), ours, and two gateways. */
struct world {
	struct host_net host;
	struct address_list nameservers;
	struct guard_facts facts;
	struct service_access access;
	struct guard_rules rules;
	struct service service;
	struct destination destination;
	bool is_there;
	char reason[GUARD_TEXT];
};

static struct address address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static struct host_address addresses[3];
static struct host_gateway gateways[] = {
	{ .family = AF_INET, .link = 2 },
	{ .family = AF_INET6, .link = 2 },
};
static struct listener listeners[] = {
	{ .port = 80, .protocol = IPPROTO_TCP },
	{ .port = 81, .protocol = IPPROTO_TCP },
	{ .port = 82, .protocol = IPPROTO_TCP },
	{ .port = 83, .protocol = IPPROTO_TCP, .v6_only = true },
	{ .port = 53, .protocol = IPPROTO_UDP },
};
static char worker[] = "an address of node worker-2";
static struct reserved_address reserved[] = { { .owner = worker } };

static void set_up(struct world *world)
{
	static const char *const own[] = { "192.168.1.5", "fd01::5", "192.168.1.77" };
	static const char *const heard[] = { "0.0.0.0", "192.168.1.6",
					     "::", "::", "192.168.1.5" };

	memset(world, 0, sizeof(*world));
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		addresses[i] = (struct host_address){ .address = address_of(own[i]),
						      .prefix = i == 1 ? 64 : 24,
						      .link = i == 2 ? 3 : 2,
						      .global = true,
						      .primary = true };
	gateways[0].address = address_of("192.168.1.1");
	gateways[1].address = address_of("fd01::1");
	for (size_t i = 0; i < ARRAY_SIZE(heard); i++)
		listeners[i].address = address_of(heard[i]);
	reserved[0].address = address_of("192.168.1.9");
	world->host = (struct host_net){ .addresses = addresses,
					 .address_count = ARRAY_SIZE(addresses),
					 .gateways = gateways,
					 .gateway_count = ARRAY_SIZE(gateways) };
	host_net_sort(&world->host);
	world->facts = (struct guard_facts){
		.host = &world->host,
		.own_link = 3,
		.nameservers = &world->nameservers,
		.listeners = listeners,
		.listener_count = ARRAY_SIZE(listeners),
		.reserved = reserved,
		.reserved_count = ARRAY_SIZE(reserved),
		.rules = &world->rules,
	};
	world->access.bind = true;
	world->service.access = &world->access;
}

/* The reason, or NULL where it is let in. */
static const char *judge(struct world *world, uint8_t protocol, const char *address,
			 uint16_t port)
{
	world->service.key = (struct service_key){ .address = address_of(address),
						   .port = port,
						   .protocol = protocol };
	return guard_refuses(&world->facts, &world->service, world->is_there,
			     world->reason)
		       ? world->reason
		       : NULL;
}

static void assert_refused(struct world *world, const char *address, const char *reason)
{
	const char *found = judge(world, IPPROTO_TCP, address, 443);

	assert_non_null(found);
	assert_string_equal(found, reason);
}

static void ranges_are_refused(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	assert_refused(&world, "0.1.2.3",
		       "refused: 0.1.2.3 is in 0.0.0.0/8, this network");
	assert_refused(&world, "127.0.0.53",
		       "refused: 127.0.0.53 is in 127.0.0.0/8, the loopback network");
	assert_refused(
		&world, "169.254.169.254",
		"refused: 169.254.169.254 is in 169.254.0.0/16, the link-local network");
	assert_refused(&world, "239.1.1.1",
		       "refused: 239.1.1.1 is in 224.0.0.0/4, which is multicast");
	assert_refused(&world, "::1", "refused: ::1 is in ::1/128, the loopback network");
	assert_refused(&world, "febf::1",
		       "refused: febf::1 is in fe80::/10, the link-local network");
	assert_refused(&world, "ff02::1",
		       "refused: ff02::1 is in ff00::/8, which is multicast");
	/* Their neighbours are not. */
	assert_null(judge(&world, IPPROTO_TCP, "1.0.0.1", 443));
	assert_null(judge(&world, IPPROTO_TCP, "126.255.255.255", 443));
	assert_null(judge(&world, IPPROTO_TCP, "169.253.0.1", 443));
	assert_null(judge(&world, IPPROTO_TCP, "::2", 443));
	assert_null(judge(&world, IPPROTO_TCP, "fec0::1", 443));
	/* 127.0.0.1's bytes as an IPv6 address are another one. */
	assert_null(judge(&world, IPPROTO_TCP, "7f00:1::", 443));
}

static void needed_addresses_are_refused(void **state)
{
	char text[] =
		"# comment\nnameserver 10.9.9.9\r\n nameserver\tfd00::53%eth0\n"
		"nameserver\nnameserver none\nnameservers 10.1.1.1\nsearch 10.2.2.2";
	struct world world;

	(void)state;
	set_up(&world);
	assert_int_equal(nameservers_parse(text, &world.nameservers), 0);
	assert_int_equal(world.nameservers.count, 2);
	assert_refused(&world, "192.168.1.1",
		       "refused: 192.168.1.1 is the node's default gateway");
	assert_refused(&world, "fd01::1",
		       "refused: fd01::1 is the node's default gateway");
	assert_refused(
		&world, "10.9.9.9",
		"refused: 10.9.9.9 is a nameserver of /etc/resolv.conf; the option --permit=10.9.9.9 permits it");
	assert_refused(
		&world, "fd00::53",
		"refused: fd00::53 is a nameserver of /etc/resolv.conf; the option --permit=fd00::53 permits it");
	assert_refused(&world, "192.168.1.9",
		       "refused: 192.168.1.9 is an address of node worker-2");
	/* overLocal is about ports. */
	world.access.over_local = true;
	assert_refused(&world, "192.168.1.1",
		       "refused: 192.168.1.1 is the node's default gateway");
	assert_null(judge(&world, IPPROTO_TCP, "10.1.1.1", 443));
	address_list_clear(&world.nameservers);
}

static void assert_port(struct world *world, uint8_t protocol, const char *address,
			uint16_t port, const char *reason)
{
	const char *found = judge(world, protocol, address, port);

	assert_non_null(found);
	assert_string_equal(found, reason);
}

static void ports_of_the_node_are_refused(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	assert_port(
		&world, IPPROTO_TCP, "192.168.1.5", 80,
		"refused: tcp port 80 is in use by a program here, on an address of the node itself; \"overLocal\" permits it");
	assert_true(guard_needs_listeners(&world.facts, &world.service));
	assert_port(
		&world, IPPROTO_TCP, "192.168.1.5", 22,
		"refused: tcp port 22 is that of SSH, on an address of the node itself; \"overLocal\" permits it");
	assert_port(
		&world, IPPROTO_TCP, "192.168.1.5", 10250,
		"refused: tcp port 10250 is that of the kubelet, on an address of the node itself; \"overLocal\" permits it");
	assert_non_null(judge(&world, IPPROTO_UDP, "192.168.1.5", 53));
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 82)); /* :: is all */
	assert_non_null(judge(&world, IPPROTO_TCP, "fd01::5", 83));
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 0));

	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 83)); /* IPv6 alone */
	assert_null(judge(&world, IPPROTO_TCP, "fd01::5", 80));	    /* IPv4 */
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 81)); /* another address */
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 53)); /* that is udp */
	assert_null(judge(&world, IPPROTO_UDP, "192.168.1.5", 22));
	assert_null(judge(&world, IPPROTO_SCTP, "192.168.1.5", 80));
	/* What stands on our link, or nowhere, is not the node's own. */
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.77", 80));
	assert_false(guard_needs_listeners(&world.facts, &world.service));
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.78", 22));

	world.access.over_local = true;
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 22));
	assert_false(guard_needs_listeners(&world.facts, &world.service));
}

/* IPVS takes the packets first: a program that listens since changes nothing. */
static void listener_does_not_refuse_what_is_there(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	world.is_there = true;
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	assert_true(guard_shadows(&world.facts, &world.service));
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 22));
	assert_non_null(judge(&world, IPPROTO_TCP, "127.0.0.1", 80));
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 81));
	assert_false(guard_shadows(&world.facts, &world.service));
	world.access.over_local = true;
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	assert_false(guard_shadows(&world.facts, &world.service));
}

static void others_are_not_looked_at(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	world.access = (struct service_access){ .cluster_ip = true };
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	assert_null(judge(&world, IPPROTO_TCP, "127.0.0.1", 80));
	world.access = (struct service_access){ .node_port = true };
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	world.service.key =
		(struct service_key){ .address.family = AF_INET, .fwmark = 1 };
	assert_false(guard_concerns(NULL, &world.service));
}

/* A virtual address that others have put on a link of the node is the node's, too. */
static void own_addresses_are_looked_at_without_bind(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	assert_int_equal(address_list_add(&world.nameservers,
					  &(struct address){ .family = AF_INET,
							     .bytes = { 10, 9, 9, 9 } }),
			 0);
	for (int with = 0; with < 2; with++) {
		world.access = (struct service_access){ 0 };
		world.service.access = with ? &world.access : NULL;
		assert_port(
			&world, IPPROTO_TCP, "192.168.1.5", 80,
			"refused: tcp port 80 is in use by a program here, on an address of the node itself; \"overLocal\" permits it");
		assert_true(guard_needs_listeners(&world.facts, &world.service));
		assert_port(
			&world, IPPROTO_TCP, "fd01::5", 22,
			"refused: tcp port 22 is that of SSH, on an address of the node itself; \"overLocal\" permits it");
		assert_non_null(judge(&world, IPPROTO_TCP, "fd01::5", 10250));
		assert_non_null(judge(&world, IPPROTO_TCP, "127.0.0.53", 80));
		assert_non_null(judge(&world, IPPROTO_TCP, "::1", 22));
		assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 443));
		/* What the node needs of others is not asked of what is not made local. */
		assert_null(judge(&world, IPPROTO_TCP, "192.168.1.1", 80));
		assert_null(judge(&world, IPPROTO_TCP, "10.9.9.9", 53));
		assert_null(judge(&world, IPPROTO_TCP, "192.168.1.9", 80));
		assert_null(judge(&world, IPPROTO_TCP, "169.254.1.1", 80));
		world.is_there = true;
		assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
		assert_true(guard_shadows(&world.facts, &world.service));
		world.is_there = false;
	}
	world.access.over_local = true;
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 22));
	address_list_clear(&world.nameservers);
}

static void destination(struct world *world, const char *address, uint16_t port)
{
	world->destination =
		(struct destination){ .address = address_of(address), .port = port };
	world->service.destinations = &world->destination;
	world->service.destination_count = 1;
}

/* A program of the node that is a destination itself loses nothing. */
static void listener_that_is_a_destination_is_in_nobodys_way(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	destination(&world, "192.168.1.5", 80);
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	assert_false(guard_shadows(&world.facts, &world.service));
	/* The program listens on every address of both families. */
	destination(&world, "127.0.0.1", 82);
	assert_null(judge(&world, IPPROTO_TCP, "fd01::5", 82));
	/* It listens elsewhere, at another port, or is not of this node. */
	destination(&world, "192.168.1.5", 81);
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	destination(&world, "10.1.0.1", 80);
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	world.is_there = true;
	assert_true(guard_shadows(&world.facts, &world.service));
	destination(&world, "192.168.1.5", 22);
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 22));
}

static void reserved_addresses_are_nobodys(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	assert_int_equal(guard_rules_reserve(&world.rules, "10.5.0.0/16"), 0);
	assert_int_equal(guard_rules_reserve(&world.rules, "fd05::1"), 0);
	/* Reserving is the stronger word. */
	assert_int_equal(guard_rules_permit(&world.rules, "10.5.0.0/16"), 0);
	for (int bind = 0; bind < 2; bind++) {
		world.access = (struct service_access){ .bind = bind, .permitted = true };
		assert_refused(&world, "10.5.255.1",
			       "refused: 10.5.255.1 is reserved by the option --reserve");
		assert_refused(&world, "fd05::1",
			       "refused: fd05::1 is reserved by the option --reserve");
		assert_null(judge(&world, IPPROTO_TCP, "10.6.0.1", 443));
		assert_null(judge(&world, IPPROTO_TCP, "fd05::2", 443));
	}
	world.access = (struct service_access){ .bind = true, .cluster_ip = true };
	assert_non_null(judge(&world, IPPROTO_UDP, "10.5.0.1", 53));
	assert_true(guard_concerns(&world.rules, &world.service));
	assert_false(guard_concerns(NULL, &world.service));
}

static void administrator_permits_addresses(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	assert_int_equal(address_list_add(&world.nameservers,
					  &(struct address){ .family = AF_INET,
							     .bytes = { 10, 9, 9, 9 } }),
			 0);
	assert_non_null(judge(&world, IPPROTO_UDP, "10.9.9.9", 53));
	/* Those of a namespace may have a nameserver's, and nothing more. */
	world.access.permitted = true;
	assert_null(judge(&world, IPPROTO_UDP, "10.9.9.9", 53));
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.9", 443));
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.1", 443));
	assert_non_null(judge(&world, IPPROTO_TCP, "169.254.20.10", 53));
	world.access.permitted = false;
	assert_int_equal(guard_rules_permit(&world.rules, "10.9.9.0/24"), 0);
	assert_int_equal(guard_rules_permit(&world.rules, "192.168.1.0/24"), 0);
	assert_int_equal(guard_rules_permit(&world.rules, "169.254.20.10"), 0);
	assert_null(judge(&world, IPPROTO_UDP, "10.9.9.9", 53));
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.9", 443));
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.1", 443));
	assert_null(judge(&world, IPPROTO_TCP, "169.254.20.10", 53));
	assert_non_null(judge(&world, IPPROTO_TCP, "169.254.20.11", 53));
	/* A port in use is asked for in the state. */
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	address_list_clear(&world.nameservers);
}

/* Its author is not the node's administrator. */
static void ports_of_the_node_are_no_services(void **state)
{
	char name[] = "shop/web:http";
	struct world world;

	(void)state;
	set_up(&world);
	world.access.of_cluster = true;
	world.service.name = name;
	assert_port(
		&world, IPPROTO_TCP, "192.168.1.5", 80,
		"refused: tcp port 80 is in use by a program here, on an address of the node itself; the annotation ipvs-node/over-local permits it where the agent has --permit=192.168.1.5 or --permit=shop");
	/* As the annotation gives it, where it was permitted. */
	world.access.over_local = true;
	world.access.permitted = true;
	assert_int_equal(guard_rules_permit(&world.rules, "192.168.1.0/24"), 0);
	assert_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 80));
	assert_port(
		&world, IPPROTO_TCP, "192.168.1.5", 22,
		"refused: tcp port 22 is that of SSH, on an address of the node itself; no Service may take it");
	assert_port(
		&world, IPPROTO_TCP, "fd01::5", 10250,
		"refused: tcp port 10250 is that of the kubelet, on an address of the node itself; no Service may take it");
	world.access = (struct service_access){ .node_port = true, .of_cluster = true };
	assert_non_null(judge(&world, IPPROTO_TCP, "192.168.1.5", 22));
}

static void rules_are_addresses_networks_and_namespaces(void **state)
{
	static const char *const bad[] = { "",		 "10.0.0",	"10.0.0.0/33",
					   "fd00::/129", "Kube-System", "-a",
					   "a-",	 "a.b",		"a_b",
					   "10.0.0.1 ",	 "a/24" };
	struct guard_rules rules = { 0 };
	struct address address = address_of("10.1.2.3");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(guard_rules_permit(&rules, bad[i]), -EINVAL);
		assert_int_equal(guard_rules_reserve(&rules, bad[i]), -EINVAL);
	}
	assert_int_equal(guard_rules_reserve(&rules, "kube-system"), -EINVAL);
	assert_int_equal(guard_rules_reserve(&rules, "0.0.0.0/0"), -ERANGE);
	assert_int_equal(guard_rules_permit(&rules, "::/0"), -ERANGE);
	assert_false(guard_rules_permits_namespace(&rules, "kube-system"));
	assert_int_equal(guard_rules_permit(&rules, "kube-system"), 0);
	assert_true(guard_rules_permits_namespace(&rules, "kube-system"));
	assert_false(guard_rules_permits_namespace(&rules, "kube"));
	assert_false(guard_rules_permits_address(&rules, &address));
	assert_int_equal(guard_rules_permit(&rules, "10.1.2.3/31"), 0);
	assert_true(guard_rules_permits_address(&rules, &address));
	assert_false(guard_rules_has_reserved(&rules, &address));
	assert_false(guard_rules_permits_address(NULL, &address));
	for (size_t i = rules.permitted_count; i < GUARD_RULES_MAX; i++)
		assert_int_equal(guard_rules_permit(&rules, "10.0.0.1"), 0);
	assert_int_equal(guard_rules_permit(&rules, "10.0.0.1"), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_refused),
		cmocka_unit_test(needed_addresses_are_refused),
		cmocka_unit_test(ports_of_the_node_are_refused),
		cmocka_unit_test(listener_does_not_refuse_what_is_there),
		cmocka_unit_test(others_are_not_looked_at),
		cmocka_unit_test(own_addresses_are_looked_at_without_bind),
		cmocka_unit_test(listener_that_is_a_destination_is_in_nobodys_way),
		cmocka_unit_test(reserved_addresses_are_nobodys),
		cmocka_unit_test(administrator_permits_addresses),
		cmocka_unit_test(ports_of_the_node_are_no_services),
		cmocka_unit_test(rules_are_addresses_networks_and_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
