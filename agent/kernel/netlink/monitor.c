/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/netlink/monitor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/kernel/netlink/nfnetlink.h"
#include "agent/model/host_net.h"

enum { GROUPS_MAX = 5, RECEIVES_MAX = 1000 };

struct monitor {
	struct netlink_socket *socket;
	const struct subject *subject;
	const char *table;
	bool changed;
};

/* What a kind of monitor listens to. */
struct subject {
	const char *name; /* for messages */
	int protocol;
	int groups[GROUPS_MAX]; /* up to the first 0 */
	/* Has the kernel drop messages before they take memory; NULL: none. */
	int (*filter)(int fd);
	/* Whether a message that passed the filter is a change; NULL: each is. */
	bool (*is_change)(const struct monitor *monitor, const struct nlmsghdr *message);
};

/* --- filters --- */

/*
 * A classic filter loads in network byte order (socket(7), SO_ATTACH_FILTER), and a
 * netlink header is in the host's: the constants are swapped instead.
 */
#define LOAD_TYPE                                                                        \
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type))
#define IF_TYPE(type, then, otherwise)                                                   \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(type), then, otherwise)
#define DROP   BPF_STMT(BPF_RET | BPF_K, 0)
#define ACCEPT BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)

static int attach_filter(int fd, struct sock_filter *code, unsigned short length)
{
	const struct sock_fprog program = { .len = length, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
		       ? -errno
		       : 0;
}

/* A router, or a node with many pods, has very many others, our own new routes too. */
static int filter_addresses(int fd)
{
	enum { PROTOCOL = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol) };
	struct sock_filter code[] = {
		LOAD_TYPE,
		IF_TYPE(RTM_DELADDR, 6, 0),
		IF_TYPE(RTM_NEWADDR, 5, 0),
		IF_TYPE(RTM_DELLINK, 4, 0),
		IF_TYPE(RTM_DELROUTE, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HOST_ROUTE_PROTOCOL, 1, 0),
		DROP,
		ACCEPT,
	};

	return attach_filter(fd, code, ARRAY_SIZE(code));
}

/*
 * A transaction has a message for each rule and element, and the generation at its end.
 */
static int filter_generations(int fd)
{
	struct sock_filter code[] = {
		LOAD_TYPE,
		IF_TYPE(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN, 1, 0),
		DROP,
		ACCEPT,
	};

	return attach_filter(fd, code, ARRAY_SIZE(code));
}

/* --- what a message says --- */

/*
 * rtnetlink.c: the message of a new link, or of one that was renamed or moved here, says
 * that all flags changed (~0); coming up shows in the flags.
 */
static bool is_link_change(UNUSED const struct monitor *monitor,
			   const struct nlmsghdr *message)
{
	struct ifinfomsg link;

	if ((message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(link)))
		return false;
	memcpy(&link, NLMSG_DATA(message), sizeof(link));
	return message->nlmsg_type == RTM_DELLINK || link.ifi_change == ~0U ||
	       (link.ifi_flags & link.ifi_change & (IFF_UP | IFF_RUNNING));
}

/* Without the process's number it counts as another's. */
static bool is_foreign_generation(UNUSED const struct monitor *monitor,
				  const struct nlmsghdr *message)
{
	static const struct answer_rule rules[NFTA_GEN_PROC_PID + 1] = {
		[NFTA_GEN_PROC_PID] = { 4, 4 },
	};
	struct answer answer;

	return nfnetlink_find(&answer, message, rules, ARRAY_SIZE(rules)) < 0 ||
	       !answer.value[NFTA_GEN_PROC_PID] ||
	       ntohl(answer_u32(&answer, NFTA_GEN_PROC_PID)) != (uint32_t)getpid();
}

/*
 * The attribute that names the table is the first in each kind of message (nf_tables.h).
 */
_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
		       NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1,
	       "a table's name is attribute 1");

static bool is_of_table(const struct monitor *monitor, const struct nlmsghdr *message)
{
	static const struct answer_rule rules[NFTA_TABLE_NAME + 1] = {
		[NFTA_TABLE_NAME] = { 1, UINT16_MAX },
	};
	struct answer answer;

	if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    (message->nlmsg_type & 0xff) == NFT_MSG_NEWGEN ||
	    nfnetlink_find(&answer, message, rules, ARRAY_SIZE(rules)) < 0)
		return false;
	/* NFPROTO_IPV4 and _IPV6 are the same numbers. */
	return (nfnetlink_family(message) == AF_INET ||
		nfnetlink_family(message) == AF_INET6) &&
	       answer_is_text(&answer, NFTA_TABLE_NAME, monitor->table);
}

static const struct subject subjects[] = {
	[MONITOR_LINKS] = { .name = "links",
			    .protocol = NETLINK_ROUTE,
			    .groups = { RTNLGRP_LINK },
			    .is_change = is_link_change },
	[MONITOR_ADDRESSES] = { .name = "addresses",
				.protocol = NETLINK_ROUTE,
				.groups = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
					    RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
					    RTNLGRP_IPV6_ROUTE },
				.filter = filter_addresses },
	[MONITOR_ROUTES] = { .name = "routes",
			     .protocol = NETLINK_ROUTE,
			     .groups = { RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE,
					 RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_NETCONF,
					 RTNLGRP_IPV6_NETCONF } },
	[MONITOR_RULESET] = { .name = "nf_tables",
			      .protocol = NETLINK_NETFILTER,
			      .groups = { NFNLGRP_NFTABLES },
			      .filter = filter_generations,
			      .is_change = is_foreign_generation },
	[MONITOR_TABLE] = { .name = "nf_tables",
			    .protocol = NETLINK_NETFILTER,
			    .groups = { NFNLGRP_NFTABLES },
			    .is_change = is_of_table },
};

/* --- the socket --- */

/* The filter first: no message is to pass it by. */
static int join_groups(struct monitor *monitor)
{
	const struct subject *subject = monitor->subject;
	int r = subject->filter ? subject->filter(monitor_fd(monitor)) : 0;

	for (size_t i = 0; r == 0 && i < GROUPS_MAX && subject->groups[i] != 0; i++)
		r = netlink_join(monitor->socket, subject->groups[i]);
	return r;
}

int monitor_new(struct monitor **monitor, enum monitor_kind kind, const char *table,
		struct err *err)
{
	cleanup_monitor struct monitor *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "watching %s", subjects[kind].name);
	made->subject = &subjects[kind];
	made->table = table;
	r = netlink_open(&made->socket, made->subject->protocol, RECEIVE_SHORT, err);
	if (r < 0)
		return r;
	r = join_groups(made);
	if (r < 0)
		return err_errno(err, -r, "watching %s", made->subject->name);
	*monitor = TAKE_PTR(made);
	return 0;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	netlink_close(monitor->socket);
	free(monitor);
}

int monitor_fd(const struct monitor *monitor)
{
	return netlink_fd(monitor->socket);
}

static int handle_notification(const struct nlmsghdr *message, void *context)
{
	struct monitor *monitor = context;

	monitor->changed |= !monitor->subject->is_change ||
			    monitor->subject->is_change(monitor, message);
	return 0;
}

int monitor_dispatch(struct monitor *monitor)
{
	monitor->changed = false;
	for (int i = 0; i < RECEIVES_MAX; i++) {
		int r = netlink_receive_ready(monitor->socket, handle_notification,
					      monitor);

		if (r == -EAGAIN)
			break;
		/* Messages were dropped: anything may have changed. */
		if (r == -ENOBUFS)
			monitor->changed = true;
		else if (r < 0)
			return r;
	}
	return monitor->changed ? MONITOR_CHANGED : MONITOR_NOTHING;
}
