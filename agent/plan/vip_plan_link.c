/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/vip_plan_link.h"

#include <string.h>

/* The link and the addresses on it. */

int vip_plan_link_operation(struct vip_planning *planning, enum vip_kind kind)
{
	struct vip_operation operation = { .kind = kind,
					   .link = vip_own_index(planning) };

	strcpy(operation.name, planning->wish->link);
	if (kind == VIP_RENAME_LINK)
		strcpy(operation.name_before, planning->own->name);
	if (kind == VIP_REMOVE_LINK)
		strcpy(operation.name, planning->own->name);
	return vip_plan_add(planning->plan, &operation);
}

int vip_plan_link(struct vip_planning *planning)
{
	const struct host_link *named = planning->named;
	struct vip_conflict conflict = { .kind = VIP_LINK_TAKEN };

	if (planning->own && strcmp(planning->own->name, planning->wish->link) == 0)
		return 0;
	if (!named)
		return vip_plan_link_operation(planning, planning->own ? VIP_RENAME_LINK
								       : VIP_ADD_LINK);
	conflict.dummy = named->dummy;
	return vip_plan_add_conflict(planning->plan, &conflict);
}

static int address_operation(struct vip_planning *planning, enum vip_kind kind,
			     const struct address *address)
{
	struct vip_operation operation = { .kind = kind,
					   .network = network_of_one(address),
					   .link = vip_own_index(planning) };

	strcpy(operation.name,
	       kind == VIP_REMOVE_ADDRESS ? planning->own->name : planning->wish->link);
	return vip_plan_add(planning->plan, &operation);
}

int vip_plan_new_addresses(struct vip_planning *planning)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < planning->locals.count; i++) {
		const struct address *address = &planning->locals.items[i];

		if (!planning->own ||
		    !host_find_on_link(planning->host, address, planning->own->index))
			r = address_operation(planning, VIP_ADD_ADDRESS, address);
	}
	return r;
}

/* The kernel's own, of a link that is up. */
static bool is_link_local(const struct host_address *address)
{
	return address->address.family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL(&address->address.v6);
}

int vip_plan_old_addresses(struct vip_planning *planning, bool on_link, bool has_link)
{
	const struct address *shared = NULL;
	int r = 0;

	for (size_t i = 0; planning->own && r == 0 && i < planning->host->address_count;
	     i++) {
		const struct host_address *have = &planning->host->addresses[i];
		const struct network alone = network_of_one(&have->address);

		if (have->link != planning->own->index || is_link_local(have))
			continue;
		if (have->prefix != alone.prefix ||
		    !address_list_has(&planning->ownership->bound, &have->address))
			shared = &have->address;
		else if (!on_link || !address_list_has(&planning->locals, &have->address))
			r = address_operation(planning, VIP_REMOVE_ADDRESS,
					      &have->address);
	}
	if (r < 0 || !shared || has_link)
		return r;
	planning->shared = 1;
	return vip_plan_add_conflict(
		planning->plan,
		&(struct vip_conflict){ .kind = VIP_LINK_SHARED, .address = *shared });
}
