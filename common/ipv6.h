/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * Whether IPv6 is off in this kernel (ipv6.disable=1, or no module ipv6): /proc has the
 * IPv4 sysctls but no IPv6 ones. root: "" for the running machine.
 */
bool ipv6_is_off(const char *root);

/* The message for it, with the remedy. */
#define IPV6_IS_OFF_TEXT                                                                 \
	"IPv6 is switched off in this kernel (ipv6.disable=1 on its command line, or no module ipv6)"
