/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/macro.h"

/*
 * A text that grows as it is written. Allocation failure is sticky: check once, at the
 * end. Zeroed at the start.
 */
struct growing_text {
	char *text; /* NUL-terminated; NULL if nothing was written; owned */
	size_t length, room;
	bool failed;
};

/* Adds at most 255 bytes; a longer text is an error. */
void growing_text_add(struct growing_text *text, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* -ENOMEM if anything could not be added. */
int growing_text_check(const struct growing_text *text) MUST_CHECK;

void growing_text_clear(struct growing_text *text);

#define cleanup_growing_text CLEANUP(growing_text_clear)
