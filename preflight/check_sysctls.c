/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sysctls that change what happens to a packet. Those that the state sets, or that the
 * agent sets for the state, are not checked here. Those that only some tables need are
 * checked if the state has such a table.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/ipv6.h"
#include "preflight/checks.h"

static bool always(const struct needs *needs UNUSED)
{
	return true;
}

/* Without a state, any table is possible. */
static bool with_masquerade4(const struct needs *needs)
{
	return (needs->masquerade4 && !needs->agent_forwards4) || !needs->state_read;
}

static bool with_masquerade6(const struct needs *needs)
{
	return needs->masquerade6 && !needs->agent_forwards6;
}

static bool with_udp(const struct needs *needs)
{
	return needs->udp && !needs->agent_sets_rules;
}

static const struct rule {
	const char *name;
	const char *path;
	uint64_t wanted;
	bool (*applies)(const struct needs *needs);
	const char *meaning;
} rules[] = {
	{ "net.ipv4.ip_forward", "proc/sys/net/ipv4/ip_forward", 1, with_masquerade4,
	  "the replies of masqueraded IPv4 destinations are not forwarded" },
	{ "net.ipv6.conf.all.forwarding", "proc/sys/net/ipv6/conf/all/forwarding", 1,
	  with_masquerade6,
	  "the replies of masqueraded IPv6 destinations are not forwarded" },
	{ "net.ipv4.vs.conn_reuse_mode", "proc/sys/net/ipv4/vs/conn_reuse_mode", 1,
	  always,
	  "not the kernel's default: it changes where a connection goes whose client port is used again" },
	{ "net.ipv4.vs.expire_nodest_conn", "proc/sys/net/ipv4/vs/expire_nodest_conn", 1,
	  with_udp,
	  "a UDP client with a fixed port keeps being sent to a destination that was removed" },
};

static void judge_rule(const struct inspection *inspection, const struct rule *rule,
		       const char *check, struct report *report)
{
	uint64_t value;
	int r = system_read_u64(inspection->system, rule->path, &value);

	if (r < 0 && strncmp(rule->name, "net.ipv6.", 9) == 0 &&
	    ipv6_is_off(inspection->system->root))
		report_warning(
			report, check,
			"%s, and the state has IPv6 destinations: they cannot be reached",
			IPV6_IS_OFF_TEXT);
	else if (r < 0)
		report_cannot_tell(report, check, "%s cannot be read: %s", rule->name,
				   strerror(-r));
	else if (value != rule->wanted)
		report_warning(report, check, "%s is %llu, not %llu: %s", rule->name,
			       (unsigned long long)value,
			       (unsigned long long)rule->wanted, rule->meaning);
}

void check_sysctls(const struct inspection *inspection, const char *check,
		   struct report *report)
{
	const struct need *ip_vs = needs_find(inspection->needs, "ip_vs");
	bool without_ip_vs = ip_vs && ip_vs->presence == PRESENCE_MISSING;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!rules[i].applies(inspection->needs) ||
		    needs_sets_sysctl(inspection->needs, rules[i].name))
			continue;
		if (without_ip_vs && strncmp(rules[i].name, "net.ipv4.vs.", 12) == 0)
			continue;
		judge_rule(inspection, &rules[i], check, report);
	}
}

static bool is_link(const char *name)
{
	return name[0] != '.' && strcmp(name, "all") != 0 &&
	       strcmp(name, "default") != 0 && strcmp(name, "lo") != 0;
}

/* net/ipv4/fib_frontend.c: the larger value of the link and "all" counts. */
void check_reverse_path_filter(const struct inspection *inspection, const char *check,
			       struct report *report)
{
	char directory[SYSTEM_PATH], path[512], strict[300] = "";
	cleanup_dir DIR *links = opendir(
		system_path(inspection->system, directory, "proc/sys/net/ipv4/conf"));
	const struct dirent *entry;
	uint64_t all = 0;
	int r = links ? system_read_u64(inspection->system,
					"proc/sys/net/ipv4/conf/all/rp_filter", &all)
		      : -ENOENT;

	if (r < 0) {
		report_cannot_tell(report, check, "rp_filter cannot be read: %s",
				   strerror(-r));
		return;
	}
	while ((entry = readdir(links))) {
		uint64_t own = 0;
		size_t used = strlen(strict);

		snprintf(path, sizeof(path), "proc/sys/net/ipv4/conf/%s/rp_filter",
			 entry->d_name);
		if (!is_link(entry->d_name) ||
		    system_read_u64(inspection->system, path, &own) < 0 ||
		    MAX_OF(own, all) != 1)
			continue;
		snprintf(strict + used, sizeof(strict) - used, "%s%s", used ? ", " : "",
			 entry->d_name);
	}
	if (strict[0] != '\0')
		report_warning(
			report, check,
			"rp_filter is strict (1) on %s: packets whose sender is routed over another link are dropped, as clients and real servers may be; 2 is loose",
			strict);
}
