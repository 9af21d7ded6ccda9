/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "common/macro.h"

/* The kernel's MODULE_NAME_LEN on 64-bit machines is 56 with the NUL. */
enum { MODULE_NAME = 64 };

/* Whether two names are one module's: the kernel takes '-' and '_' for the same. */
bool module_name_equal(const char *a, const char *b);

/*
 * Copies a module's name or alias with '-' as '_'. -EINVAL for what no module can be called:
 * empty, too long, or with other characters than letters, digits, '-', '_', '.' and '+'.
 */
int module_name_copy(char name[static MODULE_NAME], const char *text) MUST_CHECK;
