/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "common/err.h"
#include "common/macro.h"

/*
 * Sysctls under /proc/sys/net, by the names that sysctl(8) uses: dots between the words;
 * a dot in an interface's name is written as a slash (net.ipv4.conf.eth0/1.rp_filter).
 */

enum { SYSCTL_VALUE_MAX = 4096 };

/*
 * The value without its last newline, in a new text that the caller frees. -ENOENT where
 * this kernel has no such sysctl (perhaps not yet: net.ipv4.vs. is there once ip_vs is
 * loaded); -EINVAL for a name that is not under net. or could lead elsewhere.
 */
int sysctl_read(const char *name, char **value, struct err *err) MUST_CHECK;

/*
 * Writes the value, which may be empty, and reads it back. Where the kernel has another
 * one then, *made is that in a new text that the caller frees, NULL otherwise.
 */
int sysctl_write(const char *name, const char *value, char **made,
		 struct err *err) MUST_CHECK;
