/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/macro.h"

/* The kernel's MODULE_NAME_LEN on 64-bit machines is 56 with the NUL. */
enum { MODULE_NAME = 64 };

/* Whether two names mean the same module: the kernel treats '-' and '_' as equal. */
bool module_name_equal(const char *a, const char *b);

/*
 * Copies a module's name or alias, replacing '-' by '_'. -EINVAL for an impossible name:
 * empty, too long, or with characters other than letters, digits, '-', '_', '.' and '+'.
 */
int module_name_copy(char name[static MODULE_NAME], const char *text) MUST_CHECK;
