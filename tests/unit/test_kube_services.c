/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kube_case.h"

/* What becomes of Services: their addresses, ports, policies, annotations. */

#define TWO_ENDPOINTS                                                                    \
	SLICE("web", ENDPOINT_ON("10.1.0.1", "a") "," ENDPOINT_ON("10.1.0.2", "b"))

/* One of default/web with a label more, and an endpoint. */
#define LABELLED_SLICE(label, n)                                                                  \
	"{ 'apiVersion': 'discovery.k8s.io/v1', 'kind': 'EndpointSlice', 'addressType': 'IPv4', " \
	"'metadata': { 'name': 's" n "', 'namespace': 'default', 'labels': { "                    \
	"'kubernetes.io/service-name': 'web', 'service.kubernetes.io/" label                      \
	"': '' } }, "                                                                             \
	"'ports': [ { 'port': 8080 } ], 'endpoints': [ " ENDPOINT("10.1.0." n) " ] }"

static const struct {
	const char *name;
	const char *state;
	const char *services;
} cases
	[] = {
		{ "cluster address", LIST(SERVICE("web", WEB_SPEC) ",\n" TWO_ENDPOINTS),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080\n" },
		{ "slices before services, and unknown kinds",
		  LIST(TWO_ENDPOINTS
		       ",\n{ 'kind': 'Secret', 'apiVersion': 'v1', 'data': 7 },\n"
		       "{ 'kind': 'Endpoints', 'apiVersion': 'v1', 'subsets': null },\n" SERVICE(
			       "web", WEB_SPEC)),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080\n" },
		{ "no endpoints", LIST(SERVICE("web", WEB_SPEC)),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "null as kubectl prints it",
		  LIST(SERVICE(
			  "web",
			  WEB_SPEC) ", { 'apiVersion': 'discovery.k8s.io/v1', 'kind': "
				    "'EndpointSlice', 'addressType': 'IPv4', 'metadata': "
				    "{ 'labels': { 'kubernetes.io/service-name': 'web' } },"
				    " 'endpoints': null, 'ports': null }"),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "one object alone", SERVICE("web", WEB_SPEC),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "a raw list, whose items have no kind",
		  "{ 'kind': 'ServiceList', 'apiVersion': 'v1', 'metadata': {}, 'items': [ "
		  "{ 'metadata': { 'name': 'web' }, 'spec': { " WEB_SPEC " } } ] }",
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "a raw list whose fields are sorted, so that its kind is behind its items",
		  "{ 'apiVersion': 'v1', 'items': [ { 'metadata': { 'name': 'web' }, 'spec': { " WEB_SPEC
		  " } } ], 'k\\u0069nd': 'ServiceList', 'metadata': { 'a': [ '}', 1.5e3, null ] } }",
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "a raw list with nothing before its items",
		  "{ 'items': [ { 'metadata': { 'name': 'web' }, 'spec': { " WEB_SPEC
		  " } }, { 'metadata': { 'name': 'x' }, 'kind': 'Secret' } ], 'kind': 'ServiceList',"
		  " 'apiVersion': 'v1' }",
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "one object alone, with other fields first",
		  "{ 'spec': { " WEB_SPEC
		  " }, 'status': {}, 'metadata': { 'name': 'web' }, 'apiVersion': 'v1',"
		  " 'kind': 'Service' }",
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "lists within a list, of one kind each",
		  "{ 'items': [ { 'items': [ " SERVICE(
			  "web",
			  WEB_SPEC) " ], 'kind': 'List' },"
				    " { 'items': [ { 'endpoints': [ " ENDPOINT(
					    "10.1.0.1") " ], 'addressType': 'IPv4',"
							" 'ports': [ { 'port': 8080 } ], 'metadata': { 'name': 'w', 'labels': "
							"{ 'kubernetes.io/service-name': 'web' } } } ], 'kind': 'EndpointSliceList',"
							" 'apiVersion': 'discovery.k8s.io/v1' } ], 'apiVersion': 'v1', 'kind': 'List' }",
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080\n" },
		{ "Services of another group, in a list and in a raw one",
		  LIST(SERVICE(
			  "web",
			  WEB_SPEC) ", { 'kind': 'Service', 'apiVersion': 'serving.knative.dev/v1',"
				    " 'metadata': { 'name': 'a' } }, { 'kind': 'ServiceList', 'apiVersion': "
				    "'serving.knative.dev/v1', 'items': [ { 'metadata': { 'name': 'b' }, 'spec': {"
				    " 'clusterIP': '10.96.0.2', 'ports': [ { 'port': 81 } ] } } ] }"),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "a raw list of an older version",
		  LIST(SERVICE(
			  "web",
			  WEB_SPEC) "," TWO_ENDPOINTS
				    ", { 'kind': 'EndpointSliceList', 'apiVersion': "
				    "'discovery.k8s.io/v1beta1', 'items': [ { 'addressType': 'IPv4', 'metadata': {"
				    " 'name': 'x', 'labels': { 'kubernetes.io/service-name': 'web' } }, 'ports': [ {"
				    " 'port': 8080 } ], 'endpoints': [ " ENDPOINT(
					    "10.1.0.9") " ] } ] }"),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080\n"
		  "! EndpointSlice default/x: apiVersion discovery.k8s.io/v1beta1 is not read, only discovery.k8s.io/v1 is\n" },
		{ "headless, ExternalName, without an address, another proxy's",
		  LIST(SERVICE("a", "'clusterIP': 'None', 'clusterIPs': [ 'None' ]") "," SERVICE("b", "'type': 'ExternalName', 'externalName': 'example.org'") "," SERVICE("c", "'clusterIP': ''") ", { 'kind': 'Service', 'apiVersion': 'v1', 'metadata': { 'name': 'e' } }," SERVICE(
			  "web",
			  WEB_SPEC) "," SERVICE_OF("d",
						   ", 'labels': { 'service.kubernetes.io/service-proxy-name': 'x' }",
						   WEB_SPEC,
						   "") "," SERVICE("f",
								   "'clusterIP': '10.96.0.6'")),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "! Service default/c: has no clusterIP: it was not given one yet, or the objects have lost it\n"
		  "! Service default/e: has no clusterIP: it was not given one yet, or the objects have lost it\n"
		  "! Service default/f: has no ports\n" },
		{ "headless ones alone",
		  LIST(SERVICE("a", "'clusterIP': 'None', 'clusterIPs': [ 'None' ]")),
		  "" },
		{ "labels of what kube-proxy does not ask for",
		  LIST(SERVICE("web", WEB_SPEC) "," TWO_ENDPOINTS "," SERVICE_OF(
			  "a", ", 'labels': { 'service.kubernetes.io/headless': '' }",
			  "'clusterIP': '10.96.0.2', 'ports': [ { 'port': 81 } ]",
			  "") "," SERVICE_OF("b",
					     ", 'labels': { 'service.kubernetes.io/service-proxy-name': '' }",
					     "'clusterIP': '10.96.0.3', 'ports': [ { 'port': 82 } ]",
					     "") "," LABELLED_SLICE("headless",
								    "4") "," LABELLED_SLICE("service-proxy-name",
											    "5")),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080 10.1.0.5:8080\n" },
		{ "ports with names and protocols",
		  LIST(SERVICE(
			  "dns",
			  "'clusterIP': '10.96.0.10', 'ports': [ { 'name': 'dns', 'port': 53, "
			  "'protocol': 'UDP' }, { 'name': 'dns-tcp', 'port': 53, 'protocol': 'TCP' }"
			  ", { 'name': 's', 'port': 54, 'protocol': 'SCTP' } ]") "," SLICE_OF("dns",
											      "IPv4",
											      "{ 'name': 'dns-tcp', 'port': 5300 }, { 'name': 'dns', 'port': 5301, "
											      "'protocol': 'UDP' }, { 'name': 'dns', 'port': 5302 }, { 'name': 's' }",
											      ENDPOINT(
												      "10.1.0.1"))),
		  "tcp 10.96.0.10:53 default/dns:dns-tcp rr bind outside -> 10.1.0.1:5300\n"
		  "udp 10.96.0.10:53 default/dns:dns rr bind outside -> 10.1.0.1:5301\n"
		  "sctp 10.96.0.10:54 default/dns:s rr bind outside ->\n" },
		{ "two address families",
		  LIST(SERVICE(
			  "web",
			  "'clusterIP': '10.96.0.1', 'clusterIPs': [ '10.96.0.1', 'fd00::1' ], "
			  "'ports': [ { 'port': 80 } ]") "," TWO_ENDPOINTS
							 "," SLICE_NAMED(
								 "web-6", "web", "IPv6",
								 "{ 'port': 8080 }",
								 ENDPOINT("fd01::1"))),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080\n"
		  "tcp [fd00::1]:80 default/web rr bind outside -> [fd01::1]:8080\n" },
		{ "addresses of a family that the service has not, and what is none",
		  LIST(SERVICE_OF(
			  "web", "",
			  WEB_SPEC
			  ", 'type': 'LoadBalancer', 'externalIPs': [ 'fd00::7', '010.0.0.1' ]",
			  "'loadBalancer': { 'ingress': [ { 'ip': 'fd00::8' }, { 'hostname': "
			  "'lb.example.org' } ] }")),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "! Service default/web: external address fd00::7 is of an address family that the service has not\n"
		  "! Service default/web: external address '010.0.0.1' is no address\n"
		  "! Service default/web: load balancer address fd00::8 is of an address family that the service has not\n" },
		{ "external and load balancer addresses, node ports",
		  LIST(SERVICE_OF(
			  "web", "",
			  "'type': 'LoadBalancer', 'clusterIP': '10.96.0.1', 'ports': [ { "
			  "'port': 80, 'nodePort': 30080 } ], 'externalIPs': [ '198.51.100.1' ]",
			  "'loadBalancer': { 'ingress': [ { 'ip': '198.51.100.2' }, { 'ip': "
			  "'198.51.100.3', 'ipMode': 'Proxy' } ] }") "," TWO_ENDPOINTS),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080\n"
		  "tcp 192.0.2.1:30080 default/web rr node-port all -> 10.1.0.1:8080 10.1.0.2:8080\n"
		  "tcp 198.51.100.1:80 default/web rr bind all -> 10.1.0.1:8080 10.1.0.2:8080\n"
		  "tcp 198.51.100.2:80 default/web rr bind all -> 10.1.0.1:8080 10.1.0.2:8080\n" },
		{ "externalTrafficPolicy Local",
		  LIST(SERVICE_OF(
			  "web", "",
			  "'type': 'LoadBalancer', 'clusterIP': '10.96.0.1', 'ports': [ { "
			  "'port': 80, 'nodePort': 30080 } ], 'externalTrafficPolicy': 'Local'",
			  "'loadBalancer': { 'ingress': [ { 'ip': '198.51.100.2' } ] }") "," TWO_ENDPOINTS),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080\n"
		  "tcp 192.0.2.1:30080 default/web rr node-port hairpin inside 10.96.0.1:80 -> 10.1.0.1:8080\n"
		  "tcp 198.51.100.2:80 default/web rr bind hairpin inside 10.96.0.1:80 -> 10.1.0.1:8080\n" },
		{ "externalTrafficPolicy Local without an endpoint here",
		  LIST(SERVICE("web", WEB_SPEC ", 'externalTrafficPolicy': 'Local', 'externalIPs': [ '198.51.100.1' ]") "," SLICE(
			  "web", ENDPOINT_ON("10.1.0.2", "b"))),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.2:8080\n"
		  "tcp 198.51.100.1:80 default/web rr bind hairpin inside 10.96.0.1:80 ->\n" },
		{ "internalTrafficPolicy Local",
		  LIST(SERVICE(
			  "web", WEB_SPEC
			  ", 'internalTrafficPolicy': 'Local', 'externalIPs': [ '198.51.100.1' ]") "," TWO_ENDPOINTS),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080\n"
		  "tcp 198.51.100.1:80 default/web rr bind all -> 10.1.0.1:8080 10.1.0.2:8080\n" },
		{ "a health check port",
		  LIST(SERVICE("web",
			       WEB_SPEC ", 'type': 'LoadBalancer', 'externalTrafficPolicy': 'Local', "
					"'healthCheckNodePort': 32000") "," SERVICE("other", "'clusterIP': '10.96.0.2', 'ports': [ { 'port': 81 } ], "
											     "'healthCheckNodePort': 32001") "," SLICE_NAMED("web-6", "web", "IPv6", "{ 'port': 8080 }", ENDPOINT_ON("fd01::1", "a")) "," SLICE("web", ENDPOINT_ON("10.1.0.1", "a") "," ENDPOINT_ON("10.1.0.2", "a") "," ENDPOINT_ON("10.1.0.3",
																																						     "b") "," ENDPOINT_ON("10.1.0.1",
																																									  "a"))),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080\n"
		  "tcp 10.96.0.2:81 default/other rr bind outside ->\n"
		  "health of default/web at 32000: 2\n" },
		{ "a health check port, where the one here has lost its address to one elsewhere",
		  LIST(SERVICE(
			  "web", WEB_SPEC
			  ", 'type': 'LoadBalancer', 'externalTrafficPolicy': 'Local', "
			  "'healthCheckNodePort': 32000") "," SLICE("web",
								    ENDPOINT_ON(
									    "10.1.0.1",
									    "b") ", { 'addresses': [ '10.1.0.1' ], 'nodeName': 'a', 'conditions': { 'ready': false, 'serving': false, 'terminating': true } }")),
		  "tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080\n"
		  "health of default/web at 32000: 0\n" },
		{ "a health check port at the load balancer's addresses",
		  LIST(SERVICE_OF(
			  "web", "",
			  "'clusterIP': '10.96.0.1', 'ports': [ { 'port': 80 } ], 'type': 'LoadBalancer', "
			  "'externalTrafficPolicy': 'Local', 'healthCheckNodePort': 32000",
			  "'loadBalancer': { 'ingress': [ { 'ip': '198.51.100.2' } ] }")),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "tcp 198.51.100.2:80 default/web rr bind hairpin inside 10.96.0.1:80 health 32000 ->\n"
		  "health of default/web at 32000: 0\n" },
		{ "session affinity",
		  LIST(SERVICE("web", WEB_SPEC ", 'sessionAffinity': 'ClientIP'") "," SERVICE(
			  "other",
			  "'clusterIP': '10.96.0.2', 'ports': [ { 'port': 81 } ], 'sessionAffinity': "
			  "'ClientIP', 'sessionAffinityConfig': { 'clientIP': { 'timeoutSeconds': 60 } }, "
			  "'externalIPs': [ '198.51.100.1' ]")),
		  "tcp 10.96.0.1:80 default/web rr persistent 10800 bind outside ->\n"
		  "tcp 10.96.0.2:81 default/other rr persistent 60 bind outside ->\n"
		  "tcp 198.51.100.1:81 default/other rr persistent 60 bind all ->\n" },
		{ "annotations",
		  LIST(SERVICE_OF("web",
				  ", 'annotations': { 'ipvs-node/scheduler': 'sh', "
				  "'ipvs-node/scheduler-flags': 'sh-port,sh-fallback', "
				  "'ipvs-node/over-local': 'true' }",
				  WEB_SPEC, "")),
		  "tcp 10.96.0.1:80 default/web sh flags 3 bind outside ->\n" },
		{ "annotations that cannot be served",
		  LIST(SERVICE_OF(
			  "web",
			  ", 'annotations': { 'ipvs-node/scheduler': 'Round Robin' }",
			  WEB_SPEC,
			  "") "," SERVICE_OF("other",
					     ", 'annotations': { 'ipvs-node/scheduler-flags': 'sh-port' }",
					     "'clusterIP': '10.96.0.2', 'ports': [ { 'port': 81 } ]",
					     "")),
		  "! Service default/other: annotation ipvs-node/scheduler-flags: 'sh-port' is no flag of scheduler 'rr'\n"
		  "! Service default/web: scheduler: 'Round Robin' has a character other than a-z, 0-9, '_' and '-'\n" },
		{ "source ranges, by family, of load balancer addresses alone",
		  LIST(SERVICE_OF(
			  "web", "",
			  "'type': 'LoadBalancer', 'clusterIPs': [ '10.96.0.1', 'fd00::1' ], 'ports': "
			  "[ { 'port': 80 } ], 'loadBalancerSourceRanges': [ ' 203.0.113.7/24 ', "
			  "'2001:db8:1::/48' ]",
			  "'loadBalancer': { 'ingress': [ { 'ip': '198.51.100.2' }, { 'ip': "
			  "'2001:db8::2' } ] }")),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "tcp 198.51.100.2:80 default/web rr bind all from 203.0.113.0/24 ->\n"
		  "tcp [2001:db8::2]:80 default/web rr bind all from 2001:db8:1::/48 ->\n"
		  "tcp [fd00::1]:80 default/web rr bind outside ->\n" },
		{ "one address of two services, and of one service twice",
		  LIST(
			  SERVICE("b", WEB_SPEC ", 'externalIPs': [ '198.51.100.1', '198.51.100.1' ]") "," SERVICE(
				  "a",
				  "'clusterIP': '10.96.0.2', 'ports': [ { 'port': 80 } ], "
				  "'externalIPs': [ '198.51.100.1' ]")),
		  "tcp 10.96.0.1:80 default/b rr bind outside ->\n"
		  "tcp 10.96.0.2:80 default/a rr bind outside ->\n"
		  "tcp 198.51.100.1:80 default/a rr bind all ->\n"
		  "! Service port default/b: tcp 198.51.100.1:80 is default/a's already\n" },
		{ "an external address that is the load balancer's as well is for those it lets in",
		  LIST(SERVICE_OF("web", "", "'type': 'LoadBalancer', " WEB_SPEC ", 'externalIPs': [ '198.51.100.2' ], 'loadBalancerSourceRanges': [ '203.0.113.0/24' ]",
				  "'loadBalancer': { 'ingress': [ { 'ip': '198.51.100.2' } ] }")),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "tcp 198.51.100.2:80 default/web rr bind all from 203.0.113.0/24 ->\n" },
		{ "source ranges that are none let nobody in",
		  LIST(SERVICE_OF("web", "",
				  "'type': 'LoadBalancer', " WEB_SPEC
				  ", 'externalIPs': [ '198.51.100.2' ], 'loadBalancerSourceRanges': [ '203.0.113.0/24\\n', '010.0.0.0/8' ]",
				  "'loadBalancer': { 'ingress': [ { 'ip': '198.51.100.2' } ] }")),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "! Service default/web: loadBalancerSourceRanges: '010.0.0.0/8' is no network, so that its load balancer's addresses are not served\n" },
		{ "nobody takes another's cluster address",
		  LIST(
			  SERVICE("a",
				  "'clusterIP': '10.96.0.2', 'ports': [ { 'port': 80 } ], "
				  "'externalIPs': [ '10.96.0.1' ]") "," SERVICE("web",
										WEB_SPEC)),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "tcp 10.96.0.2:80 default/a rr bind outside ->\n"
		  "! Service port default/a: tcp 10.96.0.1:80 is default/web's already\n" },
		{ "a NUL byte in what is not ours",
		  LIST(SERVICE_OF("web", ", 'annotations': { 'x': 'a\\u0000b' }",
				  WEB_SPEC, "")),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n" },
		{ "a version that is not known",
		  LIST(SERVICE("web",
			       WEB_SPEC) ",{ 'kind': 'EndpointSlice', 'apiVersion': "
					 "'discovery.k8s.io/v1beta1', 'metadata': { 'name': 'x', "
					 "'namespace': 'y' } }," API_SLICE),
		  "tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		  "! EndpointSlice y/x: apiVersion discovery.k8s.io/v1beta1 is not read, only discovery.k8s.io/v1 is\n" },
	};

static void services_become_virtual_services(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_services(cases[i].name, &node_a, cases[i].state,
				cases[i].services);
}

/* Which node an endpoint is on is known where this one's name is, and the endpoint's. */
static void endpoints_elsewhere_are_known(void **state UNUSED)
{
	static const char objects[] = LIST(SERVICE("web", WEB_SPEC) "," SLICE(
		"web", ENDPOINT_ON("10.1.0.1", "a") "," ENDPOINT_ON(
			       "10.1.0.2", "b") "," ENDPOINT("10.1.0.3")));
	static const struct state_settings nameless = { .node_addresses =
								give_node_addresses };
	const struct state_settings *settings[] = { &node_a, &nameless };

	for (int i = 0; i < 2; i++) {
		struct state_problems problems = { 0 };
		struct table table = { 0 };
		const struct destination *found;

		assert_int_equal(state_read_with(write_cluster(objects), settings[i],
						 &table, &problems),
				 STATE_OK);
		assert_int_equal(table.services[0].destination_count, 3);
		found = table.services[0].destinations;
		assert_false(found[0].elsewhere);
		assert_true(found[1].elsewhere == (i == 0));
		assert_false(found[2].elsewhere);
		table_clear(&table);
		state_problems_clear(&problems);
	}
}

static void local_policies_need_the_nodes_name(void **state UNUSED)
{
	static const struct state_settings nameless = { .node_addresses =
								give_node_addresses };

	expect_services(
		"internal", &nameless,
		LIST(SERVICE("web", WEB_SPEC ", 'internalTrafficPolicy': 'Local', "
					     "'externalIPs': [ '198.51.100.1' ]")),
		"tcp 198.51.100.1:80 default/web rr bind all ->\n"
		"! Service default/web: internalTrafficPolicy Local needs --node-name\n");
	expect_services(
		"external", &nameless,
		LIST(SERVICE("web", WEB_SPEC ", 'externalTrafficPolicy': 'Local', "
					     "'externalIPs': [ '198.51.100.1' ]")),
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"! Service default/web: externalTrafficPolicy Local needs --node-name\n");
}

#define NODE_NAMED(name)                                                                 \
	"{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': '" name "' } }"

static void unknown_node_is_a_failure(void **state UNUSED)
{
	static const struct state_settings typo = { .node_name = "aa" };
	static const char *const nodes[] = { NODE_NAMED("b") "," NODE_NAMED("a"),
					     NODE_NAMED("a") "," NODE_NAMED("b") };

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		char *text;

		assert_true(asprintf(&text, LIST(SERVICE("web", WEB_SPEC) ", %s"),
				     nodes[i]) > 0);
		expect_services(
			"not among the Nodes", &typo, text,
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
			"failure: Node aa: the node of --node-name is none of the Nodes, which are a, b: policies Local find no endpoint on it\n");
		free(text);
	}
	expect_services(
		"among many", &typo,
		LIST(SERVICE("web", WEB_SPEC) "," NODE_NAMED("n0") "," NODE_NAMED("n1") "," NODE_NAMED("n2") "," NODE_NAMED("n3") "," NODE_NAMED("n4") "," NODE_NAMED(
			"n5") "," NODE_NAMED("n6") "," NODE_NAMED("n7") "," NODE_NAMED("n8") "," NODE_NAMED("n9") "," NODE_NAMED("nx")),
		"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
		"failure: Node aa: the node of --node-name is none of the Nodes, which are n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 1 more: policies Local find no endpoint on it\n");
	expect_services("without Nodes", &typo, LIST(SERVICE("web", WEB_SPEC)),
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n");
	expect_services("in upper case", &node_a,
			LIST(SERVICE("web", WEB_SPEC) "," NODE_NAMED("A")),
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n");
}

#define HINTED_SLICE(hints)                                                              \
	SLICE("web", "{ 'addresses': [ '10.1.0.1' ], 'hints': { " hints " } }")
#define ZONE_HINT "'forZones': [ { 'name': 'z1' } ]"
#define NODE_WITH(name, labels)                                                          \
	"{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': '" name             \
	"', 'labels': { " labels                                                         \
	" } }, 'status': { 'addresses': [ { 'address': '192.0.2." name "' } ] } }"
#define OWN(labels)                                                                            \
	"{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': 'a', 'labels': { " labels \
	" } } }"

static const struct {
	const char *name;
	const char *state;
	const char *warnings;
	bool nameless;
} warned[] = {
	{ "no Nodes", LIST(SERVICE("web", WEB_SPEC)),
	  "no Node among the Kubernetes objects: hints for zones are not followed, and an external address that is another Node's would be served\n",
	  false },
	{ "no Node in their list",
	  LIST(SERVICE("web", WEB_SPEC) ", { 'kind': 'NodeList', 'items': [] }"),
	  "no Node among the Kubernetes objects: hints for zones are not followed, and an external address that is another Node's would be served\n",
	  true },
	{ "all there",
	  LIST(SERVICE("web", WEB_SPEC) "," HINTED_SLICE(ZONE_HINT) "," NODE_WITH(
		  "7", "") "," OWN("'topology.kubernetes.io/zone': 'z1'")),
	  "", false },
	{ "a Node without a zone, and hints for zones",
	  LIST(SERVICE("web", WEB_SPEC) "," HINTED_SLICE(ZONE_HINT) "," OWN(
		  "'topology.kubernetes.io/zone': ''")),
	  "endpoints have hints for zones, which are not followed: Node a has no label topology.kubernetes.io/zone\n",
	  false },
	{ "a Node without a zone, and hints for nodes alone",
	  LIST(SERVICE("web", WEB_SPEC) "," HINTED_SLICE(
		  "'forNodes': [ { 'name': 'a' } ]") "," OWN("")),
	  "", false },
	{ "hints, and no --node-name",
	  LIST(SERVICE("web", WEB_SPEC) "," HINTED_SLICE(
		  "'forNodes': [ { 'name': 'a' } ]") "," NODE_WITH("7", "")),
	  "endpoints have hints, which are not followed without --node-name\n", true },
	{ "Nodes without addresses",
	  LIST(SERVICE("web", WEB_SPEC) "," NODE_NAMED("c") "," NODE_NAMED(
		  "b") "," NODE_WITH("7", "") "," OWN("")),
	  "Nodes without an address in their status: 2, first b: an external address that is theirs would be served\n",
	  false },
};

static void what_goes_without_is_warned_of(void **state UNUSED)
{
	static const struct state_settings nameless;

	for (size_t i = 0; i < ARRAY_SIZE(warned); i++) {
		struct state_problems problems = { 0 };
		struct table table = { 0 };
		char text[1000] = "";

		assert_int_equal(state_read_with(write_cluster(warned[i].state),
						 warned[i].nameless ? &nameless : &node_a,
						 &table, &problems),
				 STATE_OK);
		for (size_t k = 0; k < table.notes.warning_count; k++) {
			strcat(text, table.notes.warnings[k]);
			strcat(text, "\n");
		}
		if (strcmp(text, warned[i].warnings) != 0)
			print_error("%s\n", warned[i].name);
		assert_string_equal(text, warned[i].warnings);
		table_clear(&table);
	}
}

static void node_ports_are_at_the_addresses_asked_for(void **state UNUSED)
{
	static const char node_ports[] = LIST(SERVICE(
		"web", "'type': 'NodePort', 'clusterIPs': [ '10.96.0.1', 'fd00::1' ], "
		       "'ports': [ { 'port': 80, 'nodePort': 30080 } ]"));
	struct state_settings settings = node_a;

	expect_services("all", &settings, node_ports,
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
			"tcp 192.0.2.1:30080 default/web rr node-port all ->\n"
			"tcp [2001:db8::1]:30080 default/web rr node-port all ->\n"
			"tcp [fd00::1]:80 default/web rr bind outside ->\n");
	settings.node_port_network_count = 2;
	assert_int_equal(network_parse("169.254.0.0/16", &settings.node_port_networks[0]),
			 0);
	assert_int_equal(network_parse("127.0.0.0/8", &settings.node_port_networks[1]),
			 0);
	expect_services("link-local ones where asked for, loopback ones never", &settings,
			node_ports,
			"tcp 10.96.0.1:80 default/web rr bind outside ->\n"
			"tcp 169.254.7.7:30080 default/web rr node-port all ->\n"
			"tcp [fd00::1]:80 default/web rr bind outside ->\n");
}

static void scheduler_of_the_node(void **state UNUSED)
{
	struct state_settings settings = { .scheduler = "mh" };

	expect_services(
		"mh", &settings,
		LIST(SERVICE("web", WEB_SPEC) "," SERVICE_OF(
			"own", ", 'annotations': { 'ipvs-node/scheduler': 'lc' }",
			"'clusterIP': '10.96.0.2', 'ports': [ { 'port': 80 } ]", "")),
		"tcp 10.96.0.1:80 default/web mh bind outside ->\n"
		"tcp 10.96.0.2:80 default/own lc bind outside ->\n");
}

/* In a directory objects may be anywhere, beside native files, which come first. */
static void files_make_one_state(void **state UNUSED)
{
	static const char expected[] =
		"tcp 10.96.0.1:80 mine rr -> 10.9.0.1:80\n"
		"tcp 10.96.0.2:81 default/other rr bind outside -> 10.1.0.1:8080\n"
		"! Service default/web: tcp 10.96.0.1:80 is of a native file of the state\n";
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	char *text;

	assert_int_equal(mkdir("both", 0700), 0);
	write_state("both/1.json", SLICE("other", ENDPOINT("10.1.0.1")));
	write_state(
		"both/2.json",
		"{ 'version': 1, 'services': [ { 'name': 'mine', 'address': '10.96.0.1', "
		"'port': 80, 'protocol': 'tcp', 'destinations': [ { 'address': '10.9.0.1' } "
		"] } ] }");
	write_state("both/3.json", LIST(SERVICE("web", WEB_SPEC)));
	write_state("both/4.json",
		    SERVICE("other",
			    "'clusterIP': '10.96.0.2', 'ports': [ { 'port': 81 } ]"));
	assert_int_equal(state_read_with("both", &node_a, &table, &problems), STATE_OK);
	text = describe(&table);
	assert_string_equal(text, expected);
	free(text);
	table_clear(&table);
}

static void others_addresses_are_reserved(void **state UNUSED)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };

	write_state(
		"state.json",
		LIST(SERVICE("kubernetes", WEB_SPEC) "," SLICE(
			"kubernetes",
			ENDPOINT(
				"192.0.2.9")) ",{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': 'b' }, "
					      "'status': { 'addresses': [ { 'type': 'Hostname', 'address': 'b' }, { "
					      "'type': 'InternalIP', 'address': '192.0.2.2' } ] } },"
					      "{ 'kind': 'Node', 'apiVersion': 'v1', 'metadata': { 'name': 'a' }, "
					      "'status': { 'addresses': [ { 'address': '192.0.2.1' } ] } }"));
	assert_int_equal(state_read_with("state.json", &node_a, &table, &problems),
			 STATE_OK);
	assert_int_equal(table.notes.reserved_count, 2);
	assert_string_equal(table.notes.reserved[0].owner, "an address of Node b");
	assert_string_equal(table.notes.reserved[1].owner,
			    "an endpoint of default/kubernetes");
	table_clear(&table);
}

static void text_of(FILE *from, char *text, size_t size)
{
	size_t length;

	rewind(from);
	length = fread(text, 1, size - 1, from);
	text[length] = '\0';
	assert_int_equal(fclose(from), 0);
}

/* What is written is a native state that says the same. */
static void converted_state_is_native(void **state UNUSED)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	FILE *out = tmpfile();
	char text[4096], *found;

	write_state(
		"state.json",
		LIST(SERVICE_OF(
			"web", "",
			WEB_SPEC
			", 'type': 'LoadBalancer', 'externalTrafficPolicy': 'Local', "
			"'loadBalancerSourceRanges': [ '203.0.113.0/24' ]",
			"'loadBalancer': { 'ingress': [ { 'ip': '198.51.100.2' } ] }") "," TWO_ENDPOINTS));
	assert_int_equal(state_read_with("state.json", &node_a, &table, &problems),
			 STATE_OK);
	assert_non_null(out);
	assert_int_equal(state_write(out, &table, NULL), STATE_WRITTEN);
	table_clear(&table);
	text_of(out, text, sizeof(text));
	assert_non_null(strstr(text, "\"sourceRanges\": [\"203.0.113.0/24\"]"));
	write_bytes("native.json", text, strlen(text));
	expect_state("native.json", &table);
	found = describe(&table);
	assert_string_equal(
		found,
		"tcp 10.96.0.1:80 default/web rr bind outside -> 10.1.0.1:8080 10.1.0.2:8080\n"
		"tcp 198.51.100.2:80 default/web rr bind hairpin from 203.0.113.0/24 inside 10.96.0.1:80 -> 10.1.0.1:8080\n");
	free(found);
	table_clear(&table);
}

#define GOES_ON                                                                             \
	"the list goes on: this is a part of it, and what is missing would be taken away; " \
	"get the whole list, without a limit\n"

static const struct {
	const char *name;
	const char *state;
	const char *problems;
} refused[] = {
	{ "no Service", LIST(TWO_ENDPOINTS),
	  "state.json:1: no Service among the Kubernetes objects: a cluster always has one, so this is no state\n" },
	{ "an empty list", "{ 'apiVersion': 'v1', 'items': [], 'kind': 'List' }",
	  "state.json:1: no Service among the Kubernetes objects: a cluster always has one, so this is no state\n" },
	{ "items that are null", "{ 'apiVersion': 'v1', 'items': null, 'kind': 'List' }",
	  "state.json:1: no Service among the Kubernetes objects: a cluster always has one, so this is no state\n" },
	{ "cut off", "{ 'apiVersion': 'v1', 'items': [\n" SERVICE("web", WEB_SPEC),
	  "state.json:2:211: ',' or ']' expected, found the end of the file\n" },
	{ "text behind it", LIST(SERVICE("web", WEB_SPEC)) "\nx",
	  "state.json:4:1: the end of the file expected, found 'x'\n" },
	{ "a field twice", "{ 'kind': 'List',\n'items': [],\n'items': [] }",
	  "state.json:3: items: stands twice\n" },
	{ "an item that is no object", LIST("7"),
	  "state.json:2: items[0]: is not an object\n" },
	{ "an item without a kind", LIST("{}"),
	  "state.json:2: items[0]: has no kind: it is no Kubernetes object\n" },
	{ "a Service without a name",
	  LIST("{ 'kind': 'Service',\n'apiVersion': 'v1', 'spec': {} }"),
	  "state.json:2: items[0].metadata: has no name\n" },
	{ "odd names",
	  LIST("{ 'kind': 'Service', 'apiVersion': 'v1', 'metadata': { 'name': 'a/b' } },\n"
	       "{ 'kind': 'Service', 'apiVersion': 'v1', 'metadata': { 'name': 'a',\n'namespace': "
	       "'x\\u0007' } },\n" SERVICE(
		       "web", "'clusterIP': '10.96.0.1', 'ports': [ { 'port': "
			      "80,\n'name': 'a b' } ]")),
	  "state.json:2: items[0].metadata.name: 'a/b' is no name of an object or port\n"
	  "state.json:4: items[1].metadata.namespace: 'x?' is no name of an object or port\n"
	  "state.json:6: items[2].spec.ports[0].name: 'a b' is no name of an object or port\n" },
	{ "wrong types",
	  LIST(SERVICE(
		  "web",
		  "'clusterIP': '10.96.0.1', 'ports':\n[ { 'port':\n'80' } ]") ","
									       "\n{ 'kind': 'EndpointSlice', 'apiVersion': 'discovery.k8s.io/v1', "
									       "'addressType': 'IPv4', 'metadata': { 'labels': { "
									       "'kubernetes.io/service-name': 'web' } },\n'endpoints': [ 7 ] }"),
	  "state.json:4: items[0].spec.ports[0].port: is a string, not a number\n"
	  "state.json:6: items[1].endpoints[0]: is a number, not an object\n" },
	{ "values out of range, in one object alone",
	  "{ 'kind': 'Service', 'apiVersion': 'v1',\n'metadata': { 'name': 'web' },\n'spec': { "
	  "'clusterIP': '10.96.0.1',\n'ports': [ { 'port': 70000 }, {},\n{ 'port': 1, 'protocol': "
	  "'ICMP' } ] } }",
	  "state.json:4: spec.ports[0].port: 70000 is not in 1..65535\n"
	  "state.json:4: spec.ports[1]: has no port\n"
	  "state.json:5: spec.ports[2].protocol: 'ICMP' is none of TCP, UDP, SCTP\n" },
	{ "a part of a list",
	  "{ 'kind': 'ServiceList', 'apiVersion': 'v1',\n'metadata': { 'resourceVersion': '7', "
	  "'continue': 'eyJ2' },\n'items': [ { 'metadata': { 'name': 'web' }, 'spec': { " WEB_SPEC
	  " } } ] }",
	  "state.json:2: metadata.continue: " GOES_ON },
	{ "a part of a list, its fields sorted",
	  "{ 'apiVersion': 'v1', 'items': [\n" SERVICE(
		  "web",
		  WEB_SPEC) ",\n" API_SLICE
			    "], 'kind': 'List',\n'metadata': { 'remainingItemCount': 3 } }",
	  "state.json:4: metadata.continue: " GOES_ON },
	{ "a part of a list without items",
	  "{ 'kind': 'NodeList', 'items': null,\n'metadata': { 'continue': 'x' } }",
	  "state.json:2: metadata.continue: " GOES_ON },
	{ "a part of a list within a list",
	  LIST(SERVICE("web",
		       WEB_SPEC) "," API_SLICE
				 ",\n{ 'kind': 'NodeList', 'items': [],\n'metadata': { "
				 "'continue': 'x' } }"),
	  "state.json:4: items[2].metadata.continue: " GOES_ON },
	{ "items of a list of a kind that is no text",
	  "{ 'items': [ { 'metadata': { 'name': 'web' } } ], 'kind': 7 }",
	  "state.json:1: items[0]: has no kind: it is no Kubernetes object\n" },
	{ "what an API server says instead",
	  "{ 'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Failure', "
	  "'message': 'nodes is forbidden', 'code': 403 }",
	  "state.json:1: is a message of the API server and no object to serve: nodes is forbidden\n" },
	{ "metadata alone",
	  "{ 'kind': 'PartialObjectMetadataList', 'apiVersion': 'meta.k8s.io/v1', 'items': [ {\n} ] }",
	  "state.json:1: items[0]: is the metadata of an object alone and no object to serve\n" },
	{ "a table", "{ 'kind': 'Table', 'apiVersion': 'meta.k8s.io/v1', 'rows': [] }",
	  "state.json:1: is a table for people to read and no object to serve\n" },
	{ "slices of an older version alone",
	  LIST(SERVICE(
		  "web",
		  WEB_SPEC) ", { 'kind': 'EndpointSliceList', 'apiVersion': "
			    "'discovery.k8s.io/v1beta1', 'items': [ { 'metadata': { 'name': 'x' } } ] }"),
	  "state.json:1: no EndpointSlice (discovery.k8s.io/v1) among the Kubernetes objects: a cluster always has one, so this is no state\n" },
	{ "YAML", "apiVersion: v1\n",
	  "state.json:1:1: the file is YAML; print it as JSON (kubectl get -o json)\n" },
	{ "gzip", "\x1f\x8b\x08",
	  "state.json:1:1: the file is compressed by gzip; unpack it first\n" },
	{ "no EndpointSlice", LIST(SERVICE("web", WEB_SPEC)),
	  "state.json:1: no EndpointSlice (discovery.k8s.io/v1) among the Kubernetes objects: a cluster always has one, so this is no state\n" },
	{ "Services without a clusterIP, as their list was trimmed",
	  LIST(SERVICE("web", "'ports': [ { 'port': 80 } ]") "," SERVICE(
		  "b",
		  "'clusterIP': 'None'") "," SERVICE("c",
						     "'clusterIP': 'x'") "," API_SLICE),
	  "state.json:1: no Service among the Kubernetes objects has a clusterIP: a cluster always has one that does, so this is no state\n" },
	{ "one Service twice",
	  LIST(SERVICE("web", WEB_SPEC) ",\n" SERVICE("a", WEB_SPEC) ",\n" SERVICE(
		  "web", WEB_SPEC) "," API_SLICE),
	  "state.json:4: Service default/web is in this file more than once, first at line 2: which one is the newer cannot be told\n" },
	{ "one slice twice",
	  LIST(SERVICE("web", WEB_SPEC) ",\n" API_SLICE ",\n" API_SLICE),
	  "state.json:4: EndpointSlice default/kubernetes is in this file more than once, first at line 3: which one is the newer cannot be told\n" },
	{ "one slice twice, of two Services",
	  LIST(SERVICE("web", WEB_SPEC) ",\n" SLICE_NAMED(
		  "s", "web", "IPv4", "", "") ",\n" SLICE_NAMED("s", "other", "IPv4", "",
								"")),
	  "state.json:4: EndpointSlice default/s is in this file more than once, first at line 3: which one is the newer cannot be told\n" },
	{ "one Service twice, once headless",
	  LIST(SERVICE("web", WEB_SPEC) ",\n" SERVICE(
		  "web", "'clusterIP': 'None'") "," API_SLICE),
	  "state.json:3: Service default/web is in this file more than once, first at line 2: which one is the newer cannot be told\n" },
	{ "one Node three times",
	  LIST(SERVICE("web", WEB_SPEC) "," API_SLICE ",\n" NODE_NAMED(
		  "a") ",\n" NODE_NAMED("b") ",\n" NODE_NAMED("a") ",\n" NODE_NAMED("a")),
	  "state.json:5: Node a is in this file more than once, first at line 3: which one is the newer cannot be told\n"
	  "state.json:6: Node a is in this file more than once, first at line 3: which one is the newer cannot be told\n" },
};

static void broken_documents_are_refused(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		expect_invalid(refused[i].name, refused[i].state, refused[i].problems);
}

static void objects_in_two_files_are_refused(void **state UNUSED)
{
	static const char *const objects[] = {
		SERVICE("web", WEB_SPEC),
		SERVICE("web", "'clusterIP': 'None'"),
		API_SLICE,
		NODE_NAMED("web"),
	};
	static const char *const named[] = { "Service default/web", "Service default/web",
					     "EndpointSlice default/kubernetes",
					     "Node web" };

	assert_int_equal(mkdir("twice", 0700), 0);
	write_state("twice/0.json", LIST(SERVICE("x", WEB_SPEC)));
	write_state("twice/1.json", SLICE("x", ""));
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		char expected[300];

		write_state("twice/2.json", objects[i]);
		write_state("twice/3.json", objects[i]);
		snprintf(
			expected, sizeof(expected),
			"twice/2.json:1: %s stands here and in twice/3.json: which one is the newer cannot be told\n",
			named[i]);
		expect_problems(named[i], "twice", STATE_INVALID, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_become_virtual_services),
		cmocka_unit_test(endpoints_elsewhere_are_known),
		cmocka_unit_test(local_policies_need_the_nodes_name),
		cmocka_unit_test(unknown_node_is_a_failure),
		cmocka_unit_test(what_goes_without_is_warned_of),
		cmocka_unit_test(objects_in_two_files_are_refused),
		cmocka_unit_test(node_ports_are_at_the_addresses_asked_for),
		cmocka_unit_test(scheduler_of_the_node),
		cmocka_unit_test(files_make_one_state),
		cmocka_unit_test(others_addresses_are_reserved),
		cmocka_unit_test(converted_state_is_native),
		cmocka_unit_test(broken_documents_are_refused),
	};

	return cmocka_run_group_tests(tests, enter_state_directory,
				      leave_state_directory);
}
