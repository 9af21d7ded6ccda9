/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "common/macro.h"
#include "preflight/system.h"

/*
 * "none", "integrity" or "confidentiality" (sys/kernel/security/lockdown). -ENOENT if the
 * kernel has no lockdown or securityfs is hidden, -EINVAL for other contents.
 */
int lockdown_mode(const struct system *system, char *mode, size_t size) MUST_CHECK;
