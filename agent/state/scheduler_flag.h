/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/* The words of a state for a scheduler's own flags. */
struct scheduler_flag {
	const char *name;
	const char *scheduler; /* whose it is; NULL: any one's */
	uint8_t bit;	       /* SCHEDULER_FLAG_… */
};

#define SCHEDULER_FLAG_WORDS                                                             \
	"sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3"

/* NULL for a word that is none of them. */
const struct scheduler_flag *scheduler_flag_find(const char *word);
