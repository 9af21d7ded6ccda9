/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "preflight/system.h"

/* What modules.builtin says about a module. */
enum builtin_answer {
	BUILTIN_NO,
	BUILTIN_YES,
	BUILTIN_NO_LIST, /* this kernel has no such file */
};

/* Looks the module up in lib/modules/RELEASE/modules.builtin. */
enum builtin_answer builtin_find(const struct system *system, const char *release,
				 const char *name);
