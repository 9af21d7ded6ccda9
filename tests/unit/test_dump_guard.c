/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kube_case.h"

#include "agent/state/kube/dump_guard.h"

/* What `check` and `convert` know of what this node would refuse: from the state alone. */

#define NODE_AT(name, address)                                                           \
	"{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': '" name             \
	"' }, 'status': { 'addresses': [ { 'type': 'InternalIP', 'address': '" address   \
	"' } ] } }"
#define NODES NODE_AT("a", "192.168.1.5") "," NODE_AT("b", "192.168.1.6")
#define API_AT                                                                           \
	SLICE_NAMED("kubernetes", "kubernetes", "IPv4", "{ 'port': 6443 }",              \
		    ENDPOINT("192.168.1.9"))
#define EXTERNAL(name, address, port)                                                    \
	SERVICE(name, "'clusterIP': '10.96.0." port "', 'ports': [ { 'port': " port      \
		      " } ], 'externalIPs': [ '" address "' ]")

static const struct state_settings node_b = { .node_name = "b" };
/* The machine has 192.0.2.1. */
static const struct state_settings unnamed = { .node_addresses = give_node_addresses };

static const struct {
	const char *name;
	const struct state_settings *settings;
	const char *state;
	const char *services;
} cases[] = {
	{ "another Node's address, and this one's own", &node_b,
	  LIST(EXTERNAL("x", "192.168.1.5", "80") "," EXTERNAL("y", "192.168.1.6",
							       "81") "," NODES),
	  "tcp 10.96.0.80:80 default/x rr bind outside ->\n"
	  "tcp 10.96.0.81:81 default/y rr bind outside ->\n"
	  "tcp 192.168.1.6:81 default/y rr bind all ->\n"
	  "! default/x (tcp 192.168.1.5:80): refused: 192.168.1.5 is an address of Node a\n" },
	{ "ports of this Node's that are never free", &node_b,
	  LIST(EXTERNAL("x", "192.168.1.6", "22") "," NODES),
	  "tcp 10.96.0.22:22 default/x rr bind outside ->\n"
	  "! default/x (tcp 192.168.1.6:22): refused: tcp port 22 is that of SSH, on an address of the node itself; no Service may take it\n" },
	{ "the machine's own address where this Node is not known", &unnamed,
	  LIST(EXTERNAL("x", "192.0.2.1", "80") "," NODE_AT("b", "192.0.2.1")),
	  "tcp 10.96.0.80:80 default/x rr bind outside ->\n"
	  "tcp 192.0.2.1:80 default/x rr bind all ->\n" },
	{ "an API server's address, and one that no service may have", &node_b,
	  LIST(EXTERNAL("x", "192.168.1.9",
			"80") "," EXTERNAL("y", "127.0.0.9", "81") "," NODES "," API_AT),
	  "tcp 10.96.0.80:80 default/x rr bind outside ->\n"
	  "tcp 10.96.0.81:81 default/y rr bind outside ->\n"
	  "! default/y (tcp 127.0.0.9:81): refused: 127.0.0.9 is in 127.0.0.0/8, the loopback network\n"
	  "! default/x (tcp 192.168.1.9:80): refused: 192.168.1.9 is an endpoint of default/kubernetes\n" },
	{ "an external address in the other family", &node_b,
	  LIST(SERVICE("x", "'clusterIP': 'fd00::1', 'ports': [ { 'port': 80 } ], "
			    "'externalIPs': [ 'fd01::5' ]") "," NODES
							    "," NODE_AT("c", "fd01::5")),
	  "tcp [fd00::1]:80 default/x rr bind outside ->\n"
	  "! default/x (tcp [fd01::5]:80): refused: fd01::5 is an address of Node c\n" },
	{ "node ports are at the node's own addresses, whichever they are", &node_a,
	  LIST(SERVICE(
		  "x",
		  "'type': 'NodePort', 'clusterIP': '10.96.0.1', 'ports': [ { 'port': "
		  "80, 'nodePort': 30080 } ]") "," NODE_AT("b", "192.0.2.1")),
	  "tcp 10.96.0.1:80 default/x rr bind outside ->\n"
	  "tcp 192.0.2.1:30080 default/x rr node-port all ->\n"
	  "failure: Node a: the node of --node-name is none of the Nodes, which are b: policies Local find no endpoint on it\n" },
};

static void expect_guarded(const char *name, const struct state_settings *settings,
			   const char *path, const char *expected)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	char *text;

	assert_int_equal(state_read_with(path, settings, &table, &problems), STATE_OK);
	assert_int_equal(dump_guard(&table, settings), 0);
	text = describe(&table);
	if (strcmp(text, expected) != 0)
		print_error("%s\n", name);
	assert_string_equal(text, expected);
	assert_true(table_is_ascending(&table));
	free(text);
	table_clear(&table);
}

static void what_the_state_tells_is_refused(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_guarded(cases[i].name, cases[i].settings,
			       write_cluster(cases[i].state), cases[i].services);
}

static void native_services_are_guarded(void **state UNUSED)
{
	write_state(
		"state.json",
		"{ 'version': 1, 'services': [\n"
		"{ 'address': '127.0.0.9', 'port': 80, 'protocol': 'tcp', 'bind': true, 'destinations': [] },\n"
		"{ 'address': '127.0.0.9', 'port': 81, 'protocol': 'tcp', 'destinations': [] },\n"
		"{ 'address': '192.0.2.1', 'port': 22, 'protocol': 'tcp', 'bind': true, 'destinations': [] } ] }");
	expect_guarded(
		"native", &unnamed, "state.json",
		"tcp 127.0.0.9:81 - rr ->\n"
		"! tcp 127.0.0.9:80: refused: 127.0.0.9 is in 127.0.0.0/8, the loopback network\n"
		"! tcp 192.0.2.1:22: refused: tcp port 22 is that of SSH, on an address of the node itself; \"overLocal\" permits it\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_state_tells_is_refused),
		cmocka_unit_test(native_services_are_guarded),
	};

	return cmocka_run_group_tests(tests, enter_state_directory,
				      leave_state_directory);
}
