/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a cluster's Services the node's administrator decides, and what other Nodes serve. */
#include "tests/unit/kube_case.h"

#define NODE_AT(name, addresses)                                                         \
	",{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': '" name            \
	"' }, 'status': {"                                                               \
	" 'addresses': [ " addresses " ] } }"
#define NODES                                                                            \
	NODE_AT("a", "{ 'address': '192.0.2.1' }")                                       \
	NODE_AT("b", "{ 'address': '192.0.2.2' }")                                       \
	NODE_AT("c", "{ 'address': '192.0.2.3' }, {"                                     \
		     " 'address': '2001:db8::3' }")

/* Where each Node is a load balancer, such as ServiceLB of k3s makes them. */
static void load_balancer_addresses_of_nodes_are_theirs(void **state UNUSED)
{
	static const char objects[] = LIST(SERVICE_OF(
		"web", "",
		"'clusterIPs': [ '10.96.0.1', 'fd00::1' ], 'type': 'LoadBalancer', 'ports': [ { 'port': 80 "
		"}, { 'name': 's', 'port': 443 } ], 'externalIPs': [ '192.0.2.2', '192.0.2.3' ]",
		"'loadBalancer': { 'ingress': [ { 'ip': '192.0.2.1' }, { 'ip': '192.0.2.2' }, "
		"{ 'ip': '2001:db8::3' } ] }") NODES);
	static const char others[] =
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"tcp 10.96.0.1:443 default/web:s rr bind outside ->\n"
		"tcp 192.0.2.1:80 default/web rr bind all ->\n"
		"tcp 192.0.2.1:443 default/web:s rr bind all ->\n"
		"tcp 192.0.2.3:80 default/web rr bind all ->\n"
		"tcp 192.0.2.3:443 default/web:s rr bind all ->\n"
		"tcp [fd00::1]:80 default/web rr bind outside ->\n"
		"tcp [fd00::1]:443 default/web:s rr bind outside ->\n"
		"! Service default/web: load balancer address 192.0.2.2 is an address of Node b, which serves it itself, likewise 1 more\n";
	struct guard_rules rules = { 0 };
	struct state_settings settings = node_a;

	/* An external address is its author's choice: the guard refuses it. */
	expect_services("theirs", &settings, objects, others);
	settings.guard = &rules;
	expect_services("nothing is permitted", &settings, objects, others);
	assert_int_equal(guard_rules_permit(&rules, "192.0.2.2"), 0);
	assert_int_equal(guard_rules_permit(&rules, "2001:db8::/64"), 0);
	expect_services("permitted", &settings, objects,
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
			"tcp 10.96.0.1:443 default/web:s rr bind outside ->\n"
			"tcp 192.0.2.1:80 default/web rr bind all ->\n"
			"tcp 192.0.2.1:443 default/web:s rr bind all ->\n"
			"tcp 192.0.2.2:80 default/web rr bind all ->\n"
			"tcp 192.0.2.2:443 default/web:s rr bind all ->\n"
			"tcp 192.0.2.3:80 default/web rr bind all ->\n"
			"tcp 192.0.2.3:443 default/web:s rr bind all ->\n"
			"tcp [2001:db8::3]:80 default/web rr bind all ->\n"
			"tcp [2001:db8::3]:443 default/web:s rr bind all ->\n"
			"tcp [fd00::1]:80 default/web rr bind outside ->\n"
			"tcp [fd00::1]:443 default/web:s rr bind outside ->\n");
}

/* Which Node this one is must be known for that. */
static void load_balancer_addresses_without_a_node_name(void **state UNUSED)
{
	static const struct state_settings nameless = { .node_addresses =
								give_node_addresses };

	expect_services(
		"nameless", &nameless,
		LIST(SERVICE_OF("web", "", WEB_SPEC ", 'type': 'LoadBalancer'",
				"'loadBalancer': { 'ingress': [ { 'ip': '192.0.2.1' }, { "
				"'ip': '192.0.2.2' } ] }") NODES),
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"tcp 192.0.2.1:80 default/web rr bind all ->\n"
		"tcp 192.0.2.2:80 default/web rr bind all ->\n");
}

/* Its author may ask; whether it counts the node's administrator says. */
static void annotation_over_local_is_for_the_administrator_to_permit(void **state UNUSED)
{
	static const char objects[] = LIST(SERVICE_OF(
		"web", ", 'annotations': { 'ipvs-node/over-local': 'true' }",
		WEB_SPEC ", 'externalIPs': [ '192.0.2.1', '192.0.2.7' ]",
		"") "," SERVICE("other",
				"'clusterIP': '10.96.0.2', 'ports': [ { 'port': 81 } ]"));
	struct guard_rules rules = { 0 }, space = { 0 };
	struct state_settings settings = node_a;

	expect_services("nobody permits it", &settings, objects,
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
			"tcp 10.96.0.2:81 default/other rr bind outside ->\n"
			"tcp 192.0.2.1:80 default/web rr bind all ->\n"
			"tcp 192.0.2.7:80 default/web rr bind all ->\n");
	settings.guard = &rules;
	assert_int_equal(guard_rules_permit(&rules, "192.0.2.1"), 0);
	assert_int_equal(guard_rules_permit(&rules, "kube-system"), 0);
	expect_services("at an address", &settings, objects,
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
			"tcp 10.96.0.2:81 default/other rr bind outside ->\n"
			"tcp 192.0.2.1:80 default/web rr bind over-local all ->\n"
			"tcp 192.0.2.7:80 default/web rr bind all ->\n");
	settings.guard = &space;
	assert_int_equal(guard_rules_permit(&space, "default"), 0);
	expect_services("in a namespace", &settings, objects,
			"tcp 10.96.0.1:80 default/web rr bind over-local outside ->\n"
			"tcp 10.96.0.2:81 default/other rr bind outside ->\n"
			"tcp 192.0.2.1:80 default/web rr bind over-local all ->\n"
			"tcp 192.0.2.7:80 default/web rr bind over-local all ->\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_balancer_addresses_of_nodes_are_theirs),
		cmocka_unit_test(load_balancer_addresses_without_a_node_name),
		cmocka_unit_test(
			annotation_over_local_is_for_the_administrator_to_permit),
	};

	return cmocka_run_group_tests(tests, enter_state_directory,
				      leave_state_directory);
}
