/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "common/macro.h"

/* For jansson's 2048 levels of a value, many times over; not the 8 MiB of the process. */
enum { STACK_SIZE = 1024 * 1024 };

struct work {
	work_fn fn;
	void *context;
	size_t count;
	atomic_size_t next;
};

size_t workers_available(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 1;
	return MIN_OF((size_t)CPU_COUNT(&cpus), (size_t)WORKERS_MAX);
}

static void *do_items(void *argument)
{
	struct work *work = argument;
	size_t item;

	while ((item = atomic_fetch_add(&work->next, 1)) < work->count)
		work->fn(work->context, item);
	return NULL;
}

static bool start_thread(pthread_t *thread, struct work *work)
{
	pthread_attr_t attributes;
	bool started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	started = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
		  pthread_create(thread, &attributes, do_items, work) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

void workers_run(size_t threads, size_t count, work_fn fn, void *context)
{
	struct work work = { .fn = fn, .context = context, .count = count };
	pthread_t others[WORKERS_MAX];
	size_t wanted = MIN_OF(MIN_OF(threads, count), (size_t)WORKERS_MAX);
	size_t started = 0;

	while (started + 1 < wanted && start_thread(&others[started], &work))
		started++;
	do_items(&work);
	while (started > 0)
		pthread_join(others[--started], NULL);
}
