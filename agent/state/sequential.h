/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/state/state.h"
#include "agent/state/state_file.h"

/*
 * The reading that has the last word on whether a state is valid, and the only one that puts
 * into words why it is not: one file after the other, each from its beginning to its end.
 * As state_read_with(). On STATE_OK the files that were read are set as well, the caller's to free,
 * unless files is NULL.
 */
int sequential_read(const char *path, const struct state_settings *settings,
		    struct table *table, struct state_file **files, size_t *file_count,
		    struct state_problems *problems) MUST_CHECK;
