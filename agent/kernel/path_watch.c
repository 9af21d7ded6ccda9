/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/path_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "agent/kernel/netlink/nfnetlink.h"

struct path_watch {
	struct nl_sock *socket;
	enum path_watch_kind kind;
};

/*
 * Of a transaction the kernel tells each rule and element, and at its end the generation,
 * which is all that is wanted. A classic filter loads in network byte order
 * (address_watch.c).
 */
static int attach_filter(int fd)
{
	enum {
		TYPE = offsetof(struct nlmsghdr, nlmsg_type),
		NEW_GENERATION = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN,
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(NEW_GENERATION), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
		       ? -NLE_FAILURE
		       : 0;
}

static int join(const struct path_watch *watch)
{
	if (watch->kind == PATH_WATCH_ROUTES)
		return nl_socket_add_memberships(watch->socket, RTNLGRP_LINK,
						 RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
						 RTNLGRP_IPV4_NETCONF,
						 RTNLGRP_IPV6_NETCONF, 0);
	return nl_socket_add_memberships(watch->socket, NFNLGRP_NFTABLES, 0);
}

static int open_socket(struct path_watch *watch)
{
	bool filters = watch->kind == PATH_WATCH_FILTERS;
	int r;

	watch->socket = nl_socket_alloc();
	if (!watch->socket)
		return -NLE_NOMEM;
	/* Messages to a group answer no request. */
	nl_socket_disable_seq_check(watch->socket);
	r = nl_connect(watch->socket, filters ? NETLINK_NETFILTER : NETLINK_ROUTE);
	if (r == 0 && filters)
		r = attach_filter(nl_socket_get_fd(watch->socket));
	if (r == 0)
		r = join(watch);
	return r < 0 ? r : nl_socket_set_nonblocking(watch->socket);
}

int path_watch_new(struct path_watch **watch, enum path_watch_kind kind, struct err *err)
{
	cleanup_path_watch struct path_watch *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "netlink");
	made->kind = kind;
	r = open_socket(made);
	if (r < 0)
		return err_set(err, r == -NLE_NOMEM ? ENOMEM : EIO, "netlink: %s",
			       nl_geterror(r));
	*watch = TAKE_PTR(made);
	return 0;
}

void path_watch_free(struct path_watch *watch)
{
	nl_socket_free(watch->socket);
	free(watch);
}

int path_watch_fd(const struct path_watch *watch)
{
	return nl_socket_get_fd(watch->socket);
}

/* Where that cannot be known it was another's. */
static bool is_own(const struct path_watch *watch, const void *bytes, size_t length)
{
	static const struct answer_rule rules[NFTA_GEN_PROC_PID + 1] = {
		[NFTA_GEN_PROC_PID] = { 4, 4 },
	};
	const struct nlmsghdr *header = bytes;
	struct answer answer;

	return watch->kind == PATH_WATCH_FILTERS && length >= sizeof(*header) &&
	       header->nlmsg_len <= length &&
	       nfnetlink_find(&answer, header, rules, ARRAY_SIZE(rules)) == 0 &&
	       answer.value[NFTA_GEN_PROC_PID] &&
	       ntohl(answer_u32(&answer, NFTA_GEN_PROC_PID)) == (uint32_t)getpid();
}

int path_watch_dispatch(struct path_watch *watch)
{
	_Alignas(struct nlmsghdr) char bytes[256];
	int fd = nl_socket_get_fd(watch->socket);
	bool changed = false;

	/* Bounded: what is left wakes the caller again. */
	for (int i = 0; i < 10000; i++) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		/* ENOBUFS: messages were dropped. */
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			return -errno;
		if (n < 0)
			changed |= errno == ENOBUFS;
		else
			changed |= !is_own(watch, bytes, (size_t)n);
	}
	return changed ? PATH_CHANGED : PATH_NOTHING;
}
