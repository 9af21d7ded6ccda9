/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/rtnl_socket.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "agent/kernel/netlink/answer.h"

int rtnl_find_attributes(struct answer *answer, const struct nlmsghdr *message,
			 size_t header, const struct answer_rule *rules,
			 unsigned int count)
{
	size_t before = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	if (message->nlmsg_len < before)
		return -EBADMSG;
	return answer_find(answer, (const char *)message + before,
			   message->nlmsg_len - before, rules, count);
}

int rtnl_dump(struct rtnl *rtnl, uint16_t type, const void *header, size_t size,
	      genl_handler handle, void *context)
{
	struct request_buffer buffer;
	struct request request;
	int r;

	netlink_request(rtnl->socket, &request, buffer.bytes, sizeof(buffer.bytes), type,
			NLM_F_DUMP, header, size);
	/* Not the counters of each link, which are most of its message. */
	if (type == RTM_GETLINK)
		request_put_u32(&request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rtnl->counts.reads++;
	r = genl_ask(rtnl->socket, request_end(&request), handle, context);
	return r == -EINTR && rtnl->takes_interrupted ? 0 : r;
}
