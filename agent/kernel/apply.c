/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/ipvs_socket.h"
#include "agent/kernel/message.h"

/*
 * Writing. Many requests go in one send; the kernel works through them before the send returns
 * and answers each one that failed, and the last one in any case since that alone asks for an
 * acknowledgement. An operation's answer is known by its sequence number.
 */

enum {
	BATCH_REQUESTS = 1024,
	BATCH_BYTES = 256 * 1024,
	/* What one failed request may take of the receive buffer, the kernel's own share of an
	 * skb included. */
	ANSWER_ROOM = 1024,
};

struct batch {
	struct ipvs *ipvs;
	char *buffer; /* BATCH_BYTES */
	size_t length;
	size_t count;
	struct nlmsghdr *last; /* in buffer */
	/* Which operation each request is, by its distance to the first one's sequence number. */
	size_t operation[BATCH_REQUESTS];
	uint32_t first_sequence, last_sequence;
	size_t handed_over; /* operations before this one were put into a batch or skipped */
	bool ended;	    /* the last one's answer has come */
	bool has_new_service;	  /* one was put into a batch, and no destination since */
	size_t first_new_service; /* the first such one */
	int *results;		  /* of all operations */
};

static int handle_result(const struct nlmsghdr *message, void *context)
{
	struct batch *batch = context;
	uint32_t distance = message->nlmsg_seq - batch->first_sequence;

	if (message->nlmsg_type != NLMSG_ERROR || distance >= batch->count)
		return 0;
	if (nlmsg_datalen(message) < (int)sizeof(int))
		return -EBADMSG;
	batch->results[batch->operation[distance]] = *(const int *)nlmsg_data(message);
	if (message->nlmsg_seq == batch->last_sequence)
		batch->ended = true;
	return 0;
}

/* Answers were lost: takes what is still there, and leaves the rest as unknown. */
static void salvage_results(struct batch *batch)
{
	int r;

	for (size_t i = 0; i < batch->count; i++) {
		int *result = &batch->results[batch->operation[i]];

		if (*result == 0)
			*result = -EINPROGRESS;
	}
	do {
		r = genl_receive_ready(batch->ipvs->socket, handle_result, batch);
	} while (r == 0 || r == -ENOBUFS);
}

static int batch_send(struct batch *batch)
{
	struct genl_socket *socket = batch->ipvs->socket;
	int r;

	if (batch->count == 0)
		return 0;
	batch->last->nlmsg_flags |= NLM_F_ACK;
	batch->last_sequence = batch->last->nlmsg_seq;
	batch->ended = false;
	r = genl_reserve(socket, BATCH_BYTES, batch->count * ANSWER_ROOM);
	if (r == 0)
		r = genl_send(socket, batch->buffer, batch->length);
	while (r == 0 && !batch->ended)
		r = genl_receive(socket, handle_result, batch);
	if (r < 0)
		salvage_results(batch);
	batch->count = 0;
	batch->length = 0;
	return r;
}

static int batch_add(struct batch *batch, const struct operation *operation, size_t index)
{
	struct nlmsghdr *message;

	message = message_encode(batch->ipvs->socket, operation,
				 batch->buffer + batch->length,
				 BATCH_BYTES - batch->length);
	if (!message)
		return -EMSGSIZE;
	if (batch->count == 0)
		batch->first_sequence = message->nlmsg_seq;
	batch->last = message;
	batch->operation[batch->count++] = index;
	batch->handed_over = index + 1;
	batch->length += message->nlmsg_len;
	if (operation->kind == OPERATION_NEW_SERVICE && !batch->has_new_service) {
		batch->has_new_service = true;
		batch->first_new_service = index;
	}
	batch->ipvs->counts.writes++;
	return 0;
}

/*
 * Those that hold the kernel up go alone: a new scheduler waits for an RCU grace period with the
 * table locked, a sync daemon starts or ends threads.
 */
static bool goes_alone(const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_SET_SERVICE:
		return strcmp(operation->service->scheduler,
			      operation->service_before->scheduler) != 0;
	case OPERATION_STOP_DAEMON:
	case OPERATION_START_DAEMON:
		return true;
	default:
		return false;
	}
}

static bool batch_is_full(const struct batch *batch)
{
	return batch->count == BATCH_REQUESTS ||
	       batch->length > BATCH_BYTES - REQUEST_ROOM;
}

/*
 * A new destination whose new service was not made is not sent. Both stand in the order of the
 * wanted table's services, a group's services first (plan.h).
 */
static void cancel_orphans(const struct operation *operations, size_t count, int *results)
{
	size_t s = 0;

	for (size_t i = 0; i < count; i++) {
		const struct operation *operation = &operations[i];

		if (operation->kind != OPERATION_NEW_DESTINATION)
			continue;
		while (s < i && (operations[s].kind != OPERATION_NEW_SERVICE ||
				 operations[s].service < operation->service))
			s++;
		if (s < i && operations[s].service == operation->service &&
		    results[s] != 0)
			results[i] = -ECANCELED;
	}
}

/* The group whose services have just been answered for, and whose destinations begin at next. */
static void cancel_group(struct batch *batch, const struct operation *operations,
			 size_t count, size_t next)
{
	size_t start = batch->first_new_service, end = next;

	while (end < count && operations[end].kind != OPERATION_NEW_SERVICE)
		end++;
	cancel_orphans(operations + start, end - start, batch->results + start);
}

/* Sends what is gathered where the next operation must not go with it; then it may be sent or not. */
static int make_way(struct batch *batch, const struct operation *operations, size_t count,
		    size_t next)
{
	bool after_services = batch->has_new_service &&
			      operations[next].kind == OPERATION_NEW_DESTINATION;
	int r = 0;

	if (after_services || goes_alone(&operations[next]) || batch_is_full(batch))
		r = batch_send(batch);
	if (r == 0 && after_services) {
		batch->has_new_service = false;
		cancel_group(batch, operations, count, next);
	}
	return r;
}

static int apply_all(struct batch *batch, const struct operation *operations,
		     size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		batch->handed_over = i;
		if (operations[i].kind == OPERATION_SET_SYSCTL ||
		    operation_is_of_ruleset(&operations[i]))
			continue;
		if (batch->results[i] == 0)
			r = make_way(batch, operations, count, i);
		if (r < 0 || batch->results[i] != 0)
			continue;
		r = batch_add(batch, &operations[i], i);
		if (r == 0 && goes_alone(&operations[i]))
			r = batch_send(batch);
	}
	return r < 0 ? r : batch_send(batch);
}

/* What was never sent because an earlier batch broke is as unknown as the rest. */
static void mark_unsent(struct batch *batch, size_t count)
{
	if (batch->count > 0)
		salvage_results(batch);
	for (size_t i = batch->handed_over; i < count; i++) {
		if (batch->results[i] == 0)
			batch->results[i] = -EINPROGRESS;
	}
}

int ipvs_apply(struct ipvs *ipvs, const struct operation *operations, size_t count,
	       int *results, struct err *err)
{
	cleanup_free struct batch *batch = calloc(1, sizeof(*batch));
	cleanup_free char *buffer = malloc(BATCH_BYTES);
	int r;

	if (!batch || !buffer)
		return err_errno(err, ENOMEM, "writing the table");
	batch->ipvs = ipvs;
	batch->buffer = buffer;
	batch->results = results;
	cancel_orphans(operations, count, results);
	r = apply_all(batch, operations, count);
	if (r < 0)
		mark_unsent(batch, count);
	cancel_orphans(operations, count, results);
	return r < 0 ? err_errno(err, -r, "writing the table") : 0;
}
