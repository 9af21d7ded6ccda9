/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/plan/vip_plan.h"

#include <stdio.h>
#include <string.h>

const char *binding_kind_name(enum binding_kind kind)
{
	static const char *const names[] = {
		[BINDING_ADD_ROUTE] = "add local route",
		[BINDING_ADD_LINK] = "add link",
		[BINDING_RENAME_LINK] = "rename link",
		[BINDING_ADD_ADDRESS] = "add address",
		[BINDING_REMOVE_ADDRESS] = "remove address",
		[BINDING_REMOVE_ROUTE] = "remove local route",
		[BINDING_REMOVE_LINK] = "remove link",
	};

	return names[kind];
}

static const char *object_name(const struct binding_operation *operation,
			       char buffer[static NETWORK_TEXT])
{
	switch (operation->kind) {
	case BINDING_ADD_ROUTE:
	case BINDING_REMOVE_ROUTE:
		return network_format(&operation->network, buffer);
	case BINDING_ADD_ADDRESS:
	case BINDING_REMOVE_ADDRESS:
		return address_format(&operation->network.address, buffer);
	default:
		return operation->name;
	}
}

const char *binding_format_object(const struct binding_operation *operation,
				  char buffer[static BINDING_TEXT])
{
	/* The kind's name without its verb. */
	const char *noun = strchr(binding_kind_name(operation->kind), ' ') + 1;
	char name[NETWORK_TEXT];

	snprintf(buffer, BINDING_TEXT, "%s %s", noun, object_name(operation, name));
	return buffer;
}

static const char *format_source(const struct binding_operation *operation,
				 const char *prefix, char buffer[static BINDING_TEXT])
{
	char source[ADDRESS_TEXT];

	buffer[0] = '\0';
	if (operation->source.family != 0)
		snprintf(buffer, BINDING_TEXT, "%ssource %s", prefix,
			 address_format(&operation->source, source));
	return buffer;
}

const char *binding_format(const struct binding_operation *operation,
			   char buffer[static BINDING_TEXT])
{
	const char *drift = operation->drift ? "drift: " : "";
	const char *kind = binding_kind_name(operation->kind);
	char buffer_of_name[NETWORK_TEXT], source[BINDING_TEXT];
	const char *name = object_name(operation, buffer_of_name);

	switch (operation->kind) {
	case BINDING_RENAME_LINK:
		snprintf(buffer, BINDING_TEXT, "%s%s %s to %s", drift, kind,
			 operation->name_before, operation->name);
		break;
	case BINDING_ADD_ADDRESS:
		snprintf(buffer, BINDING_TEXT, "%s%s %s to %s", drift, kind, name,
			 operation->name);
		break;
	case BINDING_REMOVE_ADDRESS:
		snprintf(buffer, BINDING_TEXT, "%s%s %s from %s", drift, kind, name,
			 operation->name);
		break;
	case BINDING_ADD_ROUTE:
	case BINDING_REMOVE_ROUTE:
		snprintf(buffer, BINDING_TEXT, "%s%s %s%s", drift, kind, name,
			 format_source(operation, ", ", source));
		break;
	default:
		snprintf(buffer, BINDING_TEXT, "%s%s %s", drift, kind, operation->name);
	}
	return buffer;
}

const char *binding_format_values(const struct binding_operation *operation, bool before,
				  char buffer[static BINDING_TEXT])
{
	const char *value = "";

	switch (operation->kind) {
	case BINDING_RENAME_LINK:
		value = before ? operation->name_before : operation->name;
		break;
	case BINDING_ADD_ADDRESS:
		value = before ? "" : operation->name;
		break;
	case BINDING_REMOVE_ADDRESS:
		value = before ? operation->name : "";
		break;
	case BINDING_ADD_ROUTE:
	case BINDING_REMOVE_ROUTE:
		if (before == (operation->kind == BINDING_REMOVE_ROUTE))
			return format_source(operation, "", buffer);
		break;
	default:
		break;
	}
	snprintf(buffer, BINDING_TEXT, "%s", value);
	return buffer;
}

bool binding_conflict_is_note(const struct binding_conflict *conflict)
{
	return conflict->kind == BINDING_NETWORK_SHARED;
}

const char *binding_conflict_object(const struct binding_conflict *conflict,
				    const char *link, char buffer[static BINDING_TEXT])
{
	char network[NETWORK_TEXT];

	if (conflict->kind == BINDING_NETWORK_OF_NODE ||
	    conflict->kind == BINDING_NETWORK_SHARED)
		snprintf(buffer, BINDING_TEXT, "local route %s",
			 network_format(&conflict->network, network));
	else
		snprintf(buffer, BINDING_TEXT, "link %s", link);
	return buffer;
}

const char *binding_conflict_text(const struct binding_conflict *conflict,
				  const char *link, char buffer[static BINDING_TEXT])
{
	char address[ADDRESS_TEXT], more[64] = "";

	switch (conflict->kind) {
	case BINDING_LINK_TAKEN:
		snprintf(
			buffer, BINDING_TEXT,
			"a %slink of that name is there and not ours; delete it (ip link delete %s), or have another name with --link",
			conflict->dummy ? "dummy " : "", link);
		break;
	case BINDING_NETWORK_OF_NODE:
		snprintf(
			buffer, BINDING_TEXT,
			"refused: the service network has %s, which the node itself uses; mend --service-cidr",
			address_format(&conflict->address, address));
		break;
	case BINDING_NETWORK_SHARED:
		if (conflict->count > 1)
			snprintf(more, sizeof(more), ", likewise %zu more of the network",
				 conflict->count - 1);
		snprintf(
			buffer, BINDING_TEXT,
			"%s is on link %s as well%s: a program that listens there gets nothing of what a virtual service takes",
			address_format(&conflict->address, address), conflict->name,
			more);
		break;
	case BINDING_LINK_SHARED:
		snprintf(buffer, BINDING_TEXT,
			 "it stays: somebody else has %s on it, which would go with it",
			 address_format(&conflict->address, address));
		break;
	}
	return buffer;
}
