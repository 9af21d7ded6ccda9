/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * Whether this kernel runs without IPv6 (ipv6.disable=1, or no module ipv6): /proc shows the sysctls of IPv4 and
 * none of IPv6. root: "" for the running machine.
 */
bool ipv6_is_off(const char *root);

/* What to say of it, and what helps. */
#define IPV6_IS_OFF_TEXT                                                                 \
	"IPv6 is switched off in this kernel (ipv6.disable=1 on its command line, or no module ipv6)"
