/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/nft_watch.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdlib.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

struct nft_watch {
	struct nl_sock *socket;
	const char *table;
	bool changed;
};

/* The attribute that names the table is the first of each kind of message (nf_tables.h). */
_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
		       NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1,
	       "a table's name is attribute 1");

static int on_message(struct nl_msg *message, void *context)
{
	struct nft_watch *watch = context;
	const struct nlmsghdr *header = nlmsg_hdr(message);
	const struct nfgenmsg *generic;
	const struct nlattr *name;

	if (header->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    (header->nlmsg_type & 0xff) == NFT_MSG_NEWGEN ||
	    !nlmsg_valid_hdr(header, sizeof(*generic)))
		return NL_OK;
	generic = nlmsg_data(header);
	/* NFPROTO_IPV4 and _IPV6 are the same numbers. */
	if (generic->nfgen_family != AF_INET && generic->nfgen_family != AF_INET6)
		return NL_OK;
	name = nlmsg_find_attr((struct nlmsghdr *)header, sizeof(*generic),
			       NFTA_TABLE_NAME);
	watch->changed |= name && nla_strcmp(name, watch->table) == 0;
	return NL_OK;
}

static int open_socket(struct nft_watch *watch)
{
	int r;

	watch->socket = nl_socket_alloc();
	if (!watch->socket)
		return -NLE_NOMEM;
	/* Messages to a group answer no request. */
	nl_socket_disable_seq_check(watch->socket);
	r = nl_socket_modify_cb(watch->socket, NL_CB_VALID, NL_CB_CUSTOM, on_message,
				watch);
	if (r == 0)
		r = nl_connect(watch->socket, NETLINK_NETFILTER);
	if (r == 0)
		r = nl_socket_add_memberships(watch->socket, NFNLGRP_NFTABLES, 0);
	if (r == 0)
		r = nl_socket_set_nonblocking(watch->socket);
	return r;
}

int nft_watch_new(struct nft_watch **watch, const char *table, struct err *err)
{
	cleanup_nft_watch struct nft_watch *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return err_errno(err, ENOMEM, "watching nf_tables");
	made->table = table;
	r = open_socket(made);
	if (r < 0)
		return err_set(err, r == -NLE_NOMEM ? ENOMEM : EIO,
			       "watching nf_tables: %s", nl_geterror(r));
	*watch = TAKE_PTR(made);
	return 0;
}

void nft_watch_free(struct nft_watch *watch)
{
	nl_socket_free(watch->socket);
	free(watch);
}

int nft_watch_fd(const struct nft_watch *watch)
{
	return nl_socket_get_fd(watch->socket);
}

int nft_watch_dispatch(struct nft_watch *watch)
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
	return watch->changed ? NFT_CHANGED : NFT_NOTHING;
}
