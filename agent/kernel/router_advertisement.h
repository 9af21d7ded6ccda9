/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <net/if.h>
#include <stdbool.h>

/*
 * Whether net.ipv6.conf.all.forwarding = 1 would cost the node a default route: the
 * kernel then drops those that it learnt by router advertisement, except from links whose
 * accept_ra is 2 (addrconf.c: addrconf_fixup_forwarding; route.c:
 * rt6_purge_dflt_routers). link is the name of one such link. Of this network namespace,
 * from /proc/net/ipv6_route; false where that cannot be read.
 */
bool router_advertisement_would_go(char link[static IF_NAMESIZE]);
