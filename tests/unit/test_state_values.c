/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/state_case.h"

/* Each value that is refused, with the whole message. */

struct bad_value {
	const char *name;
	const char *text;
	const char *problems;
};

/* The braces of a document around its services; the services begin in line 2. */
#define SERVICES(text) "{ 'version': 1, 'services': [\n" text "\n] }"
#define SERVICE(text)  SERVICES("{ 'address': '10.0.0.1', 'port': 80, " text " }")
#define TCP(text)      SERVICE("'protocol': 'tcp',\n" text)
#define UDP(text)      SERVICE("'protocol': 'udp',\n" text)
#define TCP6(text)                                                                       \
	SERVICES("{ 'address': 'fd00::1', 'port': 80, 'protocol': 'tcp',\n" text " }")
#define DESTINATION(text)                                                                  \
	TCP("'destinations': [ { 'address': '10.0.0.2' },\n{ 'address': '10.0.0.3', " text \
	    " } ]")
#define DAEMON(text) "{ 'version': 1, 'services': [],\n'syncDaemons': [\n{ " text " } ] }"
#define GLOBAL(text) "{ 'version': 1, 'services': [],\n" text " }"

static const struct bad_value top_level[] = {
	{ "no version", "{ 'services': [] }", "state.json:1: version: missing\n" },
	{ "no services", "{\n'version': 1 }", "state.json:1: services: missing\n" },
	{ "neither", "{}",
	  "state.json:1: version: missing\nstate.json:1: services: missing\n" },
	{ "another version", "{\n'version': 2, 'services': 3 }",
	  "state.json:2: version: 2 is not supported: this program reads version 1\n" },
	{ "version as text", "{ 'version': '1', 'services': [] }",
	  "state.json:1: version: is a string, not a number\n" },
	{ "services as object", "{ 'version': 1,\n'services':\n{} }",
	  "state.json:3: services: is an object, not an array\n" },
	{ "service as text", SERVICES("'tcp'"),
	  "state.json:2: services[0]: is a string, not an object\n" },
	{ "unknown field", GLOBAL("'service': 1"),
	  "state.json:2: service: unknown field; did you mean 'services'?\n" },
	{ "unknown field, nothing near", GLOBAL("'xyzzy': {}"),
	  "state.json:2: xyzzy: unknown field\n" },
	{ "odd field name", GLOBAL("'a b\\u001bc': {}"),
	  "state.json:2: [\"a b?c\"]: unknown field\n" },
	{ "reserved", GLOBAL("'drain': {}"),
	  "state.json:2: drain: drain is not supported by this version\n" },
	{ "of a service", GLOBAL("'bind': true"),
	  "state.json:2: bind: unknown field here: it belongs into an element of 'services'\n" },
	{ "an editor's", GLOBAL("'$schema': 'state.schema.json'"),
	  "state.json:2: [\"$schema\"]: unknown field here: an editor finds the schema by the file's name\n" },
	{ "Kubernetes in the middle", GLOBAL("'kind': 'List'"),
	  "state.json:2: kind: unknown field\n" },
};

static const struct bad_value keys[] = {
	{ "no key", SERVICES("{}"),
	  "state.json:2: services[0]: neither an address nor a fwmark\n" },
	{ "address alone", SERVICES("{ 'address': '10.0.0.1' }"),
	  "state.json:2: services[0].port: missing\n"
	  "state.json:2: services[0].protocol: missing\n" },
	{ "host name",
	  SERVICES("{ 'address':\n'www.example.org', 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:3: services[0].address: 'www.example.org' is not an IPv4 or IPv6 address (names are not looked up)\n" },
	{ "address with port",
	  SERVICES("{ 'address': '10.0.0.1:80', 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].address: '10.0.0.1:80' is not an IPv4 or IPv6 address (names are not looked up)\n" },
	{ "address as number", SERVICES("{ 'address': 1, 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].address: is a number, not a string\n" },
	{ "unspecified",
	  SERVICES("{ 'address': '0.0.0.0', 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].address: 0.0.0.0 is the unspecified address\n" },
	{ "unspecified v6", SERVICES("{ 'address': '::', 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].address: :: is the unspecified address\n" },
	{ "multicast",
	  SERVICES("{ 'address': '224.0.0.1', 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].address: 224.0.0.1 is a multicast address\n" },
	{ "multicast v6",
	  SERVICES("{ 'address': 'ff02::1', 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].address: ff02::1 is a multicast address\n" },
	{ "broadcast",
	  SERVICES("{ 'address': '255.255.255.255', 'port': 1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].address: 255.255.255.255 is the broadcast address\n" },
	{ "port too large",
	  SERVICES("{ 'address': '10.0.0.1', 'port': 65536, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].port: 65536 is not in 0..65535\n" },
	{ "port below zero",
	  SERVICES("{ 'address': '10.0.0.1', 'port': -1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].port: -1 is not in 0..65535\n" },
	{ "port 0", SERVICES("{ 'address': '10.0.0.1', 'port': 0, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].port: 0 (every port) needs persistence\n" },
	{ "port as text",
	  SERVICES("{ 'address': '10.0.0.1', 'port': '80', 'protocol': 'tcp' }"),
	  "state.json:2: services[0].port: is a string, not a number\n" },
	{ "port with fraction",
	  SERVICES("{ 'address': '10.0.0.1', 'port': 80.0, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].port: has a fraction or an exponent; a whole number is needed\n" },
	{ "port with exponent",
	  SERVICES("{ 'address': '10.0.0.1', 'port': 8e1, 'protocol': 'tcp' }"),
	  "state.json:2: services[0].port: has a fraction or an exponent; a whole number is needed\n" },
	{ "other protocol", SERVICE("'protocol': 'icmp'"),
	  "state.json:2: services[0].protocol: 'icmp' is not one of tcp, udp, sctp\n" },
	{ "protocol null", SERVICE("'protocol': null"),
	  "state.json:2: services[0].protocol: is null, not a string\n" },
	{ "fwmark 0", SERVICES("{ 'fwmark': 0 }"),
	  "state.json:2: services[0].fwmark: 0 is not in 1..4294967295\n" },
	{ "brackets within a string",
	  SERVICES("{ 'name': 'a\\' } ] [ { , :', 'fwmark':\n0 }"),
	  "state.json:3: services[0].fwmark: 0 is not in 1..4294967295\n" },
	{ "fwmark beyond 32 bits", SERVICES("{ 'fwmark': 4294967296 }"),
	  "state.json:2: services[0].fwmark: 4294967296 is not in 1..4294967295\n" },
	{ "fwmark and address",
	  SERVICES(
		  "{ 'fwmark': 1,\n'address': '10.0.0.1', 'port': 80, 'protocol': 'tcp' }"),
	  "state.json:3: services[0].address: does not go with fwmark: a service has either an address or a fwmark\n"
	  "state.json:3: services[0].port: does not go with fwmark: a service has either an address or a fwmark\n"
	  "state.json:3: services[0].protocol: does not go with fwmark: a service has either an address or a fwmark\n" },
	{ "fwmark's family", SERVICES("{ 'fwmark': 1, 'family': 'inet' }"),
	  "state.json:2: services[0].family: 'inet' is not one of ipv4, ipv6\n" },
	{ "family of an address", TCP("'family': 'ipv4'"),
	  "state.json:3: services[0].family: goes with fwmark alone\n" },
	{ "name as number", TCP("'name': 1"),
	  "state.json:3: services[0].name: is a number, not a string\n" },
	{ "name with a line's end", TCP("'name': 'a\\nb'"),
	  "state.json:3: services[0].name: has a control character\n" },
	{ "name with a control character of two bytes", TCP("'name': 'a\\u009bb'"),
	  "state.json:3: services[0].name: has a control character\n" },
	{ "name that turns text round", TCP("'name': 'a\\u202eb'"),
	  "state.json:3: services[0].name: has a control character\n" },
	{ "misspelt", TCP("'desinations': []"),
	  "state.json:3: services[0].desinations: unknown field; did you mean 'destinations'?\n" },
	{ "another case", TCP("'onepacket': true"),
	  "state.json:3: services[0].onepacket: unknown field; did you mean 'onePacket'?\n" },
	{ "in the wrong object", TCP("'engine': 'sip', 'weight': 1"),
	  "state.json:3: services[0].engine: unknown field here: it belongs into 'persistence'\n"
	  "state.json:3: services[0].weight: unknown field here: it belongs into an element of 'destinations'\n" },
	{ "reserved", TCP("'drain': true"),
	  "state.json:3: services[0].drain: drain is not supported by this version\n" },
	{ "healthCheck", TCP("'healthCheck': {}"),
	  "state.json:3: services[0].healthCheck: healthCheck is not supported by this version\n" },
	{ "the same address",
	  SERVICES("{ 'address': '10.0.0.1', 'port': 80, 'protocol': 'tcp' },\n"
		   "{ 'address': '10.0.0.1', 'port': 80, 'protocol': 'udp' },\n"
		   "{ 'address': '10.0.0.1', 'port': 80, 'protocol': 'tcp' }"),
	  "state.json:4: services[2]: tcp 10.0.0.1:80 stands twice, first at state.json:2 (services[0])\n" },
	{ "the same address, otherwise written",
	  SERVICES("{ 'address': 'fd00::1', 'port': 80, 'protocol': 'tcp' },\n"
		   "{ 'address': 'FD00:0::1', 'port': 80, 'protocol': 'tcp' }"),
	  "state.json:3: services[1]: tcp [fd00::1]:80 stands twice, first at state.json:2 (services[0])\n" },
	{ "the same mark three times",
	  SERVICES(
		  "{ 'fwmark': 7 }, { 'fwmark': 7, 'family': 'ipv6' },\n{ 'fwmark': 7 },\n{ 'fwmark': 7 }"),
	  "state.json:3: services[2]: fwmark 7 stands twice, first at state.json:2 (services[0])\n"
	  "state.json:4: services[3]: fwmark 7 stands twice, first at state.json:2 (services[0])\n" },
};

static const struct bad_value scheduling[] = {
	{ "scheduler of 16 bytes", TCP("'scheduler': 'abcdefghijklmnop'"),
	  "state.json:3: services[0].scheduler: 'abcdefghijklmnop' is longer than 15 bytes\n" },
	{ "scheduler as a path", TCP("'scheduler': '../rr'"),
	  "state.json:3: services[0].scheduler: '../rr' has a character other than a-z, 0-9, '_' and '-'\n" },
	{ "scheduler none", TCP("'scheduler': 'none'"),
	  "state.json:3: services[0].scheduler: 'none' forwards nothing\n" },
	{ "scheduler empty", TCP("'scheduler': ''"),
	  "state.json:3: services[0].scheduler: is empty\n" },
	{ "scheduler as list", TCP("'scheduler': ['rr']"),
	  "state.json:3: services[0].scheduler: is an array, not a string\n" },
	{ "flags of sh", TCP("'schedulerFlags': [ 'sh-port' ]"),
	  "state.json:3: services[0].schedulerFlags[0]: 'sh-port' is a flag of scheduler 'sh', not of 'rr'\n" },
	{ "flags of mh",
	  TCP("'scheduler': 'sh', 'schedulerFlags': [ 'sh-port',\n'mh-fallback' ]"),
	  "state.json:4: services[0].schedulerFlags[1]: 'mh-fallback' is a flag of scheduler 'mh', not of 'sh'\n" },
	{ "one flag twice",
	  TCP("'scheduler': 'mh', 'schedulerFlags': [ 'mh-port', 'flag-2' ]"),
	  "state.json:3: services[0].schedulerFlags[1]: 'flag-2' sets a flag that is already set\n" },
	{ "no such flag", TCP("'schedulerFlags': [ 'flag-4' ]"),
	  "state.json:3: services[0].schedulerFlags[0]: 'flag-4' is not one of sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3\n" },
	{ "flag as number", TCP("'schedulerFlags': [ 1 ]"),
	  "state.json:3: services[0].schedulerFlags[0]: is a number, not a string\n" },
	{ "flags as text", TCP("'schedulerFlags': 'flag-1'"),
	  "state.json:3: services[0].schedulerFlags: is a string, not an array\n" },
	{ "one packet on tcp", TCP("'onePacket': true"),
	  "state.json:3: services[0].onePacket: is for udp only: the kernel ignores it on tcp\n" },
	{ "one packet on sctp", SERVICE("'protocol': 'sctp', 'onePacket': true"),
	  "state.json:2: services[0].onePacket: is for udp only: the kernel ignores it on sctp\n" },
	{ "one packet as number", UDP("'onePacket': 1"),
	  "state.json:3: services[0].onePacket: is a number, not a boolean\n" },
	{ "persistence as number", TCP("'persistence': 300"),
	  "state.json:3: services[0].persistence: is a number, not an object\n" },
	{ "engine without persistence", UDP("'persistence': { 'engine': 'sip' }"),
	  "state.json:3: services[0].persistence.timeout: missing\n" },
	{ "persistence of 0", TCP("'persistence': {\n'timeout': 0 }"),
	  "state.json:4: services[0].persistence.timeout: 0 is not in 1..4294967\n" },
	{ "persistence too long", TCP("'persistence': { 'timeout': 4294968 }"),
	  "state.json:3: services[0].persistence.timeout: 4294968 is not in 1..4294967\n" },
	{ "netmask of the other family",
	  TCP("'persistence': { 'timeout': 1, 'netmask': 'ffff::' }"),
	  "state.json:3: services[0].persistence.netmask: 'ffff::' is not a netmask\n" },
	{ "netmask as prefix", TCP("'persistence': { 'timeout': 1, 'netmask': 24 }"),
	  "state.json:3: services[0].persistence.netmask: is a number, not a string\n" },
	{ "IPv6 prefix 0", TCP6("'persistence': { 'timeout': 1, 'netmask': 0 }"),
	  "state.json:3: services[0].persistence.netmask: 0 is not in 1..128\n" },
	{ "IPv6 prefix 129", TCP6("'persistence': { 'timeout': 1, 'netmask': 129 }"),
	  "state.json:3: services[0].persistence.netmask: 129 is not in 1..128\n" },
	{ "IPv6 mask as text", TCP6("'persistence': { 'timeout': 1, 'netmask': '64' }"),
	  "state.json:3: services[0].persistence.netmask: is a string, not a number\n" },
	{ "sip on tcp", TCP("'persistence': { 'timeout': 1, 'engine': 'sip' }"),
	  "state.json:3: services[0].persistence.engine: 'sip' is for udp only: the kernel drops all tcp traffic with it\n" },
	{ "engine of 16 bytes",
	  UDP("'persistence': { 'timeout': 1, 'engine': 'abcdefghijklmnop' }"),
	  "state.json:3: services[0].persistence.engine: 'abcdefghijklmnop' is longer than 15 bytes\n" },
	{ "engine with a blank", UDP("'persistence': { 'timeout': 1, 'engine': 's p' }"),
	  "state.json:3: services[0].persistence.engine: 's p' has a character other than a-z, 0-9, '_' and '-'\n" },
	{ "unknown in persistence", TCP("'persistence': { 'timeout': 1, 'timeouts': 1 }"),
	  "state.json:3: services[0].persistence.timeouts: unknown field; did you mean 'timeout'?\n" },
};

static const struct bad_value destinations[] = {
	{ "destinations as object", TCP("'destinations': {}"),
	  "state.json:3: services[0].destinations: is an object, not an array\n" },
	{ "destination as text", TCP("'destinations': [ '10.0.0.2' ]"),
	  "state.json:3: services[0].destinations[0]: is a string, not an object\n" },
	{ "no address", TCP("'destinations': [ {} ]"),
	  "state.json:3: services[0].destinations[0].address: missing\n" },
	{ "host name", TCP("'destinations': [ { 'address': 'real-1' } ]"),
	  "state.json:3: services[0].destinations[0].address: 'real-1' is not an IPv4 or IPv6 address (names are not looked up)\n" },
	{ "unspecified", TCP("'destinations': [ { 'address': '0.0.0.0' } ]"),
	  "state.json:3: services[0].destinations[0].address: 0.0.0.0 is the unspecified address\n" },
	{ "multicast", TCP("'destinations': [ { 'address': '239.1.1.1' } ]"),
	  "state.json:3: services[0].destinations[0].address: 239.1.1.1 is a multicast address\n" },
	{ "mapped", TCP6("'destinations': [ { 'address': '::ffff:10.0.0.1' } ]"),
	  "state.json:3: services[0].destinations[0].address: ::ffff:10.0.0.1 is an IPv4 address in IPv6 form, which the kernel refuses\n" },
	{ "weight too large", DESTINATION("'weight': 70000"),
	  "state.json:4: services[0].destinations[1].weight: 70000 is not in 0..65535\n" },
	{ "weight below zero", DESTINATION("'weight':\n-1"),
	  "state.json:5: services[0].destinations[1].weight: -1 is not in 0..65535\n" },
	{ "weight misspelt", DESTINATION("'weigth': 1"),
	  "state.json:4: services[0].destinations[1].weigth: unknown field; did you mean 'weight'?\n" },
	{ "reserved", DESTINATION("'drain': 1"),
	  "state.json:4: services[0].destinations[1].drain: drain is not supported by this version\n" },
	{ "in the wrong object", DESTINATION("'checksum': 'full'"),
	  "state.json:4: services[0].destinations[1].checksum: unknown field here: it belongs into 'tunnel'\n" },
	{ "port 0", DESTINATION("'port': 0"),
	  "state.json:4: services[0].destinations[1].port: 0 is not in 1..65535\n" },
	{ "other port, direct", DESTINATION("'port': 8080, 'forward': 'direct'"),
	  "state.json:4: services[0].destinations[1].port: 8080 is not the service's 80, and forward 'direct' leaves the port as it is\n" },
	{ "other port, tunnel", DESTINATION("'port': 8080, 'forward': 'tunnel'"),
	  "state.json:4: services[0].destinations[1].port: 8080 is not the service's 80, and forward 'tunnel' leaves the port as it is\n" },
	{ "port of a service for every port",
	  SERVICES(
		  "{ 'address': '10.0.0.1', 'port': 0, 'protocol': 'tcp', 'persistence': { 'timeout': 1 },\n'destinations': [ { 'address': '10.0.0.2', 'port': 80 } ] }"),
	  "state.json:3: services[0].destinations[0].port: 80 has no effect: a persistent service for every port leaves the port as it is\n" },
	{ "forward", DESTINATION("'forward': 'local'"),
	  "state.json:4: services[0].destinations[1].forward: 'local' is not one of masquerade, direct, tunnel\n" },
	{ "other family, masquerade", TCP("'destinations': [ { 'address': 'fd00::2' } ]"),
	  "state.json:3: services[0].destinations[0].address: fd00::2 is IPv6 in a service of IPv4: only with forward 'tunnel'\n" },
	{ "other family, direct",
	  TCP6("'destinations': [ { 'address': '10.0.0.2', 'forward': 'direct' } ]"),
	  "state.json:3: services[0].destinations[0].address: 10.0.0.2 is IPv4 in a service of IPv6: only with forward 'tunnel'\n" },
	{ "lower above upper", DESTINATION("'upperThreshold': 10, 'lowerThreshold': 11"),
	  "state.json:4: services[0].destinations[1].lowerThreshold: 11 is above upperThreshold 10\n" },
	{ "lower alone", DESTINATION("'lowerThreshold': 1"),
	  "state.json:4: services[0].destinations[1].lowerThreshold: 1 is above upperThreshold 0\n" },
	{ "threshold too large", DESTINATION("'upperThreshold': 4294967296"),
	  "state.json:4: services[0].destinations[1].upperThreshold: 4294967296 is not in 0..4294967295\n" },
	{ "tunnel of another method", DESTINATION("'tunnel': { 'type': 'gre' }"),
	  "state.json:4: services[0].destinations[1].tunnel: goes with forward 'tunnel' alone\n" },
	{ "tunnel type",
	  DESTINATION("'forward': 'tunnel', 'tunnel': { 'type': 'vxlan' }"),
	  "state.json:4: services[0].destinations[1].tunnel.type: 'vxlan' is not one of ipip, gue, gre\n" },
	{ "tunnel as text", DESTINATION("'forward': 'tunnel', 'tunnel': 'gre'"),
	  "state.json:4: services[0].destinations[1].tunnel: is a string, not an object\n" },
	{ "gue without port",
	  DESTINATION("'forward': 'tunnel',\n'tunnel': { 'type': 'gue' }"),
	  "state.json:5: services[0].destinations[1].tunnel.port: missing: a gue tunnel needs one\n" },
	{ "gue port 0",
	  DESTINATION("'forward': 'tunnel', 'tunnel': { 'type': 'gue', 'port': 0 }"),
	  "state.json:4: services[0].destinations[1].tunnel.port: 0 is not in 1..65535\n" },
	{ "gre port",
	  DESTINATION("'forward': 'tunnel', 'tunnel': { 'type': 'gre', 'port': 6080 }"),
	  "state.json:4: services[0].destinations[1].tunnel.port: a tunnel of type 'gre' has no port\n" },
	{ "ipip port", DESTINATION("'forward': 'tunnel', 'tunnel': { 'port': 6080 }"),
	  "state.json:4: services[0].destinations[1].tunnel.port: a tunnel of type 'ipip' has no port\n" },
	{ "ipip checksum",
	  DESTINATION("'forward': 'tunnel', 'tunnel': { 'checksum': 'full' }"),
	  "state.json:4: services[0].destinations[1].tunnel.checksum: 'full' has no effect on a tunnel of type 'ipip'\n" },
	{ "gre remote checksum",
	  DESTINATION(
		  "'forward': 'tunnel', 'tunnel': { 'type': 'gre', 'checksum': 'remote' }"),
	  "state.json:4: services[0].destinations[1].tunnel.checksum: 'remote' has no effect on a tunnel of type 'gre'\n" },
	{ "checksum", DESTINATION("'forward': 'tunnel', 'tunnel': { 'checksum': true }"),
	  "state.json:4: services[0].destinations[1].tunnel.checksum: is a boolean, not a string\n" },
	{ "the same destination",
	  TCP("'destinations': [ { 'address': '10.0.0.3' }, { 'address': '10.0.0.2' },\n{ 'address': '10.0.0.3', 'port': 80 } ]"),
	  "state.json:4: services[0].destinations[2]: 10.0.0.3:80 stands twice, first at state.json:3 (destinations[0])\n" },
	{ "several at once",
	  TCP("'destinations': [ { 'address': 'x', 'port': 65536, 'weight': 'y' },\n{ 'weight': 1.5 } ]"),
	  "state.json:3: services[0].destinations[0].address: 'x' is not an IPv4 or IPv6 address (names are not looked up)\n"
	  "state.json:3: services[0].destinations[0].port: 65536 is not in 0..65535\n"
	  "state.json:3: services[0].destinations[0].weight: is a string, not a number\n"
	  "state.json:4: services[0].destinations[1].address: missing\n"
	  "state.json:4: services[0].destinations[1].weight: has a fraction or an exponent; a whole number is needed\n" },
	{ "escaped field name", DESTINATION("'wei\\u0067ht':\n70000"),
	  "state.json:5: services[0].destinations[1].weight: 70000 is not in 0..65535\n" },
};

static const struct bad_value globals[] = {
	{ "timeouts as list", GLOBAL("'timeouts': []"),
	  "state.json:2: timeouts: is an array, not an object\n" },
	{ "timeout 0", GLOBAL("'timeouts': { 'tcp': 900,\n'tcpFin': 0 }"),
	  "state.json:3: timeouts.tcpFin: 0 is not in 1..2147483\n" },
	{ "timeout too long", GLOBAL("'timeouts': { 'udp': 2147484 }"),
	  "state.json:2: timeouts.udp: 2147484 is not in 1..2147483\n" },
	{ "timeout of sctp", GLOBAL("'timeouts': { 'sctp': 1 }"),
	  "state.json:2: timeouts.sctp: unknown field\n" },
	{ "daemons as object", GLOBAL("'syncDaemons': {}"),
	  "state.json:2: syncDaemons: is an object, not an array\n" },
	{ "daemon as text", GLOBAL("'syncDaemons': [ 'master' ]"),
	  "state.json:2: syncDaemons[0]: is a string, not an object\n" },
	{ "empty daemon", DAEMON(""),
	  "state.json:3: syncDaemons[0].role: missing\n"
	  "state.json:3: syncDaemons[0].interface: missing\n" },
	{ "role", DAEMON("'role': 'both', 'interface': 'eth0'"),
	  "state.json:3: syncDaemons[0].role: 'both' is not one of master, backup\n" },
	{ "interface of 16 bytes",
	  DAEMON("'role': 'master', 'interface': 'abcdefghijklmnop'"),
	  "state.json:3: syncDaemons[0].interface: 'abcdefghijklmnop' is longer than 15 bytes\n" },
	{ "interface with slash", DAEMON("'role': 'master', 'interface': 'eth/0'"),
	  "state.json:3: syncDaemons[0].interface: 'eth/0' is not an interface's name\n" },
	{ "interface empty", DAEMON("'role': 'master', 'interface': ''"),
	  "state.json:3: syncDaemons[0].interface: '' is not an interface's name\n" },
	{ "syncId", DAEMON("'role': 'master', 'interface': 'eth0', 'syncId': 256"),
	  "state.json:3: syncDaemons[0].syncId: 256 is not in 0..255\n" },
	{ "group no address",
	  DAEMON("'role': 'master', 'interface': 'eth0', 'group': 'all'"),
	  "state.json:3: syncDaemons[0].group: 'all' is not an IPv4 or IPv6 address (names are not looked up)\n" },
	{ "group no multicast",
	  DAEMON("'role': 'master', 'interface': 'eth0', 'group': '10.0.0.1'"),
	  "state.json:3: syncDaemons[0].group: 10.0.0.1 is not a multicast address\n" },
	{ "group no multicast v6",
	  DAEMON("'role': 'master', 'interface': 'eth0', 'group': 'fd00::1'"),
	  "state.json:3: syncDaemons[0].group: fd00::1 is not a multicast address\n" },
	{ "port 0", DAEMON("'role': 'master', 'interface': 'eth0', 'port': 0"),
	  "state.json:3: syncDaemons[0].port: 0 is not in 1..65535\n" },
	{ "ttl 0", DAEMON("'role': 'master', 'interface': 'eth0', 'ttl': 0"),
	  "state.json:3: syncDaemons[0].ttl: 0 is not in 1..255\n" },
	{ "ttl 256", DAEMON("'role': 'master', 'interface': 'eth0', 'ttl': 256"),
	  "state.json:3: syncDaemons[0].ttl: 256 is not in 1..255\n" },
	{ "master's length",
	  DAEMON("'role': 'master', 'interface': 'eth0', 'maxLength': 65508"),
	  "state.json:3: syncDaemons[0].maxLength: 65508 is not in 1..65507\n" },
	{ "length over IPv6",
	  DAEMON("'role': 'master', 'interface': 'eth0', 'group': 'ff02::1', 'maxLength': 65488"),
	  "state.json:3: syncDaemons[0].maxLength: 65488 is not in 1..65487\n" },
	{ "backup's length",
	  DAEMON("'role': 'backup', 'interface': 'eth0', 'maxLength': 1023"),
	  "state.json:3: syncDaemons[0].maxLength: 1023 is not in 1024..65507\n" },
	{ "unknown", DAEMON("'role': 'master', 'interface': 'eth0', 'syncid': 1"),
	  "state.json:3: syncDaemons[0].syncid: unknown field; did you mean 'syncId'?\n" },
	{ "two masters",
	  DAEMON("'role': 'master', 'interface': 'eth0' },\n{ 'role': 'master', 'interface': 'eth1'"),
	  "state.json:4: syncDaemons[1]: a second master daemon, the first is at state.json:3\n" },
	{ "daemon beside mixed families",
	  "{ 'version': 1, 'syncDaemons': [\n{ 'role': 'backup', 'interface': 'eth0' } ], 'services': [\n"
	  "{ 'fwmark': 1, 'destinations': [ { 'address': '10.0.0.1' },\n"
	  "{ 'address': 'fd00::1', 'forward': 'tunnel' } ] } ] }",
	  "state.json:2: syncDaemons[0]: the kernel runs no sync daemon beside a destination of the other address family, as at state.json:4 (services[0].destinations[1])\n" },
	{ "sysctls as list", GLOBAL("'sysctls': []"),
	  "state.json:2: sysctls: is an array, not an object\n" },
	{ "sysctl of the kernel", GLOBAL("'sysctls': { 'kernel.panic': 1 }"),
	  "state.json:2: sysctls[\"kernel.panic\"]: is not the name of a sysctl under net.\n" },
	{ "sysctl upwards", GLOBAL("'sysctls': {\n'net.//.kernel.panic': 1 }"),
	  "state.json:3: sysctls[\"net.//.kernel.panic\"]: is not the name of a sysctl under net.\n" },
	{ "sysctl with an empty part",
	  GLOBAL("'sysctls': { 'net..x': 1, 'net.': 1, 'net.a b': 1 }"),
	  "state.json:2: sysctls[\"net..x\"]: is not the name of a sysctl under net.\n"
	  "state.json:2: sysctls[\"net.\"]: is not the name of a sysctl under net.\n"
	  "state.json:2: sysctls[\"net.a b\"]: is not the name of a sysctl under net.\n" },
	{ "sysctl as boolean", GLOBAL("'sysctls': { 'net.a': true }"),
	  "state.json:2: sysctls[\"net.a\"]: is a boolean, not a number or a string\n" },
	{ "sysctl with a fraction", GLOBAL("'sysctls': { 'net.a': 0.5 }"),
	  "state.json:2: sysctls[\"net.a\"]: has a fraction or an exponent; a whole number is needed\n" },
	{ "sysctl of two lines", GLOBAL("'sysctls': { 'net.a': '1\\n2' }"),
	  "state.json:2: sysctls[\"net.a\"]: is not one line of printable characters\n" },
	{ "sysctl of blanks", GLOBAL("'sysctls': { 'net.a': '  ' }"),
	  "state.json:2: sysctls[\"net.a\"]: is not one line of printable characters\n" },
};

static void run(const struct bad_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_invalid(values[i].name, values[i].text, values[i].problems);
}

#define BAD_VALUES(group)                                                                \
	static void test_##group(void **state UNUSED)                                    \
	{                                                                                \
		run(group, ARRAY_SIZE(group));                                           \
	}

BAD_VALUES(top_level)
BAD_VALUES(keys)
BAD_VALUES(scheduling)
BAD_VALUES(destinations)
BAD_VALUES(globals)

static void test_long_values_are_cut_in_messages(void **state UNUSED)
{
	char text[4096], name[2000], expected[512];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memcpy(name + 73, "\xc3\xa9", 2); /* a character that must not be cut in two */
	snprintf(text, sizeof(text), SERVICE("'protocol': '%s'"), name);
	snprintf(
		expected, sizeof(expected),
		"state.json:2: services[0].protocol: '%.73s...' is not one of tcp, udp, sctp\n",
		name);
	expect_invalid("long word", text, expected);
	snprintf(text, sizeof(text), TCP("'name': '%s'"), name);
	expect_invalid("long name", text,
		       "state.json:3: services[0].name: is longer than 255 bytes\n");
}

/* A terminal and a journal get UTF-8 without control characters, whatever a file holds. */
static void test_messages_are_printable(void **state UNUSED)
{
	expect_invalid(
		"controls", TCP("'scheduler': 'a\\u001b\\u009b\\u00e9\\ud83d\\ude00'"),
		"state.json:3: services[0].scheduler: 'a???\xc3\xa9\xf0\x9f\x98\x80' has a character other than a-z, 0-9, '_' and '-'\n");
	write_state("\xff.json", "[]");
	expect_problems("file name", "\xff.json", STATE_INVALID,
			"?.json:1:1: '{' expected, found '['\n");
	/* Cut within a character of two bytes. */
	expect_invalid(
		"long field",
		GLOBAL("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9': 1"),
		"state.json:2: [\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?\"]: unknown field\n");
}

static void test_only_the_first_problems_are_kept(void **state UNUSED)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	FILE *file = fopen("many.json", "w");

	assert_non_null(file);
	fputs("{ \"version\": 1, \"services\": [", file);
	for (int i = 0; i < 100; i++)
		fprintf(file, "%s{}", i ? ",\n" : "\n");
	fputs("] }", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(state_read("many.json", &table, &problems), STATE_INVALID);
	assert_int_equal(problems.count, 100);
	assert_string_equal(
		problems.lines[STATE_PROBLEMS_MAX - 1],
		"many.json:21: services[19]: neither an address nor a fwmark");
	assert_int_equal(table.service_count, 0);
	state_problems_clear(&problems);
	assert_int_equal(problems.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top_level),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_scheduling),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_long_values_are_cut_in_messages),
		cmocka_unit_test(test_messages_are_printable),
		cmocka_unit_test(test_only_the_first_problems_are_kept),
	};

	return cmocka_run_group_tests_name("state values", tests, enter_state_directory,
					   leave_state_directory);
}
