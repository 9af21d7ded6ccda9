/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/report/failure_groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum { NAMED_MAX = 3 }; /* objects of a group that its line names; the rest are counted */

static int compare_texts(const void *a, const void *b)
{
	const struct reconcile_failure *const *left = a, *const *right = b;
	int order = strcmp((*left)->text, (*right)->text);

	return order ? order : (*left > *right) - (*left < *right);
}

static int compare_groups(const void *a, const void *b)
{
	const struct failure_group *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

static void name_others(const struct reconcile_failure *const *run, size_t count,
			struct failure_group *group)
{
	size_t used, room = sizeof(group->alike);

	used = (size_t)snprintf(group->alike, room, "; %zu more alike: ", count - 1);
	for (size_t i = 1; i < count && i <= NAMED_MAX && used < room; i++) {
		const char *name = run[i]->name;

		used += (size_t)snprintf(group->alike + used, room - used, "%s%s%s%s%s",
					 i > 1 ? ", " : "", run[i]->object,
					 name ? " (" : "", name ? name : "",
					 name ? ")" : "");
	}
	if (count > NAMED_MAX + 1 && used < room)
		snprintf(group->alike + used, room - used, ", …");
}

/* The failures of one text. */
static size_t add_groups(const struct reconcile_failure *failures,
			 const struct reconcile_failure *const *run, size_t count,
			 struct failure_group *groups)
{
	if (count >= FAILURES_ALIKE) {
		groups[0] = (struct failure_group){ .first = (size_t)(run[0] - failures),
						    .count = count };
		name_others(run, count, &groups[0]);
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		groups[i] = (struct failure_group){ .first = (size_t)(run[i] - failures),
						    .count = 1 };
	return count;
}

int failure_groups_make(const struct reconcile_failure *failures, size_t count,
			struct failure_group **groups, size_t *group_count)
{
	cleanup_free const struct reconcile_failure **sorted = NULL;
	struct failure_group *made;
	size_t used = 0;

	*groups = NULL;
	*group_count = 0;
	if (count == 0)
		return 0;
	sorted = calloc(count, sizeof(*sorted));
	made = calloc(count, sizeof(*made));
	if (!sorted || !made) {
		free(made);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		sorted[i] = &failures[i];
	qsort(sorted, count, sizeof(*sorted), compare_texts);
	for (size_t i = 0, end; i < count; i = end) {
		end = i + 1;
		while (end < count && strcmp(sorted[end]->text, sorted[i]->text) == 0)
			end++;
		used += add_groups(failures, &sorted[i], end - i, &made[used]);
	}
	qsort(made, used, sizeof(*made), compare_groups);
	*groups = made;
	*group_count = used;
	return 0;
}
