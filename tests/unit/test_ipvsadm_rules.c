/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/kube_case.h"

#include "agent/state/ipvsadm/ipvsadm_rules.h"
#include "agent/state/scheduler_flag.h"

/* What ipvsadm-save prints, as a table; that the kernel has the same is shown in a guest. */

static void expect_rules(const char *rules, int outcome, const char *services,
			 const char *messages)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	char *copy = strdup(rules), *left_out = NULL, *text, *refused;
	size_t size;
	FILE *out = open_memstream(&left_out, &size);

	assert_non_null(copy);
	assert_non_null(out);
	assert_true(ipvsadm_rules_are(rules));
	assert_int_equal(ipvsadm_rules_read("rules", copy, &table, out, &problems),
			 outcome);
	assert_int_equal(fclose(out), 0);
	text = describe(&table);
	assert_string_equal(text, services);
	refused = problem_text(&problems);
	assert_string_equal(outcome == RULES_UNREADABLE ? refused : left_out, messages);
	free(refused);
	free(text);
	free(left_out);
	free(copy);
	state_problems_clear(&problems);
	table_clear(&table);
}

static void expect_refusal(const char *rule, const char *reason)
{
	char messages[300];

	snprintf(messages, sizeof(messages), "rules:1: %s\n", reason);
	expect_rules(rule, RULES_UNREADABLE, "", messages);
}

static void services_and_servers(void **state UNUSED)
{
	expect_rules(
		"-A -t 10.0.0.1:80 -s rr\n"
		"-a -t 10.0.0.1:80 -r 10.1.0.2:8080 -m -w 1\n"
		"-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 5\n"
		"-A -u [fd00::1]:53 -s sh -p 60 -M 64 -b sh-fallback,sh-port\n"
		"-a -u [fd00::1]:53 -r [fd01::1]:53 -m -w 1\n"
		"-A -f -2147483648 -s rr\n"
		"-A -f -1 -s rr\n"
		"-A -f 7 -6 -s wlc\n"
		"-A -f 7 -s rr\n"
		"-a -f 7 -6 -r [fd01::2]:0 -g -w 1\n"
		"\n# a remark\r\n"
		"--add-service --sctp-service 10.0.0.2:9 --scheduler wrr\n"
		"--add-server --sctp-service 10.0.0.2:9 --real-server 10.1.0.3:9 --ipip",
		RULES_READ,
		"tcp 10.0.0.1:80 - rr -> 10.1.0.1:8080 10.1.0.2:8080\n"
		"sctp 10.0.0.2:9 - wrr -> 10.1.0.3:9\n"
		"udp [fd00::1]:53 - sh flags 3 persistent 60 -> [fd01::1]:53\n"
		"fwmark 7 - rr ->\n"
		"fwmark 7 ipv6 - wlc -> [fd01::2]:0\n"
		"fwmark 2147483648 - rr ->\n"
		"fwmark 4294967295 - rr ->\n",
		"");
}

/* Reads rules that give one service with one destination. */
static void read_one(const char *rules, struct table *table)
{
	struct state_problems problems = { 0 };
	char *copy = strdup(rules);

	assert_non_null(copy);
	assert_int_equal(ipvsadm_rules_read("rules", copy, table, stderr, &problems),
			 RULES_READ);
	assert_int_equal(table->service_count, 1);
	assert_int_equal(table->services[0].destination_count, 1);
	free(copy);
}

static void defaults_are_those_of_ipvsadm(void **state UNUSED)
{
	struct table table = { 0 };

	read_one("-A -t 10.0.0.1:80 -p\n-a -t 10.0.0.1:80 -r 10.1.0.1\n", &table);
	assert_string_equal(table.services[0].scheduler, "wlc");
	assert_int_equal(table.services[0].persistence_timeout, 300);
	assert_int_equal(table.services[0].persistence_netmask, UINT32_MAX);
	assert_int_equal(table.services[0].destinations[0].forward, FORWARD_DIRECT);
	assert_int_equal(table.services[0].destinations[0].port, 80);
	assert_int_equal(table.services[0].destinations[0].weight, 1);
	table_clear(&table);
}

static void every_attribute_is_taken(void **state UNUSED)
{
	struct table table = { 0 };
	const struct service *service;
	const struct destination *to;

	read_one(
		"-A -u 10.0.0.1:5060 -s mh -p 70 -M 255.255.0.0 --pe sip -o -b mh-port\n"
		"-a -u 10.0.0.1:5060 -r [fd01::1]:5060 -i -w 9 -x 20 -y 10 --tun-type gue"
		" --tun-port 6080 --tun-remcsum\n",
		&table);
	service = &table.services[0];
	to = &service->destinations[0];
	assert_string_equal(service->scheduler, "mh");
	assert_string_equal(service->engine, "sip");
	assert_int_equal(service->scheduler_flags, SCHEDULER_FLAG_2);
	assert_int_equal(service->persistence_timeout, 70);
	assert_int_equal(ntohl(service->persistence_netmask), 0xffff0000);
	assert_true(service->one_packet);
	assert_int_equal(to->address.family, AF_INET6);
	assert_int_equal(to->forward, FORWARD_TUNNEL);
	assert_int_equal(to->weight, 9);
	assert_int_equal(to->upper_threshold, 20);
	assert_int_equal(to->lower_threshold, 10);
	assert_int_equal(to->tunnel_type, TUNNEL_GUE);
	assert_int_equal(to->tunnel_port, 6080);
	assert_int_equal(to->tunnel_checksum, TUNNEL_CHECKSUM_REMOTE);
	table_clear(&table);
}

static void what_a_state_cannot_say_is_left_out(void **state UNUSED)
{
	expect_rules(
		"-A -t 10.0.0.5:80 -s none\n"
		"-a -t 10.0.0.5:80 -r 10.1.0.1:80 -m\n"
		"-A -t 10.0.0.3:80 -s sh -b \n"
		"-A -t 10.0.0.4:80 -s rr -M 255.0.7.1 -p\n"
		"-A -t 10.0.0.6:80 -s rr\n"
		"-a -t 10.0.0.6:80 -r 10.1.0.1:80 -m -w 70000\n"
		"-a -t 10.0.0.6:80 -r 10.1.0.2:81 -g -w 1\n"
		"-a -t 10.0.0.6:80 -r 10.1.0.3:80 -m -w 1\n"
		"-a -t 10.0.0.6:80 -r 10.1.0.3:80 -m -w 2\n"
		"-a -t 10.0.0.6:80 -r 10.1.0.4:80 -i -w 1 --tun-type gre --tun-remcsum\n"
		"-A -t 10.0.0.6:80 -s wrr\n"
		"-A -t 10.0.0.7:0 -s rr\n"
		"-A -u 10.0.0.8:5060 -s rr --pe sip\n",
		RULES_READ_IN_PART,
		"tcp 10.0.0.4:80 - rr persistent 300 ->\n"
		"tcp 10.0.0.6:80 - rr -> 10.1.0.3:80\n",
		"rules:1: scheduler: 'none' forwards nothing\n"
		"rules:2: its service in line 1 is left out\n"
		"rules:3: -b: a scheduler's flag that ipvsadm has no name for\n"
		"rules:6: weight: 70000 is not in 0..65535\n"
		"rules:7: port: 81 is not the service's 80, and forward 'direct' leaves"
		" the port as it is\n"
		"rules:9: the service has this server already\n"
		"rules:10: tunnel.checksum: 'remote' has no effect on a tunnel of type"
		" 'gre'\n"
		"rules:11: the service stands in line 5 already\n"
		"rules:12: port: 0 (every port) needs persistence\n"
		"rules:13: --pe sip: a persistence engine without persistence (-p)\n");
}

static void a_line_that_is_no_rule_refuses_all(void **state UNUSED)
{
	expect_rules(
		"-A -t 10.0.0.1:80 -s rr\n"
		"-a -t 10.0.0.1:80 -r web:80 -m -w 1\n"
		"-a -t 10.0.0.1:80 -r 10.1.0.1:http -m -w 1\n"
		"-a -t 10.0.0.2:80 -r 10.1.0.1:80 -m -w 1\n",
		RULES_UNREADABLE, "",
		"rules:2: 'web:80' is no address in figures, as 'ipvsadm-save -n' prints it\n"
		"rules:3: '10.1.0.1:http' has no port in figures, as 'ipvsadm-save -n' prints"
		" it\n"
		"rules:4: no line before it adds its service\n");
}

static void words_that_are_no_rule(void **state UNUSED)
{
	expect_refusal("-A -t [fd00::1:80", "'[fd00::1:80' is no address in figures, as"
					    " 'ipvsadm-save -n' prints it");
	expect_refusal("-A -t 10.0.0.1:70000",
		       "'10.0.0.1:70000' has no port in figures, as"
		       " 'ipvsadm-save -n' prints it");
	expect_refusal("-A -t 10.0.0.1:", "'10.0.0.1:' has no port in figures, as"
					  " 'ipvsadm-save -n' prints it");
	expect_refusal("-A -t 10.0.0.1:80 --foo",
		       "'--foo' is nothing that ipvsadm-save prints");
	expect_refusal("-E -t 10.0.0.1:80", "'-E' is nothing that ipvsadm-save prints");
	expect_refusal("-A 10.0.0.1:80",
		       "'10.0.0.1:80' is nothing that ipvsadm-save prints");
	expect_refusal("-t 10.0.0.1:80 -A", "it begins neither with -A nor with -a");
	expect_refusal("-A -a -t 10.0.0.1:80",
		       "'-a' does not go with what stands before it");
	expect_refusal("-A -t 10.0.0.1:80 -u 10.0.0.1:80",
		       "'-u' does not go with what stands before it");
	expect_refusal("-a -t 10.0.0.1:80 -r 10.1.0.1 -m -g",
		       "'-g' does not go with what stands before it");
	expect_refusal("-A -t 10.0.0.1:80 -w 5", "'-w' does not go with -A");
	expect_refusal("-a -t 10.0.0.1:80 -s rr", "'-s' does not go with -a");
	expect_refusal("-A -s rr", "it names no service");
	expect_refusal("-a -t 10.0.0.1:80 -m", "it names no server");
	expect_refusal("-A -t", "'-t' without a value");
	expect_refusal("-A -t -s rr", "'-t' without a value");
	expect_refusal("-A -t 10.0.0.1:80 -6", "-6 goes with -f alone");
	expect_refusal("-A -f 0", "-f: '0' is not a number in 1..4294967295");
	expect_refusal("-A -f -2147483649",
		       "-f -: '2147483649' is not a number in 1..2147483648");
	expect_refusal("-A -t -1", "'-t' without a value");
	expect_refusal("-A -t 10.0.0.1:80 -b sh-port -s mh",
		       "-b: 'sh-port' does not go with the scheduler mh");
	expect_refusal(
		"-a -t 10.0.0.1:80 -r 10.1.0.1 -m --tun-type gue --tun-port 5",
		"the tunnel's options do not go with a server that is not reached by"
		" one (-i)");
	expect_refusal("-A -t 10.0.0.1:80 -p 0",
		       "-p: '0' is not a number in 1..4294967295");
	expect_refusal("-A -t 10.0.0.1:80 -p 5 -M x", "-M: 'x' is no netmask");
	expect_refusal("-A -t [fd00::1]:80 -p 5 -M 129",
		       "-M: '129' is not a number in 1..128");
	expect_refusal("-A -t 10.0.0.1:80 -s sixteen-letters-x",
		       "-s: 'sixteen-letters-x' is too long");
	expect_refusal("-A -t 10.0.0.1:80 -s sh -b sh-prt",
		       "-b: 'sh-prt' is none of " SCHEDULER_FLAG_WORDS);
	expect_refusal("-a -t 10.0.0.1:80 -r 10.1.0.1 -i --tun-type vxlan",
		       "--tun-type: 'vxlan' is none of ipip, gue, gre");
	/* What steers a terminal does not get there. */
	expect_refusal("-A -t \033[2J",
		       "'?[2J' is no address in figures, as 'ipvsadm-save -n'"
		       " prints it");
}

static void state_is_no_rules(void **state UNUSED)
{
	assert_false(ipvsadm_rules_are("{ \"version\": 1 }"));
	assert_false(ipvsadm_rules_are(""));
	assert_true(ipvsadm_rules_are("\n -A -t 10.0.0.1:80"));
	assert_true(ipvsadm_rules_are("# ipvsadm.rules\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_and_servers),
		cmocka_unit_test(defaults_are_those_of_ipvsadm),
		cmocka_unit_test(every_attribute_is_taken),
		cmocka_unit_test(what_a_state_cannot_say_is_left_out),
		cmocka_unit_test(a_line_that_is_no_rule_refuses_all),
		cmocka_unit_test(words_that_are_no_rule),
		cmocka_unit_test(state_is_no_rules),
	};

	return cmocka_run_group_tests_name("ipvsadm_rules", tests, NULL, NULL);
}
