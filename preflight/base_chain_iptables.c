/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies of iptables' legacy tables (iptables-nft has nf_tables chains). A chain's
 * policy is the verdict of its last entry; the kernel gives the offset of that entry as
 * the underflow (net/netfilter/x_tables.c, linux/netfilter_ipv4/ip_tables.h).
 */
#include "preflight/base_chain.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "common/cleanup.h"

/*
 * The structures of the two families differ only in the head of an entry.
 * IP6T_SO_GET_INFO and IP6T_SO_GET_ENTRIES have the numbers of their IPv4 counterparts.
 */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "getinfo");
_Static_assert(offsetof(struct ipt_get_entries, entrytable) ==
		       offsetof(struct ip6t_get_entries, entrytable),
	       "get_entries");

enum { TABLE_MAX = 64 * 1024 * 1024 };

static int get_info(int fd, bool ipv6, struct ipt_getinfo *info)
{
	socklen_t length = sizeof(*info);

	*info = (struct ipt_getinfo){ .name = "filter" };
	if (getsockopt(fd, ipv6 ? SOL_IPV6 : SOL_IP, IPT_SO_GET_INFO, info, &length) < 0)
		return -errno;
	return info->size <= TABLE_MAX ? 0 : -EFBIG;
}

/*
 * The table's entries; the caller frees them. NULL with errno, EAGAIN if the table
 * changed.
 */
static struct ipt_get_entries *get_entries(int fd, bool ipv6,
					   const struct ipt_getinfo *info)
{
	socklen_t length = (socklen_t)(sizeof(struct ipt_get_entries) + info->size);
	cleanup_free struct ipt_get_entries *entries = calloc(1, length);

	if (!entries)
		return NULL;
	strcpy(entries->name, "filter");
	entries->size = info->size;
	if (getsockopt(fd, ipv6 ? SOL_IPV6 : SOL_IP, IPT_SO_GET_ENTRIES, entries,
		       &length) < 0)
		return NULL;
	return TAKE_PTR(entries);
}

static int policy_drops(const struct ipt_get_entries *entries, bool ipv6, unsigned offset,
			bool *drops)
{
	const char *table = (const char *)entries->entrytable;
	struct xt_standard_target target;
	struct ip6t_entry entry6;
	struct ipt_entry entry4;
	size_t start;

	if (offset + sizeof(entry6) > entries->size)
		return -EINVAL;
	memcpy(&entry4, table + offset, sizeof(entry4));
	memcpy(&entry6, table + offset, sizeof(entry6));
	start = offset + (ipv6 ? entry6.target_offset : entry4.target_offset);
	if (start + sizeof(target) > entries->size)
		return -EINVAL;
	memcpy(&target, table + start, sizeof(target));
	/* x_tables stores a verdict as -verdict - 1. */
	*drops = target.verdict == -NF_DROP - 1;
	return 0;
}

static int add_chain(const struct ipt_get_entries *entries, bool ipv6,
		     const struct ipt_getinfo *info, unsigned hook,
		     struct base_chains *chains)
{
	struct base_chain *chain;
	bool drops = false;
	int r;

	r = policy_drops(entries, ipv6, info->underflow[hook], &drops);
	if (r < 0)
		return r;
	chain = base_chains_add(chains);
	if (!chain)
		return 0;
	*chain = (struct base_chain){ .forward = hook == NF_INET_FORWARD, .drop = drops };
	snprintf(chain->name, sizeof(chain->name), "%s filter %s",
		 ipv6 ? "ip6tables" : "iptables",
		 hook == NF_INET_FORWARD ? "FORWARD" : "INPUT");
	return 0;
}

int base_chains_of_iptables(bool ipv6, struct base_chains *chains, struct err *err)
{
	const char *table =
		ipv6 ? "the filter table of ip6tables" : "the filter table of iptables";
	cleanup_free struct ipt_get_entries *entries = NULL;
	struct ipt_getinfo info;
	cleanup_close int fd =
		socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return err_errno(err, errno, "socket");
	r = get_info(fd, ipv6, &info);
	if (r < 0)
		return err_errno(err, -r, "%s", table);
	entries = get_entries(fd, ipv6, &info);
	if (!entries)
		return err_errno(err, errno, "%s", table);
	r = add_chain(entries, ipv6, &info, NF_INET_LOCAL_IN, chains);
	if (r == 0)
		r = add_chain(entries, ipv6, &info, NF_INET_FORWARD, chains);
	if (r < 0)
		return err_errno(err, -r, "%s", table);
	return 0;
}
