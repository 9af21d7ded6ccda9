/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/netlink/batch.h"

#include <errno.h>
#include <stdlib.h>

#include <netlink/msg.h>

#include "agent/kernel/netlink/request.h"

enum {
	BATCH_BYTES = 256 * 1024,
	/*
	 * What one failed request may take of the receive buffer, the kernel's own share
	 * of an skb included.
	 */
	ANSWER_ROOM = 1024,
};

int batch_open(struct batch *batch, struct netlink_socket *socket, int *results)
{
	*batch = (struct batch){ .socket = socket, .results = results };
	batch->buffer = malloc(BATCH_BYTES);
	return batch->buffer ? 0 : -ENOMEM;
}

void batch_close(struct batch *batch)
{
	free(batch->buffer);
	batch->buffer = NULL;
}

bool batch_is_full(const struct batch *batch)
{
	return batch->count == BATCH_REQUESTS ||
	       batch->length > BATCH_BYTES - REQUEST_ROOM;
}

void *batch_place(const struct batch *batch, size_t *room)
{
	*room = BATCH_BYTES - batch->length;
	return batch->buffer + batch->length;
}

int batch_add(struct batch *batch, struct nlmsghdr *message, size_t index)
{
	if (!message)
		return -EMSGSIZE;
	if (batch->count == 0)
		batch->first_sequence = message->nlmsg_seq;
	batch->last = message;
	batch->operation[batch->count++] = index;
	batch->length += message->nlmsg_len;
	return 0;
}

static int handle_result(const struct nlmsghdr *message, void *context)
{
	struct batch *batch = context;
	uint32_t distance = message->nlmsg_seq - batch->first_sequence;

	if (message->nlmsg_type != NLMSG_ERROR || distance >= batch->count)
		return 0;
	batch->results[batch->operation[distance]] = netlink_result(message);
	if (message->nlmsg_seq == batch->last_sequence)
		batch->ended = true;
	return 0;
}

void batch_give_up(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		int *result = &batch->results[batch->operation[i]];

		if (*result == 0)
			*result = -EINPROGRESS;
	}
	batch->count = 0;
	batch->length = 0;
}

/* Answers were lost: takes what is still there, and leaves the rest as unknown. */
static void salvage(struct batch *batch)
{
	size_t count = batch->count;
	int r;

	batch_give_up(batch);
	batch->count = count;
	do {
		r = netlink_receive_ready(batch->socket, handle_result, batch);
	} while (r == 0 || r == -ENOBUFS);
}

int batch_send(struct batch *batch)
{
	int r;

	if (batch->count == 0)
		return 0;
	batch->last->nlmsg_flags |= NLM_F_ACK;
	batch->last_sequence = batch->last->nlmsg_seq;
	batch->ended = false;
	r = netlink_reserve(batch->socket, BATCH_BYTES,
			    (size_t)BATCH_REQUESTS * ANSWER_ROOM);
	if (r == 0)
		r = netlink_send(batch->socket, batch->buffer, batch->length);
	while (r == 0 && !batch->ended)
		r = netlink_receive(batch->socket, handle_result, batch);
	if (r < 0)
		salvage(batch);
	batch->count = 0;
	batch->length = 0;
	return r;
}
