/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any answers to what is asked of links, addresses and routes, and to what is written of them. */
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/kernel/rtnl.h"
#include "tests/fuzz/netlink_answers.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_of_a_family(const struct address *address)
{
	return address->family == AF_INET || address->family == AF_INET6;
}

static void require_node(const struct host_net *node)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < node->link_count; i++)
		REQUIRE(memchr(node->links[i].name, '\0', IF_NAMESIZE));
	for (size_t i = 0; i < node->address_count; i++) {
		REQUIRE(is_of_a_family(&node->addresses[i].address));
		address_format(&node->addresses[i].address, text);
	}
	for (size_t i = 0; i < node->route_count; i++)
		REQUIRE(is_of_a_family(&node->routes[i].network.address));
	for (size_t i = 0; i < node->gateway_count; i++)
		REQUIRE(node->gateways[i].address.family == 0 ||
			is_of_a_family(&node->gateways[i].address));
	(void)host_source_address(node, AF_INET, 0, NULL, 0);
	(void)host_source_address(node, AF_INET6, 0, NULL, 0);
}

static void read_node(struct rtnl *rtnl)
{
	cleanup_host_net struct host_net host = { 0 };
	struct err err = { 0 };

	if (rtnl_read_node(rtnl, RTNL_OWN_ROUTES, &host, &err) == 0)
		require_node(&host);
	else
		REQUIRE(err.text[0] != '\0');
}

static void write_some(struct rtnl *rtnl)
{
	static const uint8_t hardware[HOST_HARDWARE_LENGTH] = { 2, 0, 0, 0, 0, 1 };
	struct vip_operation operations[] = {
		{ .kind = VIP_ADD_LINK, .name = "ipvs0" },
		{ .kind = VIP_ADD_ADDRESS, .name = "ipvs0" },
		{ .kind = VIP_ADD_ROUTE },
		{ .kind = VIP_REMOVE_ROUTE },
	};
	int results[ARRAY_SIZE(operations)] = { 0 };
	char text[VIP_TEXT];
	struct err err = { 0 };
	int r;

	for (size_t i = 1; i < ARRAY_SIZE(operations); i++)
		REQUIRE(network_parse("10.0.0.1/32", &operations[i].network) == 0);
	r = rtnl_apply(rtnl, operations, ARRAY_SIZE(operations), hardware, results, &err);
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		REQUIRE(results[i] <= 0);
		rtnl_explain(&operations[i], -results[i], text, sizeof(text));
	}
	REQUIRE(r <= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_rtnl struct rtnl *rtnl = NULL;
	struct err err = { 0 };

	answers_begin(data, size);
	REQUIRE(rtnl_open(&rtnl, &err) == 0);
	read_node(rtnl);
	write_some(rtnl);
	return 0;
}
