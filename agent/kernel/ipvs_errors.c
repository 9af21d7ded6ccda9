/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/ipv6.h"

/*
 * The kernel's errnos in words. What each means depends on the command, so there is a
 * table for each; they were read in ip_vs_ctl.c (ip_vs_add_service, ip_vs_edit_service,
 * ip_vs_add_dest, ip_vs_genl_set_cmd) and ip_vs_sync.c (start_sync_thread). A NULL means
 * that the text needs the object's values.
 */

struct cause {
	int code;
	const char *text;
};

static const struct cause general_causes[] = {
	{ EPERM, "not permitted: CAP_NET_ADMIN in the initial user namespace is needed" },
	{ ENOMEM, "the kernel is out of memory" },
	{ EINPROGRESS, "the kernel's answer was lost; the table is read again" },
};

static const struct cause new_service_causes[] = {
	{ EEXIST, "somebody else made this service meanwhile" },
	{ EINVAL, "the kernel finds an attribute invalid (persistence netmask?)" },
	{ EAFNOSUPPORT, "this kernel's IPVS has no IPv6 (CONFIG_IP_VS_IPV6)" },
};

static const struct cause set_service_causes[] = {
	{ ESRCH, "somebody else deleted this service meanwhile" },
	{ EINVAL, "the kernel finds an attribute invalid (persistence netmask?)" },
};

static const struct cause new_destination_causes[] = {
	{ ECANCELED, "its service is not in the kernel" },
	{ EEXIST, "somebody else made this destination meanwhile" },
	{ ESRCH, "somebody else deleted its service meanwhile" },
	{ ERANGE, "the kernel finds weight or thresholds out of range" },
};

static const struct cause set_destination_causes[] = {
	{ ENOENT, "somebody else deleted this destination meanwhile" },
	{ ESRCH, "somebody else deleted its service meanwhile" },
	{ ERANGE, "the kernel finds weight or thresholds out of range" },
};

static const struct cause daemon_causes[] = {
	{ EEXIST, "a sync daemon of this role runs already" },
	{ ESRCH, "no sync daemon of this role runs" },
	{ EINVAL,
	  "the kernel finds a value invalid (is the group multicast, has a destination the other address family?)" },
	{ EADDRNOTAVAIL, "the interface has no address of the group's family yet" },
};

struct causes {
	const struct cause *list;
	size_t count;
};

#define CAUSES(array)                                                                    \
	{                                                                                \
		array, ARRAY_SIZE(array)                                                 \
	}

static const struct causes causes_by_kind[] = {
	[OPERATION_STOP_SYNC_DAEMON] = CAUSES(daemon_causes),
	[OPERATION_START_SYNC_DAEMON] = CAUSES(daemon_causes),
	[OPERATION_NEW_SERVICE] = CAUSES(new_service_causes),
	[OPERATION_SET_SERVICE] = CAUSES(set_service_causes),
	[OPERATION_NEW_DESTINATION] = CAUSES(new_destination_causes),
	[OPERATION_SET_DESTINATION] = CAUSES(set_destination_causes),
	[OPERATION_DELETE_DESTINATION] = CAUSES(set_destination_causes),
	[OPERATION_DELETE_SERVICE] = CAUSES(set_service_causes),
};

static const char *find_cause(const struct causes *causes, int code)
{
	for (size_t i = 0; i < causes->count; i++) {
		if (causes->list[i].code == code)
			return causes->list[i].text;
	}
	return NULL;
}

/* ENOENT from NEW_SERVICE and SET_SERVICE names neither of the two that it can mean. */
static void explain_missing_module(const struct service *service, char *buffer,
				   size_t size)
{
	if (service->engine[0])
		snprintf(
			buffer, size,
			"scheduler '%s' or persistence engine '%s' is not in this kernel: no module ip_vs_%s or ip_vs_pe_%s",
			service->scheduler, service->engine, service->scheduler,
			service->engine);
	else
		snprintf(buffer, size,
			 "scheduler '%s' is not in this kernel: no module ip_vs_%s",
			 service->scheduler, service->scheduler);
}

static void explain_refused_address(const struct operation *operation, char *buffer,
				    size_t size)
{
	char address[ADDRESS_TEXT];

	snprintf(
		buffer, size,
		"the kernel refuses %s as a destination: it takes unicast and local addresses only, and IPv4 ones only while lo is up",
		address_format(&operation->destination->address, address));
}

static bool is_service_write(enum operation_kind kind)
{
	return kind == OPERATION_NEW_SERVICE || kind == OPERATION_SET_SERVICE;
}

/* Of a service or a destination; not what is about the whole kernel. */
static bool is_of_ipv6(const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_NEW_SERVICE:
	case OPERATION_SET_SERVICE:
		return operation->service->key.address.family == AF_INET6;
	case OPERATION_NEW_DESTINATION:
	case OPERATION_SET_DESTINATION:
		return operation->destination->address.family == AF_INET6;
	default:
		return false;
	}
}

/* Those causes whose words need the object's values. */
static bool explain_with_values(const struct operation *operation, int code, char *buffer,
				size_t size)
{
	if (code == ENOENT && is_service_write(operation->kind))
		explain_missing_module(operation->service, buffer, size);
	else if (code == ENOPKG && is_service_write(operation->kind))
		snprintf(
			buffer, size,
			"scheduler '%s' is not loaded, and the kernel is not asked to load it: load ip_vs_%s with ipvs-preflight",
			operation->service->scheduler, operation->service->scheduler);
	else if ((code == EAFNOSUPPORT || code == EINVAL) && is_of_ipv6(operation) &&
		 ipv6_is_off(""))
		snprintf(buffer, size, IPV6_IS_OFF_TEXT);
	else if (code == EINVAL && operation->kind == OPERATION_NEW_DESTINATION)
		explain_refused_address(operation, buffer, size);
	else if (code == ENODEV && operation->kind == OPERATION_START_SYNC_DAEMON)
		snprintf(
			buffer, size,
			"there is no interface %s; the daemon is started when the link appears",
			operation->daemon->interface);
	else
		return false;
	return true;
}

void ipvs_explain(const struct operation *operation, int code, char *buffer, size_t size)
{
	static const struct causes general = CAUSES(general_causes);
	const char *text = NULL;

	if (explain_with_values(operation, code, buffer, size))
		return;
	if ((size_t)operation->kind < ARRAY_SIZE(causes_by_kind))
		text = find_cause(&causes_by_kind[operation->kind], code);
	if (!text)
		text = find_cause(&general, code);
	snprintf(buffer, size, "%s", text ? text : strerror(code));
}
