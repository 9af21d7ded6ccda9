/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sizes of the tables that have an entry for every connection. */
#include <errno.h>
#include <string.h>

#include "common/parse.h"
#include "preflight/checks.h"
#include "preflight/modprobe_conf.h"

/* Whether modprobe.d sets another value than the wanted one at the next load. */
static bool conf_says_other(const struct inspection *inspection,
			    struct modprobe_conf_option *option)
{
	uint32_t bits;

	if (inspection->conn_tab_bits == 0 ||
	    !modprobe_conf_option(inspection->system, "ip_vs", "conn_tab_bits", option))
		return false;
	return parse_u32(option->value, 0, UINT32_MAX, &bits) < 0 ||
	       bits != inspection->conn_tab_bits;
}

static void tell_of_other_size(const struct inspection *inspection, uint64_t bits,
			       const char *check, struct report *report)
{
	struct modprobe_conf_option option;

	if (conf_says_other(inspection, &option))
		report_warning(
			report, check,
			"conn_tab_bits is %llu, not %u: conn_tab_bits=%s in %s counts when ip_vs is loaded; change it there",
			(unsigned long long)bits, inspection->conn_tab_bits, option.value,
			option.place);
	else
		report_warning(
			report, check,
			"conn_tab_bits is %llu, not %u: ip_vs was there before it could be given, or does not take that value; `options ip_vs conn_tab_bits=%u` in modprobe.d sets it at the next load",
			(unsigned long long)bits, inspection->conn_tab_bits,
			inspection->conn_tab_bits);
}

void check_connection_table(const struct inspection *inspection, const char *check,
			    struct report *report)
{
	const struct need *ip_vs = needs_find(inspection->needs, "ip_vs");
	struct modprobe_conf_option option;
	uint64_t bits = 0;
	int r;

	/* A missing module is an error of its own. */
	if (ip_vs && ip_vs->presence == PRESENCE_MISSING)
		return;
	r = system_read_u64(inspection->system,
			    "sys/module/ip_vs/parameters/conn_tab_bits", &bits);
	if (r < 0)
		report_cannot_tell(report, check,
				   "the size of the connection table cannot be read: %s",
				   strerror(-r));
	else if (inspection->conn_tab_bits != 0 && bits != inspection->conn_tab_bits)
		tell_of_other_size(inspection, bits, check, report);
	else if (conf_says_other(inspection, &option))
		report_warning(
			report, check,
			"conn_tab_bits is %llu now, and will be %s at the next load: %s says so; change it there",
			(unsigned long long)bits, option.value, option.place);
	else
		report_note(report, check, "%llu buckets (conn_tab_bits=%llu)",
			    bits < 63 ? 1ULL << bits : 0, (unsigned long long)bits);
}

void check_conntrack_table(const struct inspection *inspection, const char *check,
			   struct report *report)
{
	const struct need *conntrack = needs_find(inspection->needs, "nf_conntrack_ipv4");
	uint64_t max = 0, count = 0;
	int r;

	if (conntrack && conntrack->presence == PRESENCE_MISSING)
		return;
	r = system_read_u64(inspection->system, "proc/sys/net/netfilter/nf_conntrack_max",
			    &max);
	if (r == 0)
		r = system_read_u64(inspection->system,
				    "proc/sys/net/netfilter/nf_conntrack_count", &count);
	if (r < 0) {
		report_cannot_tell(report, check,
				   "the size of the conntrack table cannot be read: %s",
				   strerror(-r));
		return;
	}
	/* nf_conntrack_core.c: 0 means no limit. */
	if (max != 0 && count >= max - max / 10)
		report_warning(
			report, check,
			"%llu of nf_conntrack_max=%llu entries are in use: once it is full, new connections are dropped",
			(unsigned long long)count, (unsigned long long)max);
	else
		report_note(report, check, "%llu of nf_conntrack_max=%llu entries in use",
			    (unsigned long long)count, (unsigned long long)max);
}
