/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kube_case.h"

#include "agent/state/state_cache.h"
#include "agent/state/kube/cluster.h"

/* Which endpoints a node sends connections to. */

#define STATE(slices) LIST(SERVICE("web", WEB_SPEC) ",\n" slices)
#define LOCAL_STATE(slices)                                                              \
	LIST(SERVICE("web", WEB_SPEC ", 'internalTrafficPolicy': 'Local'") ",\n" slices)

/* Endpoint 10.1.0.N on a node, with conditions and hints. */
#define WITH(n, node, more)                                                              \
	"{ 'addresses': [ '10.1.0." n "' ], 'nodeName': '" node "', " more " }"
#define CONDITIONS(ready, serving, terminating)                                          \
	"'conditions': { 'ready': " ready ", 'serving': " serving                        \
	", 'terminating': " terminating " }"
#define READY	    CONDITIONS("true", "true", "false")
#define GONE	    CONDITIONS("false", "false", "false")
#define ENDED	    CONDITIONS("false", "false", "true")
#define TERMINATING CONDITIONS("false", "true", "true")
#define ZONE(zone)  "'hints': { 'forZones': [ { 'name': '" zone "' } ] }"
#define NODE(node)  "'hints': { 'forNodes': [ { 'name': '" node "' } ] }"
#define OWN_NODE(zone)                                                                     \
	",\n{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': 'a', 'labels': { " \
	"'topology.kubernetes.io/zone': '" zone "' } } }"

static const struct {
	const char *name;
	const char *state;
	const char *destinations; /* the last digits of those chosen */
} cases[] = {
	{ "conditions that are absent or null mean ready",
	  STATE(SLICE(
		  "web",
		  WITH("1", "a", "'conditions': {}") "," WITH(
			  "2", "a",
			  "'conditions': null") "," WITH("3", "a",
							 CONDITIONS(
								 "null", "null",
								 "null")) "," WITH("4",
										   "a",
										   GONE))),
	  "1 2 3" },
	{ "terminating ones only while nothing is ready",
	  STATE(SLICE("web", WITH("1", "a", TERMINATING) "," WITH("2", "b", READY))),
	  "2" },
	{ "terminating ones where nothing is ready",
	  STATE(SLICE("web",
		      WITH("1", "a", TERMINATING) "," WITH("2", "b", GONE) "," WITH(
			      "3", "b", CONDITIONS("false", "false", "true")))),
	  "1" },
	{ "terminating ones that do not say whether they serve",
	  STATE(SLICE("web",
		      WITH("1", "a",
			   "'conditions': { 'ready': false, 'terminating': true }"))),
	  "1" },
	{ "neither ready nor terminating",
	  STATE(SLICE("web", WITH("1", "a", CONDITIONS("false", "true", "false")))), "" },
	{ "local ones",
	  LOCAL_STATE(SLICE("web", WITH("1", "a", READY) "," WITH("2", "b", READY))),
	  "1" },
	{ "local ones that terminate before any remote one",
	  LOCAL_STATE(
		  SLICE("web", WITH("1", "a", TERMINATING) "," WITH("2", "b", READY))),
	  "1" },
	{ "no local one, and none instead",
	  LOCAL_STATE(SLICE("web", WITH("2", "b", READY) "," ENDPOINT("10.1.0.3"))), "" },
	{ "one in two slices",
	  STATE(SLICE("web",
		      WITH("1", "a", GONE) "," WITH(
			      "2", "a",
			      READY)) ",\n" SLICE_NAMED("web-y", "web", "IPv4",
							"{ 'port': 8080 }",
							WITH("1", "a", READY) "," WITH(
								"2", "a", READY))),
	  "1 2" },
	{ "one address of two pods, the old one here and terminating",
	  STATE(SLICE("web", WITH("2", "a", ENDED) "," WITH("2", "b", READY))), "2" },
	{ "the same, the other way round, for local ones",
	  LOCAL_STATE(SLICE("web", WITH("2", "b", READY) "," WITH("2", "a", ENDED))),
	  "" },
	{ "one address of two pods, the new one here",
	  LOCAL_STATE(SLICE("web", WITH("2", "b", TERMINATING) "," WITH(
					   "2", "a", READY) "," WITH("1", "a", ENDED))),
	  "2" },
	{ "one address of two pods, the new one not ready",
	  STATE(SLICE("web",
		      WITH("2", "a", TERMINATING) "," WITH("2", "b", GONE) "," WITH(
			      "2", "a", CONDITIONS("true", "true", "true")))),
	  "" },
	{ "one address of two pods that both terminate",
	  STATE(SLICE("web", WITH("2", "b", ENDED) "," WITH("2", "a", TERMINATING))),
	  "2" },
	{ "one address in two slices, the newer conditions are those of the pod that stays",
	  LOCAL_STATE(SLICE("web", WITH("2", "b", READY)) ",\n" SLICE_NAMED(
		  "web-0", "web", "IPv4", "{ 'port': 8080 }", WITH("2", "a", ENDED))),
	  "" },
	{ "one address of two pods, with the hints of the one that stays",
	  STATE(SLICE("web", WITH("1", "a", ENDED "," ZONE("z1")) "," WITH(
				     "1", "b",
				     READY "," ZONE("z2")) "," WITH("2", "a",
								    READY "," ZONE("z1")))
			OWN_NODE("z1")),
	  "2" },
	{ "one address of two pods, of which the one that stays has no hint",
	  STATE(SLICE("web",
		      WITH("1", "a", ENDED "," ZONE("z1")) "," WITH(
			      "1", "b", READY) "," WITH("2", "a", READY "," ZONE("z1")))
			OWN_NODE("z1")),
	  "1 2" },
	{ "slices of other services",
	  STATE(SLICE("we", ENDPOINT("10.1.0.1")) "," SLICE("web2",
							    ENDPOINT("10.1.0.2"))),
	  "" },
	{ "further addresses of an endpoint stand for the same",
	  STATE(SLICE(
		  "web",
		  "{ 'addresses': [ '10.1.0.1', '10.1.0.2' ] }, { 'addresses': [] }")),
	  "1" },
	{ "hints for zones",
	  STATE(SLICE("web", WITH("1", "a", ZONE("z1")) "," WITH("2", "b", ZONE("z2")))
			OWN_NODE("z1")),
	  "1" },
	{ "hints for zones, one for both",
	  STATE(SLICE(
		  "web",
		  WITH("1", "a", ZONE("z1")) "," WITH(
			  "2", "b",
			  "'hints': { 'forZones': [ { 'name': 'z2' }, { 'name': 'z1' } ] }") "," WITH("3",
												      "b",
												      ZONE("z2")))
			OWN_NODE("z1")),
	  "1 2" },
	{ "hints for zones, not on all",
	  STATE(SLICE("web", WITH("1", "a", ZONE("z1")) "," WITH("2", "b", READY))
			OWN_NODE("z1")),
	  "1 2" },
	{ "hints for zones, one that is not ready has none",
	  STATE(SLICE("web", WITH("1", "a", ZONE("z1")) "," WITH(
				     "2", "b", ZONE("z2")) "," WITH("3", "b", GONE))
			OWN_NODE("z1")),
	  "1" },
	{ "hints for zones, none for ours",
	  STATE(SLICE("web", WITH("1", "a", ZONE("z1")) "," WITH("2", "b", ZONE("z2")))
			OWN_NODE("z3")),
	  "1 2" },
	{ "hints for zones, and ours has no name",
	  STATE(SLICE("web", WITH("1", "a", ZONE("")) "," WITH("2", "b", ZONE("z2")))
			OWN_NODE("")),
	  "1 2" },
	{ "hints for zones, and ours not known",
	  STATE(SLICE("web", WITH("1", "a", ZONE("z1")) "," WITH("2", "b", ZONE("z2")))),
	  "1 2" },
	{ "hints for nodes before those for zones",
	  STATE(SLICE(
		  "web",
		  WITH("1", "a", "'hints': { 'forNodes': [ { 'name': 'a' } ], 'forZones': [ { 'name': 'z1' } ] }") "," WITH(
			  "2", "b",
			  "'hints': { 'forNodes': [ { 'name': 'b' } ], 'forZones': [ { 'name': 'z1' } ] }"))
			OWN_NODE("z1")),
	  "1" },
	{ "hints for nodes, none for ours",
	  STATE(SLICE("web", WITH("1", "b", NODE("b")) "," WITH("2", "c", NODE("c")))),
	  "1 2" },
	{ "hints do not matter to local policies",
	  LOCAL_STATE(SLICE("web", WITH("1", "a", ZONE("z2")) "," WITH(
					   "2", "b", ZONE("z1"))) OWN_NODE("z1")),
	  "1" },
};

static void endpoints_are_chosen(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char expected[300] = "tcp 10.96.0.1:80 default/web rr bind outside ->";
		const char *digit = cases[i].destinations;

		for (; *digit; digit++) {
			if (*digit != ' ')
				snprintf(expected + strlen(expected),
					 sizeof(expected) - strlen(expected),
					 " 10.1.0.%c:8080", *digit);
		}
		strcat(expected, "\n");
		expect_services(cases[i].name, &node_a, cases[i].state, expected);
	}
}

static void odd_endpoints_are_told(void **state UNUSED)
{
	expect_services(
		"odd", &node_a,
		STATE(SLICE("web", ENDPOINT("fd00::1") "," ENDPOINT("here") "," ENDPOINT(
					   "10.1.0.1"))),
		"tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080\n"
		"! EndpointSlice of Service default/web: endpoint fd00::1 is not of the slice's address family\n"
		"! EndpointSlice of Service default/web: endpoint 'here' is no address\n");
	expect_services(
		"what the kernel refuses, without the others", &node_a,
		STATE(SLICE("web", ENDPOINT("224.0.0.1") "," ENDPOINT("10.1.0.1"))),
		"tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080\n"
		"! Service default/web: endpoint: address: 224.0.0.1 is a multicast address\n");
	expect_services(
		"ports that the API lets pass", &node_a,
		STATE(SLICE_OF("web", "IPv4",
			       "{ 'port': 0 }, { 'port': 70000 }, { 'port': 8080 }",
			       ENDPOINT("10.1.0.1"))),
		"tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080\n"
		"! EndpointSlice of Service default/web: port 70000 is not in 1..65535\n");
	expect_services(
		"names are no addresses", &node_a,
		STATE(SLICE_OF("web", "FQDN", "{ 'port': 8080 }",
			       "{ 'addresses': [ 'www.example.org' ] }")),
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"! EndpointSlice default/web-x: addressType 'FQDN' is none of IPv4, IPv6\n");
	expect_services(
		"slices of no Service", &node_a,
		STATE("{ 'apiVersion': 'discovery.k8s.io/v1', 'kind': 'EndpointSlice', "
		      "'addressType': 'IPv4', 'metadata': { 'name': 'x', 'namespace': 'y' } }, "
		      "{ 'apiVersion': 'discovery.k8s.io/v1', 'kind': 'EndpointSlice' }"),
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"! EndpointSlice y/x: has no label kubernetes.io/service-name, so that it is of no Service\n"
		"! EndpointSlice default/(without a name): addressType '' is none of IPv4, IPv6\n");
}

/* A line each: zones and Nodes may come in any order, and there may be any number of zones. */
static void write_zones(int zones, bool backwards)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs("{ 'kind': 'List', 'items': [ " SERVICE("web", WEB_SPEC), out);
	if (backwards)
		fputs(OWN_NODE("z9"), out);
	for (int i = 0; i < zones; i++) {
		int zone = backwards ? zones - 1 - i : i;

		fprintf(out,
			", { 'kind': 'EndpointSlice', 'apiVersion': 'discovery.k8s.io/v1', "
			"'addressType': 'IPv4', 'metadata': { 'name': 's%d', 'labels': "
			"{ 'kubernetes.io/service-name': 'web' } }, 'ports': [ { 'port': 8080 } ], "
			"'endpoints': [ { 'addresses': [ '10.1.0.%d' ], 'hints': { 'forZones': [ "
			"{ 'name': 'z%d' }, { 'name': 'z%d' } ] } } ] }",
			zone, zone + 1, zone, zone + 1000);
	}
	if (!backwards)
		fputs(OWN_NODE("z9"), out);
	fputs(" ] }", out);
	assert_int_equal(fclose(out), 0);
	write_state("state.json", text);
	free(text);
}

static void many_zones(void **state UNUSED)
{
	enum { ZONES = 200 };

	for (int backwards = 0; backwards < 2; backwards++) {
		struct state_problems problems = { 0 };
		struct table table = { 0 };
		char *text;

		write_zones(ZONES, backwards);
		assert_int_equal(
			state_read_with("state.json", &node_a, &table, &problems),
			STATE_OK);
		text = describe(&table);
		assert_string_equal(
			text,
			"tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.10:8080\n");
		free(text);
		table_clear(&table);
	}
}

/* Thousands of ports, each with endpoints of its own: in a time that does not grow by their square. */
static void many_ports(void **state UNUSED)
{
	enum { PORTS = 10000 };
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs("{ 'kind': 'List', 'items': [ "
	      "{ 'kind': 'Service', 'apiVersion': 'v1', 'metadata': { 'name': 'web' }, "
	      "'spec': { 'clusterIP': '10.96.0.1', 'ports': [ ",
	      out);
	for (int i = 1; i <= PORTS; i++)
		fprintf(out, "%s{ 'name': 'p%d', 'port': %d }", i > 1 ? ", " : "", i, i);
	fputs(" ] } }, { 'kind': 'EndpointSlice', 'apiVersion': 'discovery.k8s.io/v1', "
	      "'addressType': 'IPv4', 'metadata': { 'name': 's', 'labels': { "
	      "'kubernetes.io/service-name': 'web' } }, 'endpoints': [ " ENDPOINT(
		      "10.1.0.1") " ], 'ports': [ ",
	      out);
	for (int i = PORTS; i > 0; i--)
		fprintf(out, "%s{ 'name': 'p%d', 'port': %d }", i < PORTS ? ", " : "", i,
			i + PORTS);
	fputs(" ] } ] }", out);
	assert_int_equal(fclose(out), 0);
	write_state("state.json", text);
	free(text);
	assert_int_equal(state_read_with("state.json", &node_a, &table, &problems),
			 STATE_OK);
	assert_int_equal(table.service_count, PORTS);
	for (size_t i = 0; i < table.service_count; i++) {
		assert_int_equal(table.services[i].destination_count, 1);
		assert_int_equal(table.services[i].destinations[0].port,
				 table.services[i].key.port + PORTS);
	}
	table_clear(&table);
}

static int give_changing_addresses(const void *context, struct address **addresses,
				   size_t *count)
{
	const char *text = context;

	*addresses = calloc(1, sizeof(**addresses));
	assert_non_null(*addresses);
	*count = 1;
	return address_parse(text, *addresses);
}

static void expect_cached(struct state_cache *cache, bool changed, const char *expected)
{
	struct state_problems problems = { 0 };
	const struct table *table;
	bool differs = !changed;
	char *text;

	assert_int_equal(
		state_cache_read(cache, "state.json", &table, &differs, &problems),
		STATE_OK);
	assert_int_equal(differs, changed);
	text = describe(table);
	assert_string_equal(text, expected);
	free(text);
}

/* What did not change is not parsed again, and what it stands on is looked at. */
static void a_cache_keeps_a_cluster(void **state UNUSED)
{
	static const char before[] =
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"tcp 192.0.2.1:30080 default/web rr node-port all ->\n";
	static const char after[] =
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"tcp 192.0.2.2:30080 default/web rr node-port all ->\n";
	static const char text[] = LIST(SERVICE(
		"web",
		"'type': 'NodePort', 'clusterIP': '10.96.0.1', 'ports': [ { 'port': "
		"80, 'nodePort': 30080 } ]"));
	char address[] = "192.0.2.1";
	struct state_settings settings = { .node_addresses = give_changing_addresses,
					   .node_addresses_context = address };
	struct state_cache cache = { .settings = &settings, .doubt_usec = 1 };
	struct state_problems problems = { 0 };
	const struct table *table;
	bool changed;

	write_cluster(text);
	expect_cached(&cache, true, before);
	expect_cached(&cache, false, before);
	address[strlen(address) - 1] = '2';
	expect_cached(&cache, true, after);
	expect_cached(&cache, false, after);
	/* Written anew with the same content. */
	write_cluster(text);
	expect_cached(&cache, false, after);
	write_state("state.json", "{ 'kind': 'List', 'items': [] }");
	assert_int_equal(
		state_cache_read(&cache, "state.json", &table, &changed, &problems),
		STATE_INVALID);
	write_cluster(text);
	expect_cached(&cache, true, after);
	/* From a cluster to a native state and back. */
	write_state("state.json", "{ 'version': 1, 'services': [] }");
	expect_cached(&cache, true, "");
	expect_cached(&cache, false, "");
	write_cluster(text);
	expect_cached(&cache, true, after);
	state_cache_clear(&cache);
	state_problems_clear(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_are_chosen),
		cmocka_unit_test(odd_endpoints_are_told),
		cmocka_unit_test(many_zones),
		cmocka_unit_test(many_ports),
		cmocka_unit_test(a_cache_keeps_a_cluster),
	};

	return cmocka_run_group_tests(tests, enter_state_directory,
				      leave_state_directory);
}
