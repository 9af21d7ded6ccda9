/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One service that the probe creates. */
struct probe_item {
	const char *scheduler; /* borrowed */
	const char *engine;    /* borrowed, or NULL */
};

/* What the child writes for each item, and before them for its own set-up (index -1). */
struct probe_answer {
	int index;
	int code; /* 0, or a positive errno */
	int step; /* enum probe_step, of the set-up */
};

enum probe_step { PROBE_STEP_NAMESPACE, PROBE_STEP_FAMILY, PROBE_STEP_SERVICES };

/* Runs in the child: writes its answers to fd and exits. */
void probe_child_main(const struct probe_item *items, size_t count, int fd)
	__attribute__((noreturn));
