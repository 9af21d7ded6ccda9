/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/preflight_case.h"

#include "preflight/state_needs.h"

/* The names of the needs with commas, after the state at path was read. */
static const char *needs_of(const char *path, struct needs *needs, struct report *report)
{
	static char names[2000];

	names[0] = '\0';
	assert_int_equal(state_needs_read(path, needs, report), 0);
	for (size_t i = 0; i < needs->count; i++) {
		strcat(names, i ? "," : "");
		strcat(names, needs->items[i].name);
	}
	return names;
}

static void test_schedulers_and_engines(void **state)
{
	const char *path = in_directory(*state, "state.json");
	struct report report = { 0 };
	struct needs needs = { 0 };

	write_text(path,
		   "{ \"services\": ["
		   "{ \"address\": \"10.0.0.1\", \"scheduler\": \"mh\" },"
		   "{ \"address\": \"10.0.0.2\", \"scheduler\": \"mh\", \"persistence\":"
		   " { \"timeout\": 60, \"engine\": \"sip\" }, \"protocol\": \"udp\" },"
		   "{ \"fwmark\": 7 }, { \"scheduler\": \"none\" }, 7, null ],"
		   "\"sysctls\": { \"net.ipv4.vs.conntrack\": 1 } }");
	assert_string_equal(needs_of(path, &needs, &report),
			    "ip_vs_mh,ip_vs_pe_sip,ip_vs_rr");
	assert_string_equal(needs.items[0].purpose, "a scheduler of the state");
	assert_true(needs.items[0].of_state);
	assert_string_equal(needs.items[1].short_name, "sip");
	assert_int_equal(needs.items[1].kind, NEED_ENGINE);
	assert_true(needs.udp);
	assert_true(needs.state_read);
	assert_false(needs.agent_sets_rules);
	assert_true(needs_sets_sysctl(&needs, "net.ipv4.vs.conntrack"));
	assert_false(needs_sets_sysctl(&needs, "net.ipv4.ip_forward"));
	expect_report(&report, "");
	needs_clear(&needs);
}

static void test_features(void **state)
{
	const char *path = in_directory(*state, "state.json");
	struct report report = { 0 };
	struct needs needs = { 0 };

	write_text(path, "{ \"bind\": false, \"services\": ["
			 "{ \"address\": \"10.0.0.1\", \"port\": 80,"
			 " \"scheduler\": \"rr\", \"bind\": {}, \"sourceNat\": true,"
			 " \"destinations\": [ { \"address\": \"10.0.0.2\" },"
			 " { \"address\": \"fd00::2\", \"forward\": \"tunnel\","
			 " \"tunnel\": { \"type\": \"gue\", \"port\": 6080 } } ] } ] }");
	assert_string_equal(
		needs_of(path, &needs, &report),
		"ip_vs_rr,dummy,nf_tables,nft_ct,nft_chain_nat,nft_nat,nft_reject_ipv4,nft_reject_ipv6,tcp_diag,udp_diag,nft_masq,nf_conntrack_netlink");
	assert_true(needs.agent_sets_rules && needs.agent_forwards4);
	assert_false(needs.agent_forwards6);
	assert_true(needs.masquerade4);
	assert_false(needs.masquerade6);
	needs_clear(&needs);
	write_text(path,
		   "{ \"services\": [ { \"address\": \"10.0.0.1\","
		   " \"sourceRanges\": [ \"10.0.0.0/8\" ] },"
		   " { \"fromInside\": { \"address\": \"10.0.0.1\", \"port\": 1 } } ] }");
	assert_string_equal(needs_of(path, &needs, &report),
			    "ip_vs_rr,nf_tables,nft_ct,nft_chain_nat,nft_nat,nft_masq");
	assert_true(needs.agent_sets_rules);
	assert_false(needs.agent_forwards4 || needs.agent_forwards6);
	needs_clear(&needs);
	write_text(path, "{ \"services\": [ { \"address\": \"fd00::1\", \"port\": 80,"
			 " \"sourceNat\": true, \"onePacket\": true },"
			 " { \"fwmark\": 1, \"address\": \"fd00::1\", \"bind\": true,"
			 " \"sourceNat\": true } ] }");
	needs_of(path, &needs, &report);
	assert_false(needs.agent_forwards4 || needs.agent_forwards6);
	needs_clear(&needs);
	write_text(
		path,
		"{ \"services\": [ { \"destinations\":"
		" [ { \"address\": \"fd00::2\", \"forward\": \"masquerade\" } ] } ] }");
	assert_string_equal(needs_of(path, &needs, &report), "ip_vs_rr");
	assert_true(needs.masquerade6);
	assert_false(needs.masquerade4);
	expect_report(&report, "");
	needs_clear(&needs);
}

static void expect_warning(const char *path, const char *text, const char *warning)
{
	struct report report = { 0 };
	struct needs needs = { 0 };
	char line[1000];

	if (text)
		write_text(path, text);
	assert_int_equal(state_needs_read(path, &needs, &report), 0);
	snprintf(line, sizeof(line), "warning StateFile: %s%s\n", path, warning);
	expect_report(&report, line);
	assert_false(needs.state_read && needs.count > 1);
	needs_clear(&needs);
}

static void test_what_cannot_be_read(void **state)
{
	const char *path = in_directory(*state, "state.json");

	expect_warning(
		path, NULL,
		" does not exist: only what every node needs is loaded and checked");
	expect_warning(
		path, "",
		":1:0: '[' or '{' expected near end of file; what it needs is not known and not loaded");
	expect_warning(
		path, "{\n  \"services\": }",
		":2:15: unexpected token near '}'; what it needs is not known and not loaded");
	expect_warning(path, "[]", ":1: the state is not an object");
	expect_warning(path, "{ \"services\": [ { \"scheduler\": \"../x\" } ] }",
		       ": '../x' cannot be the name of a scheduler");
	expect_warning(path,
		       "{ \"services\": [ { \"scheduler\": \"sixteenletters16\" } ] }",
		       ": 'sixteenletters16' cannot be the name of a scheduler");
	expect_warning(path,
		       "{ \"services\": [ { \"persistence\": { \"engine\": \"\" } } ] }",
		       ": '' cannot be the name of a persistence engine");
}

#define KUBE_SERVICE(metadata, spec)                                                     \
	"{ \"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": { " metadata     \
	" }, \"spec\": { " spec " } }"

static void test_cluster(void **state)
{
	const char *path = in_directory(*state, "state.json");
	struct report report = { 0 };
	struct needs needs = { 0 };

	write_text(
		path,
		"{ \"apiVersion\": \"v1\", \"items\": [ { \"kind\": \"Secret\" }, " KUBE_SERVICE(
			"\"annotations\": { \"ipvs-node/scheduler\": \"mh\" }",
			"\"clusterIPs\": [ \"10.96.0.1\", \"fd00::1\" ], \"ports\": [ { "
			"\"protocol\": \"UDP\" } ]") ", " KUBE_SERVICE("",
								       "\"clusterIP\": \"10.96.0.2\"") " ], \"kind\": \"List\" }");
	assert_string_equal(
		needs_of(path, &needs, &report),
		"ip_vs_mh,dummy,nf_tables,nft_ct,nft_chain_nat,nft_masq,nft_nat,nft_reject_ipv4,nft_reject_ipv6,nf_conntrack_netlink,tcp_diag,udp_diag,ip_vs_rr");
	assert_true(needs.state_read && needs.agent_sets_rules);
	assert_true(needs.agent_forwards4 && needs.agent_forwards6);
	expect_report(&report, "");
	needs_clear(&needs);
	write_text(path, KUBE_SERVICE("", "\"clusterIP\": \"fd00::2\", "
					  "\"sessionAffinity\": \"ClientIP\""));
	assert_string_equal(
		needs_of(path, &needs, &report),
		"ip_vs_rr,dummy,nf_tables,nft_ct,nft_chain_nat,nft_masq,nft_nat,nft_reject_ipv4,nft_reject_ipv6,nf_conntrack_netlink,tcp_diag,udp_diag");
	assert_true(needs.agent_forwards6);
	assert_false(needs.agent_forwards4);
	needs_clear(&needs);
}

/* As the API answers with a list of one kind: its items do not say theirs. */
static void test_items_without_a_kind(void **state)
{
	const char *path = in_directory(*state, "state.json");
	struct report report = { 0 };
	struct needs needs = { 0 };

	write_text(path, "{ \"kind\": \"ServiceList\", \"apiVersion\": \"v1\", \"items\":"
			 " [ { \"metadata\": { \"annotations\":"
			 " { \"ipvs-node/scheduler\": \"mh\" } } } ] }");
	assert_string_equal(
		needs_of(path, &needs, &report),
		"ip_vs_mh,dummy,nf_tables,nft_ct,nft_chain_nat,nft_masq,nft_nat,nft_reject_ipv4,nft_reject_ipv6,nf_conntrack_netlink,tcp_diag,udp_diag");
	needs_clear(&needs);
	/* Its fields sorted, and in a list of lists. */
	write_text(path, "{ \"items\": [ { \"metadata\": { \"annotations\":"
			 " { \"ipvs-node/scheduler\": \"mh\" } } } ], \"kind\":"
			 " \"ServiceList\", \"metadata\": {} }");
	assert_non_null(strstr(needs_of(path, &needs, &report), "ip_vs_mh"));
	needs_clear(&needs);
	write_text(path,
		   "{ \"items\": [ { \"items\": [ { \"metadata\": { \"annotations\":"
		   " { \"ipvs-node/scheduler\": \"mh\" } } } ], \"kind\":"
		   " \"ServiceList\" } ], \"kind\": \"List\" }");
	assert_non_null(strstr(needs_of(path, &needs, &report), "ip_vs_mh"));
	needs_clear(&needs);
	/* One object alone, and another group's. */
	write_text(path,
		   "{ \"spec\": {}, \"metadata\": { \"annotations\":"
		   " { \"ipvs-node/scheduler\": \"mh\" } }, \"kind\": \"Service\" }");
	assert_non_null(strstr(needs_of(path, &needs, &report), "ip_vs_mh"));
	needs_clear(&needs);
	write_text(path, "{ \"kind\": \"ServiceList\", \"apiVersion\":"
			 " \"serving.knative.dev/v1\", \"items\": [ {} ] }");
	assert_string_equal(needs_of(path, &needs, &report), "");
	needs_clear(&needs);
	write_text(path, "{ \"kind\": \"EndpointSliceList\", \"items\":"
			 " [ { \"metadata\": { \"annotations\":"
			 " { \"ipvs-node/scheduler\": \"mh\" } } } ] }");
	assert_string_equal(needs_of(path, &needs, &report), "");
	expect_report(&report, "");
	needs_clear(&needs);
}

static void test_cluster_that_cannot_be_read(void **state)
{
	const char *path = in_directory(*state, "state.json");
	struct report report = { 0 };
	struct needs needs = { 0 };
	char line[1000];

	expect_warning(
		path, "{ \"kind\": \"List\",\n\"items\": [ {}",
		":2:14: ',' or ']' expected, found the end of the file; what it needs is not known and not loaded");
	write_text(path,
		   KUBE_SERVICE("\"annotations\": { \"ipvs-node/scheduler\": \"a b\" }",
				""));
	assert_string_equal(
		needs_of(path, &needs, &report),
		"dummy,nf_tables,nft_ct,nft_chain_nat,nft_masq,nft_nat,nft_reject_ipv4,nft_reject_ipv6,nf_conntrack_netlink,tcp_diag,udp_diag");
	snprintf(line, sizeof(line),
		 "warning StateFile: %s: 'a b' cannot be the name of a scheduler\n",
		 path);
	expect_report(&report, line);
	needs_clear(&needs);
}

static void test_ten_million_brackets(void **state)
{
	const char *path = in_directory(*state, "state.json");
	size_t count = 10 * 1000 * 1000;
	struct report report = { 0 };
	struct needs needs = { 0 };
	char *text = malloc(count + 1);

	assert_non_null(text);
	memset(text, '[', count);
	text[count] = '\0';
	write_text(path, text);
	free(text);
	assert_string_equal(needs_of(path, &needs, &report), "");
	assert_int_equal(report.count, 1);
	assert_non_null(strstr(report.findings[0].text, "maximum parsing depth reached"));
	report_clear(&report);
	needs_clear(&needs);
}

static void test_directory(void **state)
{
	struct report report = { 0 };
	struct needs needs = { 0 };
	char line[1000];

	snprintf(line, sizeof(line), "warning StateFile: %s has no *.json file\n",
		 (char *)*state);
	assert_int_equal(state_needs_read(*state, &needs, &report), 0);
	expect_report(&report, line);
	write_text(in_directory(*state, "b.json"),
		   "{ \"services\": [ { \"scheduler\": \"fo\" } ] }");
	write_text(in_directory(*state, "a.json"),
		   "{ \"services\": [ { \"scheduler\": \"mh\" } ] }");
	write_text(in_directory(*state, ".c.json"), "{ \"bind\": true }");
	write_text(in_directory(*state, "c.txt"), "{ \"bind\": true }");
	assert_string_equal(needs_of(*state, &needs, &report), "ip_vs_mh,ip_vs_fo");
	expect_report(&report, "");
	needs_clear(&needs);
}

static void test_needs_are_listed_once(UNUSED void **state)
{
	struct needs needs = { 0 };

	assert_int_equal(needs_add_basic(&needs), 0);
	assert_int_equal(needs.count, 5);
	assert_string_equal(needs.items[0].name, "ip_vs");
	assert_int_equal(needs_add_module(&needs, "ip-vs-rr", "asked for by --module"),
			 0);
	assert_int_equal(needs.count, 5);
	assert_string_equal(needs_find(&needs, "ip_vs_rr")->purpose,
			    "a basic scheduler, asked for by --module");
	assert_int_equal(needs_find(&needs, "ip_vs_rr")->kind, NEED_SCHEDULER);
	needs_clear(&needs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_schedulers_and_engines,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_features, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_read, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_cluster, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_items_without_a_kind, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_cluster_that_cannot_be_read,
						temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(test_ten_million_brackets, temporary_make,
						temporary_remove),
		cmocka_unit_test_setup_teardown(test_directory, temporary_make,
						temporary_remove),
		cmocka_unit_test(test_needs_are_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
