/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "preflight/system.h"

/* kernel.modules_disabled is 1: until the next boot nothing can be loaded. False where that is hidden. */
bool loading_is_locked(const struct system *system);

/*
 * Whether this kernel loads no module when it hears an unknown name, so that it may be asked for what is
 * not known to be there: it has no loadable modules, loading is switched off (modules_disabled), or it has
 * no program to load by (kernel/kmod.c: an empty path in kernel.modprobe). False where that is hidden.
 */
bool autoload_is_off(const struct system *system);
