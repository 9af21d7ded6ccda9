/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Containers on one Linux bridge. If one connects to another through a virtual address,
 * the reply crosses the bridge directly, bypassing IPVS, unless the bridge passes its
 * packets to netfilter (net/bridge/br_netfilter_hooks.c: br_nf_pre_routing; either the
 * bridge's own switch or the sysctl is enough).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "preflight/checks.h"

static const struct family {
	const char *sysctl, *path, *of_bridge;
} families[] = {
	{ "net.bridge.bridge-nf-call-iptables",
	  "proc/sys/net/bridge/bridge-nf-call-iptables", "nf_call_iptables" },
	{ "net.bridge.bridge-nf-call-ip6tables",
	  "proc/sys/net/bridge/bridge-nf-call-ip6tables", "nf_call_ip6tables" },
};

static bool is_switched_on(const struct system *system, const char *bridge,
			   const char *of_bridge)
{
	char path[512];
	uint64_t on;

	snprintf(path, sizeof(path), "sys/class/net/%s/bridge/%s", bridge, of_bridge);
	return system_read_u64(system, path, &on) == 0 && on != 0;
}

/* Lists the bridges whose own switch is off, "cni0, docker0"; returns their number. */
static size_t list_bridges(const struct system *system, const struct family *family,
			   char *names, size_t size)
{
	char directory[SYSTEM_PATH], path[512];
	cleanup_dir DIR *links = opendir(system_path(system, directory, "sys/class/net"));
	const struct dirent *entry;
	size_t count = 0;

	names[0] = '\0';
	while (links && (entry = readdir(links))) {
		size_t used = strlen(names);

		snprintf(path, sizeof(path), "sys/class/net/%s/bridge", entry->d_name);
		if (entry->d_name[0] == '.' || !system_is_directory(system, path) ||
		    is_switched_on(system, entry->d_name, family->of_bridge))
			continue;
		snprintf(names + used, size - used, "%s%s", count++ ? ", " : "",
			 entry->d_name);
	}
	return count;
}

/*
 * The reason, "the bridge cni0 is there" or "the state is a cluster's"; false if there is
 * none.
 */
static bool matters(const struct inspection *inspection, const struct family *family,
		    char *why, size_t size)
{
	char names[300];
	size_t count = list_bridges(inspection->system, family, names, sizeof(names));

	if (count > 0)
		snprintf(why, size, "the bridge%s %s %s there", count == 1 ? "" : "s",
			 names, count == 1 ? "is" : "are");
	else
		snprintf(why, size, "the state is a cluster's");
	return count > 0 || inspection->needs->cluster;
}

static void judge_family(const struct inspection *inspection, const struct family *family,
			 const char *check, struct report *report)
{
	static const char lost[] =
		"a pod or container that reaches another one on its own bridge by a virtual address gets no answer";
	char why[400];
	uint64_t on;
	int r = system_read_u64(inspection->system, family->path, &on);

	if (needs_sets_sysctl(inspection->needs, family->sysctl) || (r == 0 && on != 0) ||
	    !matters(inspection, family, why, sizeof(why)))
		return;
	if (r == 0)
		report_warning(report, check, "%s is 0, and %s: %s; set it to 1",
			       family->sysctl, why, lost);
	else if (r == -ENOENT && system_exists(inspection->system, "proc/sys/net/ipv4"))
		report_warning(
			report, check,
			"br_netfilter is not loaded, and %s: %s; --module br_netfilter loads it",
			why, lost);
	else
		report_cannot_tell(report, check, "%s cannot be read: %s", family->sysctl,
				   strerror(-r));
}

static bool has_ipv6(const struct needs *needs)
{
	return needs->masquerade6 || needs->agent_forwards6;
}

void check_bridge_netfilter(const struct inspection *inspection, const char *check,
			    struct report *report)
{
	size_t before = report->count;

	judge_family(inspection, &families[0], check, report);
	/* Without the module, one finding covers both families. */
	if (report->count == before && has_ipv6(inspection->needs))
		judge_family(inspection, &families[1], check, report);
}
