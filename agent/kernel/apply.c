/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/batch.h"
#include "agent/kernel/ipvs_socket.h"
#include "agent/kernel/message.h"

/* Writing: operations in batches, in the order that the plan needs. */

struct writing {
	struct ipvs *ipvs;
	struct batch batch;
	size_t handed_over; /* operations before this one were put into a batch or skipped */
	bool has_new_service;	  /* one was put into a batch, and no destination since */
	size_t first_new_service; /* the first such one */
};

static int add(struct writing *writing, const struct operation *operation, size_t index)
{
	size_t room;
	void *place = batch_place(&writing->batch, &room);
	int r = batch_add(&writing->batch,
			  message_encode(writing->ipvs->socket, operation, place, room),
			  index);

	if (r < 0)
		return r;
	writing->handed_over = index + 1;
	if (operation->kind == OPERATION_NEW_SERVICE && !writing->has_new_service) {
		writing->has_new_service = true;
		writing->first_new_service = index;
	}
	writing->ipvs->counts.writes++;
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
static void cancel_group(struct writing *writing, const struct operation *operations,
			 size_t count, size_t next)
{
	size_t start = writing->first_new_service, end = next;

	while (end < count && operations[end].kind != OPERATION_NEW_SERVICE)
		end++;
	cancel_orphans(operations + start, end - start, writing->batch.results + start);
}

/* Sends what is gathered where the next operation must not go with it; then it may be sent or not. */
static int make_way(struct writing *writing, const struct operation *operations,
		    size_t count, size_t next)
{
	bool after_services = writing->has_new_service &&
			      operations[next].kind == OPERATION_NEW_DESTINATION;
	int r = 0;

	if (after_services || goes_alone(&operations[next]) ||
	    batch_is_full(&writing->batch))
		r = batch_send(&writing->batch);
	if (r == 0 && after_services) {
		writing->has_new_service = false;
		cancel_group(writing, operations, count, next);
	}
	return r;
}

static int apply_all(struct writing *writing, const struct operation *operations,
		     size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		writing->handed_over = i;
		if (operations[i].kind == OPERATION_SET_SYSCTL ||
		    operation_is_of_ruleset(&operations[i]))
			continue;
		if (writing->batch.results[i] == 0)
			r = make_way(writing, operations, count, i);
		if (r < 0 || writing->batch.results[i] != 0)
			continue;
		r = add(writing, &operations[i], i);
		if (r == 0 && goes_alone(&operations[i]))
			r = batch_send(&writing->batch);
	}
	return r < 0 ? r : batch_send(&writing->batch);
}

/* What was never sent because an earlier batch broke is as unknown as the rest. */
static void mark_unsent(struct writing *writing, size_t count)
{
	batch_give_up(&writing->batch);
	for (size_t i = writing->handed_over; i < count; i++) {
		if (writing->batch.results[i] == 0)
			writing->batch.results[i] = -EINPROGRESS;
	}
}

int ipvs_apply(struct ipvs *ipvs, const struct operation *operations, size_t count,
	       int *results, struct err *err)
{
	cleanup_free struct writing *writing = calloc(1, sizeof(*writing));
	int r;

	if (!writing || batch_open(&writing->batch, ipvs->socket, results) < 0)
		return err_errno(err, ENOMEM, "writing the table");
	writing->ipvs = ipvs;
	cancel_orphans(operations, count, results);
	r = apply_all(writing, operations, count);
	if (r < 0)
		mark_unsent(writing, count);
	cancel_orphans(operations, count, results);
	batch_close(&writing->batch);
	return r < 0 ? err_errno(err, -r, "writing the table") : 0;
}
