/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "preflight/system.h"

/*
 * Whether kernel.modules_disabled is 1: nothing can be loaded until the next boot. False
 * if the file is hidden.
 */
bool loading_is_locked(const struct system *system);

/*
 * Whether this kernel never loads a module on demand, so it may be asked for one that may
 * be missing: it has no loadable modules, loading is off (modules_disabled), or it has no
 * program to load with (kernel/kmod.c: an empty path in kernel.modprobe). False if that
 * is hidden.
 */
bool autoload_is_off(const struct system *system);
