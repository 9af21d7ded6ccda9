/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netfilter/nfnetlink.h>

#include "agent/kernel/netlink/answer.h"
#include "agent/kernel/netlink/socket.h"

/*
 * What all messages of NETLINK_NETFILTER have in common (net/netfilter/nfnetlink.c): a
 * type of subsystem and command, and an nfgenmsg with the family. Numbers in attributes
 * are in network byte order.
 */

static inline uint16_t nfnetlink_type(uint8_t subsystem, uint8_t command)
{
	return (uint16_t)(subsystem << 8 | command);
}

/* As netlink_start(). family: AF_UNSPEC, AF_INET, NFPROTO_INET, … */
static inline void nfnetlink_start(struct netlink_socket *socket, struct request *request,
				   struct request_buffer *buffer, uint16_t type,
				   uint16_t flags, uint8_t family)
{
	const struct nfgenmsg header = { .nfgen_family = family,
					 .version = NFNETLINK_V0 };

	netlink_start(socket, request, buffer->bytes, sizeof(buffer->bytes), type, flags,
		      &header, sizeof(header));
}

/* Whether the message is of this type and as long as its headers. */
static inline bool nfnetlink_is(const struct nlmsghdr *message, uint16_t type)
{
	return message->nlmsg_type == type &&
	       message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nfgenmsg));
}

static inline uint8_t nfnetlink_family(const struct nlmsghdr *message)
{
	struct nfgenmsg header;

	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	return header.nfgen_family;
}

/* As answer_find_in_message(). */
static inline int nfnetlink_find(struct answer *answer, const struct nlmsghdr *message,
				 const struct answer_rule *rules, unsigned int count)
{
	return answer_find_in_message(answer, message, sizeof(struct nfgenmsg), rules,
				      count);
}
