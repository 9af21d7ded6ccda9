/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/rtnl_socket.h"

#include <errno.h>
#include <linux/rtnetlink.h>

int rtnl_dump(struct rtnl *rtnl, uint16_t type, const void *header, size_t size,
	      netlink_handler handle, void *context)
{
	struct request_buffer buffer;
	struct request request;
	int r;

	netlink_start(rtnl->socket, &request, buffer.bytes, sizeof(buffer.bytes), type,
		      NLM_F_DUMP, header, size);
	/* Not the counters of each link, which are most of its message. */
	if (type == RTM_GETLINK)
		request_put_u32(&request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	rtnl->counts.reads++;
	r = netlink_ask(rtnl->socket, request_end(&request), handle, context);
	return r == -EINTR && rtnl->takes_interrupted ? 0 : r;
}
