/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>

#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

struct link_watch {
	struct nl_sock *socket;
	bool changed;
};

/*
 * rtnetlink.c: a new link's message says that everything changed (~0), and so does one that was
 * renamed or moved here; coming up shows in the flags.
 */
static int on_message(struct nl_msg *message, void *context)
{
	struct link_watch *watch = context;
	const struct nlmsghdr *header = nlmsg_hdr(message);
	const struct ifinfomsg *link;

	if ((header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK) ||
	    header->nlmsg_len < NLMSG_LENGTH(sizeof(*link)))
		return NL_OK;
	link = NLMSG_DATA(header);
	if (header->nlmsg_type == RTM_DELLINK || link->ifi_change == ~0U ||
	    (link->ifi_flags & link->ifi_change & (IFF_UP | IFF_RUNNING)))
		watch->changed = true;
	return NL_OK;
}

static int open_socket(struct link_watch *watch)
{
	int r;

	watch->socket = nl_socket_alloc();
	if (!watch->socket)
		return NLE_NOMEM;
	/* Messages to a group answer no request. */
	nl_socket_disable_seq_check(watch->socket);
	r = nl_socket_modify_cb(watch->socket, NL_CB_VALID, NL_CB_CUSTOM, on_message,
				watch);
	if (r == 0)
		r = nl_connect(watch->socket, NETLINK_ROUTE);
	if (r == 0)
		r = nl_socket_add_memberships(watch->socket, RTNLGRP_LINK, 0);
	if (r == 0)
		r = nl_socket_set_nonblocking(watch->socket);
	return r < 0 ? -r : 0;
}

int link_watch_new(struct link_watch **watch, struct err *err)
{
	cleanup_link_watch struct link_watch *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "rtnetlink");
	r = open_socket(made);
	if (r != 0)
		return err_set(err, r == NLE_NOMEM ? ENOMEM : EIO, "rtnetlink: %s",
			       nl_geterror(r));
	*watch = TAKE_PTR(made);
	return 0;
}

void link_watch_free(struct link_watch *watch)
{
	nl_socket_free(watch->socket);
	free(watch);
}

int link_watch_fd(const struct link_watch *watch)
{
	return nl_socket_get_fd(watch->socket);
}

int link_watch_dispatch(struct link_watch *watch)
{
	watch->changed = false;
	/* Bounded: what is left wakes the caller again. */
	for (int i = 0; i < 1000; i++) {
		int r = nl_recvmsgs_default(watch->socket);

		if (r == -NLE_AGAIN)
			break;
		if (r == -NLE_NOMEM || r == -NLE_DUMP_INTR || r == -NLE_MSG_OVERFLOW) {
			/* ENOBUFS, which libnl takes for this: messages were dropped. */
			watch->changed = true;
			continue;
		}
		if (r < 0 && r != -NLE_INTR)
			return -EIO;
	}
	return watch->changed ? LINK_CHANGED : LINK_NOTHING;
}
