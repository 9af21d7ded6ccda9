/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/state/state.h"

#include "agent/state/state_cache.h"

int state_read(const char *path, struct table *table, struct state_problems *problems)
{
	return state_read_with(path, NULL, table, problems);
}

int state_read_with(const char *path, const struct state_settings *settings,
		    struct table *table, struct state_problems *problems)
{
	struct state_cache cache = { .settings = settings };
	const struct table *read;
	bool changed;
	int r = state_cache_read(&cache, path, &read, &changed, problems);

	if (r == STATE_OK) {
		*table = cache.table;
		cache.table = (struct table){ 0 };
	}
	state_cache_clear(&cache);
	return r;
}
