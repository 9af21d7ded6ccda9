/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/cli/state_warnings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/daemon_user.h"
#include "agent/kernel/scheduler.h"
#include "common/cleanup.h"

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The schedulers of the services, each once, in their order. */
static int list_schedulers(const struct table *table, const char ***list, size_t *count)
{
	const char **made = calloc(table->service_count + 1, sizeof(*made));
	size_t n = 0;

	if (!made)
		return -ENOMEM;
	for (size_t i = 0; i < table->service_count; i++)
		made[i] = table->services[i].scheduler;
	qsort(made, table->service_count, sizeof(*made), compare_texts);
	for (size_t i = 0; i < table->service_count; i++) {
		if (n == 0 || strcmp(made[n - 1], made[i]) != 0)
			made[n++] = made[i];
	}
	*list = made;
	*count = n;
	return 0;
}

static int warn_of_schedulers(struct table *table)
{
	cleanup_free const char **list = NULL;
	size_t count = 0, services;
	int r = list_schedulers(table, &list, &count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!scheduler_is_missing(list[i]))
			continue;
		services = 0;
		for (size_t j = 0; j < table->service_count; j++)
			services += strcmp(table->services[j].scheduler, list[i]) == 0;
		r = notes_warn(
			&table->notes,
			"scheduler '%s' of %zu service%s is not in this kernel, nor in its module tree: no module ip_vs_%s",
			list[i], services, services == 1 ? "" : "s", list[i]);
	}
	return r;
}

int state_warnings_add(const char *path, bool in_place, struct table *table)
{
	int r = daemon_user_check(path, in_place, &table->notes);

	return r < 0 ? r : warn_of_schedulers(table);
}
