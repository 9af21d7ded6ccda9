/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/kernel/netlink/socket.h"
#include "common/macro.h"

/*
 * Many requests in one send. The kernel works through them before the send returns, and
 * answers each one that failed, and the last one in any case since that alone asks for an
 * acknowledgement (netlink(7); af_netlink.c: netlink_rcv_skb). A request's answer is
 * known by its sequence number.
 */

enum { BATCH_REQUESTS = 1024 };

struct batch {
	struct netlink_socket *socket; /* borrowed */
	int *results;		       /* of all operations: 0 or -errno; borrowed */
	char *buffer;
	size_t length, count;
	struct nlmsghdr *last; /* in buffer */
	/*
	 * Which operation each request is, by its distance to the first one's sequence
	 * number.
	 */
	size_t operation[BATCH_REQUESTS];
	uint32_t first_sequence, last_sequence;
	bool ended; /* the last one's answer has come */
};

/* -ENOMEM. */
int batch_open(struct batch *batch, struct netlink_socket *socket,
	       int *results) MUST_CHECK;
void batch_close(struct batch *batch);

/* Whether it is to be sent before another request of REQUEST_ROOM bytes fits. */
bool batch_is_full(const struct batch *batch);

/* Where the next request is to be encoded, and how much room is there. */
void *batch_place(const struct batch *batch, size_t *room);

/*
 * Takes the request that was encoded there, which is the operation with this index.
 * -EMSGSIZE for NULL: it did not fit.
 */
int batch_add(struct batch *batch, struct nlmsghdr *message, size_t index) MUST_CHECK;

/*
 * Sends what there is, and waits for the answers. Where some are lost, those operations
 * have the result -EINPROGRESS, and the socket's -errno is what it gives.
 */
int batch_send(struct batch *batch) MUST_CHECK;

/* What was added and not sent has the result -EINPROGRESS. */
void batch_give_up(struct batch *batch);
