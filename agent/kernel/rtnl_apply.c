/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/kernel/netlink/batch.h"
#include "agent/kernel/rtnl.h"
#include "agent/kernel/rtnl_socket.h"
#include "common/ipv6.h"

/*
 * Writing: operations in batches. Those about the link go alone, since an address needs
 * its number.
 */

/* The loopback link's number, in every network namespace (net/core/net_namespace.c). */
enum { LOOPBACK_INDEX = 1 };

struct writing {
	struct rtnl *rtnl;
	struct batch batch;
	int link; /* number of a link that was just made; 0: none, -1: it failed */
};

/* --- requests --- */

static size_t address_size(const struct address *address)
{
	return address->family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

static void put_address(struct request *request, uint16_t type,
			const struct address *address)
{
	request_put(request, type, address->bytes, address_size(address));
}

static void encode_address(struct rtnl *rtnl, const struct vip_operation *operation,
			   int link, struct request *request, void *buffer, size_t room)
{
	const struct address *address = &operation->network.address;
	bool add = operation->kind == VIP_ADD_ADDRESS;
	const struct ifaddrmsg header = { .ifa_family = address->family,
					  .ifa_prefixlen = operation->network.prefix,
					  .ifa_scope = RT_SCOPE_UNIVERSE,
					  .ifa_index = (uint32_t)link };

	netlink_start(rtnl->socket, request, buffer, room,
		      add ? RTM_NEWADDR : RTM_DELADDR,
		      add ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof(header));
	put_address(request, IFA_LOCAL, address);
	put_address(request, IFA_ADDRESS, address);
	/* No other host is on this link to be asked, or reached through it. */
	if (add && address->family == AF_INET6)
		request_put_u32(request, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
}

static void encode_route(struct rtnl *rtnl, const struct vip_operation *operation,
			 struct request *request, void *buffer, size_t room)
{
	const struct network *network = &operation->network;
	bool add = operation->kind == VIP_ADD_ROUTE;
	const struct rtmsg header = { .rtm_family = network->address.family,
				      .rtm_dst_len = network->prefix,
				      .rtm_table = RT_TABLE_LOCAL,
				      .rtm_protocol = HOST_ROUTE_PROTOCOL,
				      .rtm_scope = RT_SCOPE_HOST,
				      .rtm_type = RTN_LOCAL };

	netlink_start(rtnl->socket, request, buffer, room,
		      add ? RTM_NEWROUTE : RTM_DELROUTE,
		      add ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof(header));
	put_address(request, RTA_DST, &network->address);
	request_put_u32(request, RTA_OIF, LOOPBACK_INDEX);
	request_put_u32(request, RTA_PRIORITY, HOST_ROUTE_METRIC);
	if (operation->source.family != 0)
		put_address(request, RTA_PREFSRC, &operation->source);
}

static void encode_link(struct rtnl *rtnl, const struct vip_operation *operation,
			const uint8_t *hardware, struct request *request, void *buffer,
			size_t room)
{
	static const uint16_t types[] = {
		[VIP_ADD_LINK] = RTM_NEWLINK,
		[VIP_RENAME_LINK] = RTM_SETLINK,
		[VIP_REMOVE_LINK] = RTM_DELLINK,
	};
	bool add = operation->kind == VIP_ADD_LINK;
	const struct ifinfomsg header = { .ifi_index = add ? 0 : operation->link };
	size_t nest;

	netlink_start(rtnl->socket, request, buffer, room, types[operation->kind],
		      add ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof(header));
	if (operation->kind != VIP_REMOVE_LINK)
		request_put_text(request, IFLA_IFNAME, operation->name);
	if (!add)
		return;
	/* An address that is set keeps udev from giving it another one. */
	request_put(request, IFLA_ADDRESS, hardware, HOST_HARDWARE_LENGTH);
	nest = request_start_nest(request, IFLA_LINKINFO);
	request_put_text(request, IFLA_INFO_KIND, "dummy");
	request_end_nest(request, nest);
}

static int add(struct writing *writing, const struct vip_operation *operation,
	       size_t index)
{
	struct request request;
	size_t room;
	void *place = batch_place(&writing->batch, &room);
	int r;

	if (operation->kind == VIP_ADD_ADDRESS || operation->kind == VIP_REMOVE_ADDRESS)
		encode_address(writing->rtnl, operation,
			       operation->link ? operation->link : writing->link,
			       &request, place, room);
	else
		encode_route(writing->rtnl, operation, &request, place, room);
	r = batch_add(&writing->batch, request_end(&request), index);
	if (r == 0)
		writing->rtnl->counts.writes++;
	return r;
}

/* --- the link --- */

static int handle_index(const struct nlmsghdr *message, void *context)
{
	int *index = context;
	struct ifinfomsg header;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(header)))
		return 0;
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	*index = header.ifi_index;
	return 0;
}

static int find_index(struct rtnl *rtnl, const char *name, int *index)
{
	const struct ifinfomsg header = { 0 };
	struct request_buffer buffer;
	struct request request;

	netlink_start(rtnl->socket, &request, buffer.bytes, sizeof(buffer.bytes),
		      RTM_GETLINK, 0, &header, sizeof(header));
	request_put_text(&request, IFLA_IFNAME, name);
	rtnl->counts.reads++;
	return netlink_ask(rtnl->socket, request_end(&request), handle_index, index);
}

static int write_link(struct writing *writing, const struct vip_operation *operation,
		      const uint8_t *hardware)
{
	struct request_buffer buffer;
	struct request request;
	int r;

	encode_link(writing->rtnl, operation, hardware, &request, buffer.bytes,
		    sizeof(buffer.bytes));
	writing->rtnl->counts.writes++;
	r = netlink_ask(writing->rtnl->socket, request_end(&request), NULL, NULL);
	/* Whether it was done is not known then; a link that is there must stay ours. */
	if (r == -ETIMEDOUT || r == -ENOBUFS)
		r = -EINPROGRESS;
	if (operation->kind != VIP_ADD_LINK)
		return r;
	writing->link = -1;
	if (r < 0)
		return r;
	return find_index(writing->rtnl, operation->name, &writing->link) < 0
		       ? -EINPROGRESS
		       : 0;
}

static bool is_about_link(const struct vip_operation *operation)
{
	return operation->kind == VIP_ADD_LINK || operation->kind == VIP_RENAME_LINK ||
	       operation->kind == VIP_REMOVE_LINK;
}

static int apply_all(struct writing *writing, const struct vip_operation *operations,
		     size_t count, const uint8_t *hardware)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct vip_operation *operation = &operations[i];

		if (operation->kind == VIP_ADD_LINK && writing->batch.results[i] != 0)
			writing->link = -1;
		if (operation->kind == VIP_ADD_ADDRESS && operation->link == 0 &&
		    writing->link <= 0 && writing->batch.results[i] == 0)
			writing->batch.results[i] = -ECANCELED;
		/* Addresses that were to go to the link keep their routes. */
		if (operation->kind == VIP_REMOVE_ROUTE && writing->link < 0 &&
		    network_is_of_one(&operation->network) &&
		    writing->batch.results[i] == 0)
			writing->batch.results[i] = -ECANCELED;
		if (writing->batch.results[i] != 0)
			continue;
		if (is_about_link(operation) || batch_is_full(&writing->batch))
			r = batch_send(&writing->batch);
		if (r < 0)
			break;
		if (is_about_link(operation))
			writing->batch.results[i] =
				write_link(writing, operation, hardware);
		else
			r = add(writing, operation, i);
	}
	return r < 0 ? r : batch_send(&writing->batch);
}

int rtnl_apply(struct rtnl *rtnl, const struct vip_operation *operations, size_t count,
	       const uint8_t hardware[static HOST_HARDWARE_LENGTH], int *results,
	       struct err *err)
{
	cleanup_free struct writing *writing = calloc(1, sizeof(*writing));
	int r;

	if (!writing || batch_open(&writing->batch, rtnl->socket, results) < 0)
		return err_errno(err, ENOMEM, "writing addresses");
	writing->rtnl = rtnl;
	r = apply_all(writing, operations, count, hardware);
	batch_close(&writing->batch);
	if (r == 0)
		return 0;
	/*
	 * What was answered stands; of the rest nothing is known, or it was never sent.
	 */
	for (size_t i = 0; i < count; i++) {
		if (results[i] == 0)
			results[i] = -EINPROGRESS;
	}
	return err_errno(err, -r, "writing addresses");
}

void rtnl_explain(const struct vip_operation *operation, int code, char *buffer,
		  size_t size)
{
	bool add = operation->kind == VIP_ADD_ADDRESS || operation->kind == VIP_ADD_ROUTE;

	if (code == EPERM)
		snprintf(buffer, size, "no permission: CAP_NET_ADMIN is needed");
	else if (code == EOPNOTSUPP && operation->kind == VIP_ADD_LINK)
		snprintf(
			buffer, size,
			"this kernel has no dummy links: load its module dummy (modprobe dummy)");
	else if (code == EBUSY && operation->kind == VIP_RENAME_LINK)
		snprintf(buffer, size,
			 "this kernel renames no link that is up: ip link set %s down",
			 operation->name_before);
	else if (code == EEXIST && operation->kind == VIP_ADD_ROUTE)
		snprintf(
			buffer, size,
			"somebody else has a local route to it with metric %d; delete that",
			HOST_ROUTE_METRIC);
	else if (operation->network.address.family == AF_INET6 && ipv6_is_off(""))
		snprintf(buffer, size, IPV6_IS_OFF_TEXT);
	else if ((code == EACCES || code == EOPNOTSUPP) && add &&
		 operation->network.address.family == AF_INET6)
		snprintf(
			buffer, size,
			"IPv6 is disabled here: see net.ipv6.conf.all.disable_ipv6 and net.ipv6.conf.default.disable_ipv6");
	else if (code == ENETDOWN)
		snprintf(buffer, size, "the loopback link lo is down: ip link set lo up");
	else if (code == EINPROGRESS)
		snprintf(buffer, size, "the kernel's answer was lost; it is tried again");
	else
		snprintf(buffer, size, "%s", strerror(code));
}
