/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * The name that a misspelt one most likely means: equal but for its case, or at most two
 * letters away (one, for names of up to four letters). NULL where none is that near.
 */
const char *nearest_name(const char *name, const char *const *names, size_t count);
