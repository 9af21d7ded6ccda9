/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/model/sysctl_name.h"

#include "common/macro.h"

/* What of a sysctl's place its name says, and which ones the kernel changes with another one. */

static void names_have_ranks(UNUSED void **state)
{
	static const struct {
		const char *name;
		enum sysctl_rank rank;
	} names[] = {
		{ "net.ipv4.ip_forward", SYSCTL_GLOBAL },
		{ "net.ipv4.vs.conntrack", SYSCTL_GLOBAL },
		{ "net.ipv4.conf.all.forwarding", SYSCTL_GLOBAL },
		{ "net.ipv4.conf.all.accept_redirects", SYSCTL_REDIRECTS },
		{ "net.ipv6.conf.all.accept_redirects", SYSCTL_GLOBAL },
		{ "net.ipv4.conf.default.rp_filter", SYSCTL_DEFAULT },
		{ "net.ipv6.neigh.default.gc_stale_time", SYSCTL_DEFAULT },
		{ "net.ipv4.conf.eth0.rp_filter", SYSCTL_LINK },
		{ "net.ipv4.conf.eth0/1.rp_filter", SYSCTL_LINK },
		{ "net.ipv6.neigh.eth0.gc_stale_time", SYSCTL_LINK },
		{ "net.ipv4.conf.defaults.rp_filter", SYSCTL_LINK },
		{ "net.ipv4.conf.eth0", SYSCTL_GLOBAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(sysctl_rank(names[i].name), names[i].rank);
}

static void links_are_named_as_the_kernel_does(UNUSED void **state)
{
	char link[IF_NAMESIZE];

	assert_true(sysctl_link("net.ipv4.conf.eth0/1.rp_filter", link));
	assert_string_equal(link, "eth0.1");
	assert_true(sysctl_link("net.ipv6.neigh.abcdefghijklmno.app_solicit", link));
	assert_string_equal(link, "abcdefghijklmno");
	assert_false(sysctl_link("net.ipv4.conf.abcdefghijklmnop.rp_filter", link));
	assert_false(sysctl_link("net.ipv4.conf.all.rp_filter", link));
	assert_false(sysctl_link("net.ipv4.conf.default.rp_filter", link));
	assert_false(sysctl_link("net.ipv4.vs.conntrack", link));
}

static void global_ones_turn_those_of_links(UNUSED void **state)
{
	static const char *const turned[][2] = {
		{ "net.ipv4.ip_forward", "net.ipv4.conf.eth0.forwarding" },
		{ "net.ipv4.ip_forward", "net.ipv4.conf.default.forwarding" },
		{ "net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects" },
		{ "net.ipv4.conf.all.forwarding", "net.ipv4.conf.eth0.forwarding" },
		{ "net.ipv6.conf.all.forwarding", "net.ipv6.conf.eth0.forwarding" },
		{ "net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.eth0.disable_ipv6" },
		{ "net.ipv4.conf.default.rp_filter", "net.ipv4.conf.eth0.rp_filter" },
		{ "net.ipv4.neigh.default.app_solicit",
		  "net.ipv4.neigh.eth0.app_solicit" },
	};
	static const char *const apart[][2] = {
		{ "net.ipv4.conf.eth0.forwarding", "net.ipv4.ip_forward" },
		{ "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding" },
		{ "net.ipv4.ip_forward", "net.ipv6.conf.eth0.forwarding" },
		{ "net.ipv6.conf.all.forwarding", "net.ipv4.conf.all.accept_redirects" },
		{ "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.eth0.rp_filter" },
		{ "net.ipv4.conf.default.rp_filter", "net.ipv4.conf.eth0.arp_ignore" },
		{ "net.ipv4.vs.conntrack", "net.ipv4.conf.eth0.forwarding" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(turned); i++)
		assert_true(sysctl_turns(turned[i][0], turned[i][1]));
	for (size_t i = 0; i < ARRAY_SIZE(apart); i++)
		assert_false(sysctl_turns(apart[i][0], apart[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_ranks),
		cmocka_unit_test(links_are_named_as_the_kernel_does),
		cmocka_unit_test(global_ones_turn_those_of_links),
	};

	return cmocka_run_group_tests_name("sysctl_name", tests, NULL, NULL);
}
