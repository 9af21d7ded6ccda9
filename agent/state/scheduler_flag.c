/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/scheduler_flag.h"

#include <stddef.h>
#include <string.h>

#include "agent/model/service.h"
#include "common/macro.h"

static const struct scheduler_flag flags[] = {
	{ "sh-fallback", "sh", SCHEDULER_FLAG_1 }, { "sh-port", "sh", SCHEDULER_FLAG_2 },
	{ "mh-fallback", "mh", SCHEDULER_FLAG_1 }, { "mh-port", "mh", SCHEDULER_FLAG_2 },
	{ "flag-1", NULL, SCHEDULER_FLAG_1 },	   { "flag-2", NULL, SCHEDULER_FLAG_2 },
	{ "flag-3", NULL, SCHEDULER_FLAG_3 },
};

const struct scheduler_flag *scheduler_flag_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcmp(flags[i].name, word) == 0)
			return &flags[i];
	}
	return NULL;
}
