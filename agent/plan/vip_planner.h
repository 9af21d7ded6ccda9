/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "agent/model/table.h"
#include "agent/plan/vip_planning.h"

/*
 * Which addresses are to be local on this node, and what has to be done for it. Pure.
 *
 * An address in a service network is covered by that network's one `local` route, whose source is the
 * node's own address: without it the node's own connections would go out with the virtual address as
 * their source. A network that has an address which the node needs for itself is refused. The others stand on a dummy link of ours as /32 or /128; where these are many, which
 * costs quadratically there (net/ipv4/devinet.c: __inet_insert_ifa), each is a `local` route instead.
 * An address that another link has is local already.
 *
 * Our link is known by its hardware address, which is drawn once and recorded before the link is made;
 * our addresses by the record; our routes by their protocol number, once the record says that
 * there are any. What stands on our link or in the table and is none of these is never taken away.
 *
 * The order: what is new comes first, then what leaves; the link comes before the first address on it
 * and goes after the last.
 */

enum { VIP_ADDRESSES_MAX = 1000 }; /* on the link; more of them are routes */

/* Adds the addresses that wanted services with bind have. -ENOMEM. */
int vip_collect(const struct table *wanted, struct address_list *bound) MUST_CHECK;

/* Fills an empty plan. -ENOMEM; it is then to be cleared. */
int vip_plan_make(const struct vip_wish *wish, const struct host_net *host,
		  const struct ownership *ownership, struct vip_plan *plan) MUST_CHECK;
