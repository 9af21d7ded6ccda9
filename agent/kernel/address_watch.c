/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/address_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "agent/model/host_net.h"

struct address_watch {
	struct nl_sock *socket;
};

/*
 * A node with many pods, or a router, has many other messages: the kernel drops them before they cost
 * anything. A classic filter loads in network byte order (socket(7), SO_ATTACH_FILTER), so that the
 * header's numbers, which are in the host's, are compared the other way round.
 */
static int attach_filter(int fd)
{
	enum {
		TYPE = offsetof(struct nlmsghdr, nlmsg_type),
		PROTOCOL = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol),
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELADDR), 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HOST_ROUTE_PROTOCOL, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
		       ? -errno
		       : 0;
}

static int open_socket(struct address_watch *watch)
{
	int r;

	watch->socket = nl_socket_alloc();
	if (!watch->socket)
		return -NLE_NOMEM;
	/* Messages to a group answer no request. */
	nl_socket_disable_seq_check(watch->socket);
	r = nl_connect(watch->socket, NETLINK_ROUTE);
	if (r < 0)
		return r;
	if (attach_filter(nl_socket_get_fd(watch->socket)) < 0)
		return -NLE_FAILURE;
	r = nl_socket_add_memberships(watch->socket, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
				      RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
				      RTNLGRP_IPV6_ROUTE, 0);
	return r < 0 ? r : nl_socket_set_nonblocking(watch->socket);
}

int address_watch_new(struct address_watch **watch, struct err *err)
{
	cleanup_address_watch struct address_watch *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "rtnetlink");
	r = open_socket(made);
	if (r < 0)
		return err_set(err, r == -NLE_NOMEM ? ENOMEM : EIO, "rtnetlink: %s",
			       nl_geterror(r));
	*watch = TAKE_PTR(made);
	return 0;
}

void address_watch_free(struct address_watch *watch)
{
	nl_socket_free(watch->socket);
	free(watch);
}

int address_watch_fd(const struct address_watch *watch)
{
	return nl_socket_get_fd(watch->socket);
}

int address_watch_dispatch(struct address_watch *watch)
{
	int fd = nl_socket_get_fd(watch->socket);
	bool changed = false;
	char first;

	/* What a message says does not matter, only that there was one; the table is read anyway. Bounded:
	 * what is left wakes the caller again. */
	for (int i = 0; i < 10000; i++) {
		ssize_t n = recv(fd, &first, sizeof(first), MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		/* ENOBUFS: messages were dropped. */
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			return -errno;
		changed |= n >= 0 || errno == ENOBUFS;
	}
	return changed ? ADDRESS_CHANGED : ADDRESS_NOTHING;
}
