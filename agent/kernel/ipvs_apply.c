/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/netlink/batch.h"
#include "agent/kernel/ipvs_socket.h"
#include "agent/kernel/ipvs_message.h"
#include "agent/kernel/module_questions.h"

/* Writing: operations in batches, in the order that the plan needs. */

struct writing {
	struct ipvs *ipvs;
	struct batch batch;
	struct module_questions questions;
	bool sent;		  /* something was, since the pursuit was asked last */
	size_t handed_over;	  /* operations before this one were batched or skipped */
	bool has_new_service;	  /* there was one, and no destination since */
	size_t first_new_service; /* the first such one */
};

static void see_new_service(struct writing *writing, size_t index)
{
	if (writing->has_new_service)
		return;
	writing->has_new_service = true;
	writing->first_new_service = index;
}

static int add(struct writing *writing, const struct operation *operation, size_t index)
{
	size_t room;
	void *place = batch_place(&writing->batch, &room);
	int r = batch_add(&writing->batch,
			  ipvs_encode(writing->ipvs->socket, operation, place, room),
			  index);

	if (r < 0)
		return r;
	writing->handed_over = index + 1;
	if (operation->kind == OPERATION_NEW_SERVICE)
		see_new_service(writing, index);
	writing->ipvs->counts.writes++;
	return 0;
}

/*
 * Those that hold the kernel up go alone: a new scheduler waits for an RCU grace period
 * with the table locked, a sync daemon starts or ends threads.
 */
static bool goes_alone(const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_SET_SERVICE:
		return strcmp(operation->service->scheduler,
			      operation->service_before->scheduler) != 0;
	case OPERATION_STOP_SYNC_DAEMON:
	case OPERATION_START_SYNC_DAEMON:
		return true;
	default:
		return false;
	}
}

/* Whether the kernel may have to load a module for it. */
static bool asks_for_modules(const struct operation *operation)
{
	const struct service *service = operation->service;
	const struct service *before = operation->service_before;

	return operation->kind == OPERATION_NEW_SERVICE ||
	       (operation->kind == OPERATION_SET_SERVICE &&
		(strcmp(service->scheduler, before->scheduler) != 0 ||
		 strcmp(service->engine, before->engine) != 0));
}

static bool is_question(const struct writing *writing, const struct operation *operation)
{
	return asks_for_modules(operation) &&
	       module_questions_ask(&writing->questions, operation->service) ==
		       MODULES_UNKNOWN;
}

/* One that needs a module which the kernel is known not to have is answered for here. */
static void answer_known(struct writing *writing, const struct operation *operation,
			 size_t index)
{
	if (!asks_for_modules(operation) ||
	    module_questions_ask(&writing->questions, operation->service) !=
		    MODULES_MISSING)
		return;
	writing->batch.results[index] = -ENOENT;
	if (operation->kind == OPERATION_NEW_SERVICE)
		see_new_service(writing, index);
}

/*
 * A new destination whose new service was not made is not sent. Both stand in the order
 * of the wanted table's services, a group's services first (plan.h).
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

/*
 * The group whose services have just been answered for, and whose destinations begin at
 * next.
 */
static void cancel_group(struct writing *writing, const struct operation *operations,
			 size_t count, size_t next)
{
	size_t start = writing->first_new_service, end = next;

	while (end < count && operations[end].kind != OPERATION_NEW_SERVICE)
		end++;
	cancel_orphans(operations + start, end - start, writing->batch.results + start);
}

static int send_batch(struct writing *writing)
{
	writing->sent = true;
	return batch_send(&writing->batch);
}

/*
 * Sends what is gathered where the next operation must not go with it; then it may be
 * sent or not.
 */
static int make_way(struct writing *writing, const struct operation *operations,
		    size_t count, size_t next)
{
	bool after_services = writing->has_new_service &&
			      operations[next].kind == OPERATION_NEW_DESTINATION;
	int r = 0;

	if (after_services || goes_alone(&operations[next]) ||
	    is_question(writing, &operations[next]) || batch_is_full(&writing->batch))
		r = send_batch(writing);
	if (r == 0 && after_services) {
		writing->has_new_service = false;
		cancel_group(writing, operations, count, next);
	}
	return r;
}

/* One operation into the batch, or alone where the others must not wait with it. */
static int apply_one(struct writing *writing, const struct operation *operations,
		     size_t count, size_t i)
{
	const struct operation *operation = &operations[i];
	int *result = &writing->batch.results[i];
	bool question;
	int r = 0;

	if (*result == 0)
		answer_known(writing, operation, i);
	if (*result == 0)
		r = make_way(writing, operations, count, i);
	if (r < 0 || *result != 0)
		return r;
	question = is_question(writing, operation);
	r = add(writing, operation, i);
	if (r == 0 && (question || goes_alone(operation)))
		r = send_batch(writing);
	if (r == 0 && question)
		module_questions_note(&writing->questions, operation->service, *result);
	return r;
}

/* Whether to leave the rest: asked once behind each send. */
static bool is_stopped(struct writing *writing)
{
	const struct ipvs_pursuit *pursuit = writing->ipvs->pursuit;

	if (!writing->sent)
		return false;
	writing->sent = false;
	return pursuit && pursuit->stop && pursuit->stop(pursuit->context);
}

static void mark_left(struct writing *writing, const struct operation *operations,
		      size_t from, size_t count)
{
	for (size_t i = from; i < count; i++) {
		if (writing->batch.results[i] == 0 &&
		    operations[i].kind != OPERATION_SET_SYSCTL &&
		    !operation_is_of_ruleset(&operations[i]))
			writing->batch.results[i] = -EINTR;
	}
}

static int apply_all(struct writing *writing, const struct operation *operations,
		     size_t count)
{
	struct ipvs_pursuit *pursuit = writing->ipvs->pursuit;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		writing->handed_over = i;
		if (pursuit)
			pursuit->done = i;
		if (operations[i].kind == OPERATION_SET_SYSCTL ||
		    operation_is_of_ruleset(&operations[i]))
			continue;
		if (is_stopped(writing)) {
			mark_left(writing, operations, i, count);
			break;
		}
		r = apply_one(writing, operations, count, i);
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
