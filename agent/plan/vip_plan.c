/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/vip_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

int vip_plan_add(struct vip_plan *plan, const struct vip_operation *operation)
{
	if (ARRAY_MAKE_ROOM(plan->operations, plan->operation_count,
			    plan->operation_room) < 0)
		return -ENOMEM;
	plan->operations[plan->operation_count++] = *operation;
	return 0;
}

int vip_plan_add_conflict(struct vip_plan *plan, const struct vip_conflict *conflict)
{
	if (ARRAY_MAKE_ROOM(plan->conflicts, plan->conflict_count, plan->conflict_room) <
	    0)
		return -ENOMEM;
	plan->conflicts[plan->conflict_count++] = *conflict;
	return 0;
}

void vip_plan_clear(struct vip_plan *plan)
{
	free(plan->operations);
	free(plan->conflicts);
	free(plan->local);
	memset(plan, 0, sizeof(*plan));
}

/* --- words --- */

const char *vip_kind_name(enum vip_kind kind)
{
	static const char *const names[] = {
		[VIP_ADD_ROUTE] = "add local route",
		[VIP_ADD_LINK] = "add link",
		[VIP_RENAME_LINK] = "rename link",
		[VIP_ADD_ADDRESS] = "add address",
		[VIP_REMOVE_ADDRESS] = "remove address",
		[VIP_REMOVE_ROUTE] = "remove local route",
		[VIP_REMOVE_LINK] = "remove link",
	};

	return names[kind];
}

static const char *object_name(const struct vip_operation *operation,
			       char buffer[static NETWORK_TEXT])
{
	switch (operation->kind) {
	case VIP_ADD_ROUTE:
	case VIP_REMOVE_ROUTE:
		return network_format(&operation->network, buffer);
	case VIP_ADD_ADDRESS:
	case VIP_REMOVE_ADDRESS:
		return address_format(&operation->network.address, buffer);
	default:
		return operation->name;
	}
}

const char *vip_format_object(const struct vip_operation *operation,
			      char buffer[static VIP_TEXT])
{
	/* The kind's name without its verb. */
	const char *noun = strchr(vip_kind_name(operation->kind), ' ') + 1;
	char name[NETWORK_TEXT];

	snprintf(buffer, VIP_TEXT, "%s %s", noun, object_name(operation, name));
	return buffer;
}

static const char *format_source(const struct vip_operation *operation,
				 const char *prefix, char buffer[static VIP_TEXT])
{
	char source[ADDRESS_TEXT];

	buffer[0] = '\0';
	if (operation->source.family != 0)
		snprintf(buffer, VIP_TEXT, "%ssource %s", prefix,
			 address_format(&operation->source, source));
	return buffer;
}

const char *vip_format(const struct vip_operation *operation,
		       char buffer[static VIP_TEXT])
{
	const char *drift = operation->drift ? "drift: " : "";
	const char *kind = vip_kind_name(operation->kind);
	char buffer_of_name[NETWORK_TEXT], source[VIP_TEXT];
	const char *name = object_name(operation, buffer_of_name);

	switch (operation->kind) {
	case VIP_RENAME_LINK:
		snprintf(buffer, VIP_TEXT, "%s%s %s to %s", drift, kind,
			 operation->name_before, operation->name);
		break;
	case VIP_ADD_ADDRESS:
		snprintf(buffer, VIP_TEXT, "%s%s %s to %s", drift, kind, name,
			 operation->name);
		break;
	case VIP_REMOVE_ADDRESS:
		snprintf(buffer, VIP_TEXT, "%s%s %s from %s", drift, kind, name,
			 operation->name);
		break;
	case VIP_ADD_ROUTE:
	case VIP_REMOVE_ROUTE:
		snprintf(buffer, VIP_TEXT, "%s%s %s%s", drift, kind, name,
			 format_source(operation, ", ", source));
		break;
	default:
		snprintf(buffer, VIP_TEXT, "%s%s %s", drift, kind, operation->name);
	}
	return buffer;
}

const char *vip_format_values(const struct vip_operation *operation, bool before,
			      char buffer[static VIP_TEXT])
{
	const char *value = "";

	switch (operation->kind) {
	case VIP_RENAME_LINK:
		value = before ? operation->name_before : operation->name;
		break;
	case VIP_ADD_ADDRESS:
		value = before ? "" : operation->name;
		break;
	case VIP_REMOVE_ADDRESS:
		value = before ? operation->name : "";
		break;
	case VIP_ADD_ROUTE:
	case VIP_REMOVE_ROUTE:
		if (before == (operation->kind == VIP_REMOVE_ROUTE))
			return format_source(operation, "", buffer);
		break;
	default:
		break;
	}
	snprintf(buffer, VIP_TEXT, "%s", value);
	return buffer;
}

bool vip_conflict_is_note(const struct vip_conflict *conflict)
{
	return conflict->kind == VIP_NETWORK_SHARED;
}

const char *vip_conflict_object(const struct vip_conflict *conflict, const char *link,
				char buffer[static VIP_TEXT])
{
	char network[NETWORK_TEXT];

	if (conflict->kind == VIP_NETWORK_OF_NODE || conflict->kind == VIP_NETWORK_SHARED)
		snprintf(buffer, VIP_TEXT, "local route %s",
			 network_format(&conflict->network, network));
	else
		snprintf(buffer, VIP_TEXT, "link %s", link);
	return buffer;
}

const char *vip_conflict_text(const struct vip_conflict *conflict, const char *link,
			      char buffer[static VIP_TEXT])
{
	char address[ADDRESS_TEXT], more[64] = "";

	switch (conflict->kind) {
	case VIP_LINK_TAKEN:
		snprintf(
			buffer, VIP_TEXT,
			"a %slink of that name is there and not ours; delete it (ip link delete %s), or have another name with --link",
			conflict->dummy ? "dummy " : "", link);
		break;
	case VIP_NETWORK_OF_NODE:
		snprintf(
			buffer, VIP_TEXT,
			"refused: the service network has %s, which the node itself uses; mend --service-cidr",
			address_format(&conflict->address, address));
		break;
	case VIP_NETWORK_SHARED:
		if (conflict->count > 1)
			snprintf(more, sizeof(more), ", likewise %zu more of the network",
				 conflict->count - 1);
		snprintf(
			buffer, VIP_TEXT,
			"%s is on link %s as well%s: a program that listens there gets nothing of what a virtual service takes",
			address_format(&conflict->address, address), conflict->name,
			more);
		break;
	case VIP_LINK_SHARED:
		snprintf(buffer, VIP_TEXT,
			 "it stays: somebody else has %s on it, which would go with it",
			 address_format(&conflict->address, address));
		break;
	}
	return buffer;
}
