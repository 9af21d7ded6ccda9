/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/address_list.h"
#include "agent/model/service.h"
#include "common/network.h"

/*
 * What a session remembers of the virtual addresses on this node, so that they can be looked after
 * without the state. Zeroed at the start.
 */
struct vips {
	bool known; /* a reconcile has said what is wanted */
	struct address_list bound;
	/* The services that are ours and not wanted, as they were then. Sorted. */
	struct service_key *leaving;
	size_t leaving_count;
	/* What was brought about: another operation on it is drift. As in struct vip_plan. */
	struct network *local;
	size_t local_count;
	bool has_link, uses_link;
	/* What became ours by the last look, before its writes. */
	struct address_list fresh;
	bool fresh_link;
	bool settled; /* the last look found nothing that is not as wanted */
};

void vips_clear(struct vips *vips);
