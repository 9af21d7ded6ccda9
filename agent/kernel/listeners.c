/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/listeners.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/kernel/netlink/answer.h"
#include "agent/kernel/netlink/socket.h"
#include "common/array.h"
#include "common/cleanup.h"

struct reading {
	struct listener *listeners;
	size_t count, room;
	uint8_t protocol;
};

static int handle_socket(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[INET_DIAG_SKV6ONLY + 1] = {
		[INET_DIAG_SKV6ONLY] = { 1, 1 },
	};
	struct reading *reading = context;
	struct listener found = { .protocol = reading->protocol };
	struct inet_diag_msg header;
	struct answer answer;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	if (answer_find_in_message(&answer, message, sizeof(header), rules,
				   ARRAY_SIZE(rules)) < 0)
		return -EBADMSG;
	memcpy(&header, (const char *)message + NLMSG_HDRLEN, sizeof(header));
	if (header.idiag_family != AF_INET && header.idiag_family != AF_INET6)
		return 0;
	found.address.family = header.idiag_family;
	memcpy(found.address.bytes, header.id.idiag_src,
	       header.idiag_family == AF_INET6 ? sizeof(found.address.v6)
					       : sizeof(found.address.v4));
	found.port = ntohs(header.id.idiag_sport);
	found.v6_only = answer.value[INET_DIAG_SKV6ONLY] &&
			answer_u8(&answer, INET_DIAG_SKV6ONLY);
	if (ARRAY_MAKE_ROOM(reading->listeners, reading->count, reading->room) < 0)
		return -ENOMEM;
	reading->listeners[reading->count++] = found;
	return 0;
}

static int dump(struct netlink_socket *socket, uint8_t family, struct reading *reading)
{
	/* A UDP socket that is bound and connected to nobody is in the state "closed". */
	uint32_t state = reading->protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE;
	const struct inet_diag_req_v2 header = { .sdiag_family = family,
						 .sdiag_protocol = reading->protocol,
						 .idiag_states = 1U << state };
	struct request_buffer buffer;
	struct request request;

	netlink_start(socket, &request, buffer.bytes, sizeof(buffer.bytes),
		      SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &header, sizeof(header));
	return netlink_ask(socket, request_end(&request), handle_socket, reading);
}

int listeners_read(struct listener **listeners, size_t *count, struct err *err)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	cleanup_netlink struct netlink_socket *socket = NULL;
	struct reading reading = { 0 };
	bool missing = false;
	int r = netlink_open(&socket, NETLINK_SOCK_DIAG, RECEIVE_LONG, err);

	if (r < 0)
		return r;
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
		reading.protocol = protocols[p];
		for (size_t f = 0; r == 0 && f < ARRAY_SIZE(families); f++) {
			r = dump(socket, families[f], &reading);
			/*
			 * Without IPv6 it has none; what is without a module is said
			 * once.
			 */
			if (r == -ENOENT) {
				missing |= families[f] == AF_INET;
				r = 0;
			}
			/* What is interrupted has listeners all the same. */
			if (r == -EINTR)
				r = 0;
		}
	}
	*listeners = reading.listeners;
	*count = reading.count;
	if (r < 0)
		return err_errno(err, -r, "reading the node's own sockets");
	return missing ? err_set(err, ENOENT,
				 "the node's own sockets: this kernel has no tcp_diag or udp_diag")
		       : 0;
}
