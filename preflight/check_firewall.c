/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firewall policies that drop packets to virtual addresses. IPVS handles packets at the
 * input hook with priority 98, after every usual filter (ip_vs_core.c); replies of other
 * machines pass the forward hook. Rules may still accept what a policy drops, so these
 * findings are warnings.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "preflight/autoload.h"
#include "preflight/base_chain.h"
#include "preflight/checks.h"

enum { IPVS_INPUT_PRIORITY = 98 };

/*
 * libnftables exits the whole process if nf_tables is missing (mnl.c,
 * nft_mnl_socket_open).
 */
static bool nfnetlink_is_there(void)
{
	cleanup_close int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	return fd >= 0;
}

static void ask_nftables(const struct inspection *inspection, const char *check,
			 struct base_chains *chains, struct report *report)
{
	char why[PRESENCE_WHY];
	struct err err = { 0 };
	enum presence presence = presence_look(inspection->system, "nf_tables", why);

	if (presence == PRESENCE_MISSING)
		return;
	/* A kernel that never loads modules may be asked, and knows best. */
	if (!presence_usable(presence) &&
	    !(autoload_is_off(inspection->system) && nfnetlink_is_there()))
		report_cannot_tell(report, check,
				   "nf_tables is not asked: its module is %s (%s)",
				   presence_name(presence), why);
	else if (base_chains_of_nftables(chains, &err) < 0)
		report_cannot_tell(report, check, "nf_tables cannot be read: %s",
				   err.text);
}

static bool has_line(const char *text, const char *word)
{
	size_t length = strlen(word);

	while (*text) {
		if (strcspn(text, "\n") == length && strncmp(text, word, length) == 0)
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

/* /proc lists iptables' tables to root only; any user can see their module. */
static void tell_of_iptables(const struct inspection *inspection, bool ipv6,
			     const char *check, struct report *report)
{
	char why[PRESENCE_WHY];
	const char *module = ipv6 ? "ip6table_filter" : "iptable_filter";

	if (presence_usable(presence_look(inspection->system, module, why)))
		report_cannot_tell(
			report, check,
			"%s is there, and the policies of its table are not shown to this user: `ipvs-preflight --check` by root reads them",
			module);
}

static void ask_iptables(const struct inspection *inspection, bool ipv6,
			 const char *check, struct base_chains *chains,
			 struct report *report)
{
	const char *path =
		ipv6 ? "proc/net/ip6_tables_names" : "proc/net/ip_tables_names";
	cleanup_free char *names = NULL;
	struct err err = { 0 };
	int r = system_read(inspection->system, path, &names);

	/* Without the file there is no module, and therefore no rule. */
	if (r == -ENOENT && system_exists(inspection->system, "proc/net/dev"))
		return;
	if (r == -EACCES) {
		tell_of_iptables(inspection, ipv6, check, report);
		return;
	}
	if (r < 0) {
		report_cannot_tell(report, check, "/%s cannot be read: %s", path,
				   strerror(-r));
		return;
	}
	if (has_line(names, "filter") && base_chains_of_iptables(ipv6, chains, &err) < 0)
		report_cannot_tell(report, check, "%s", err.text);
}

static void collect_chains(const struct inspection *inspection, const char *check,
			   struct base_chains *chains, struct report *report)
{
	ask_nftables(inspection, check, chains, report);
	ask_iptables(inspection, false, check, chains, report);
	ask_iptables(inspection, true, check, chains, report);
}

void check_input_policy(const struct inspection *inspection, const char *check,
			struct report *report)
{
	struct base_chains chains = { .count = 0 };

	collect_chains(inspection, check, &chains, report);
	for (size_t i = 0; i < chains.count; i++) {
		const struct base_chain *chain = &chains.items[i];

		if (chain->drop && !chain->forward &&
		    chain->priority < IPVS_INPUT_PRIORITY)
			report_warning(
				report, check,
				"the chain `%s` (priority %d) has policy drop: packets to virtual addresses that none of its rules accepts never reach IPVS",
				chain->name, chain->priority);
	}
}

void check_forward_policy(const struct inspection *inspection, const char *check,
			  struct report *report)
{
	struct base_chains chains = { .count = 0 };

	collect_chains(inspection, check, &chains, report);
	for (size_t i = 0; i < chains.count; i++) {
		const struct base_chain *chain = &chains.items[i];

		if (chain->drop && chain->forward)
			report_warning(
				report, check,
				"the chain `%s` (priority %d) has policy drop: replies of masqueraded destinations that none of its rules accepts are lost",
				chain->name, chain->priority);
	}
}
