/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/kernel/netlink/answer.h"
#include "agent/kernel/rtnl_socket.h"
#include "common/array.h"

/*
 * How often a dump is made that others' changes interrupt, before what it gave is taken.
 */
enum { DUMP_TRIES = 5 };

int rtnl_open(struct rtnl **rtnl, struct err *err)
{
	cleanup_rtnl struct rtnl *opened = calloc(1, sizeof(*opened));
	int r;

	if (!opened)
		return err_errno(err, ENOMEM, "rtnetlink");
	r = netlink_open(&opened->socket, NETLINK_ROUTE, RECEIVE_LONG, err);
	if (r < 0)
		return r;
	/*
	 * So that dumps are filtered by table and protocol; kernels before 4.20 give all.
	 */
	(void)netlink_check_strictly(opened->socket);
	*rtnl = TAKE_PTR(opened);
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	netlink_close(rtnl->socket);
	free(rtnl);
}

const struct rtnl_counts *rtnl_get_counts(const struct rtnl *rtnl)
{
	return &rtnl->counts;
}

/* --- one message each --- */

static int take_address(const struct answer *answer, unsigned int type, uint8_t family,
			struct address *address)
{
	size_t size = family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);

	if (!answer->value[type] || answer->length[type] != size)
		return -EBADMSG;
	memset(address, 0, sizeof(*address));
	memcpy(address->bytes, answer->value[type], size);
	address->family = family;
	return 0;
}

static bool is_dummy(const struct answer *answer)
{
	static const struct answer_rule rules[IFLA_INFO_KIND + 1] = {
		[IFLA_INFO_KIND] = { 1, 64 },
	};
	struct answer info;

	return answer_find_nested(&info, answer, IFLA_LINKINFO, rules,
				  ARRAY_SIZE(rules)) == 0 &&
	       answer_is_text(&info, IFLA_INFO_KIND, "dummy");
}

static int handle_link(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[IFLA_LINKINFO + 1] = {
		[IFLA_ADDRESS] = { 0, UINT16_MAX },
		[IFLA_IFNAME] = { 1, IF_NAMESIZE },
		[IFLA_LINKINFO] = { 0, UINT16_MAX },
	};
	struct host_net *host = context;
	struct ifinfomsg header;
	struct answer answer;
	struct host_link *link;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (answer_find_in_message(&answer, message, sizeof(header), rules,
				   ARRAY_SIZE(rules)) < 0 ||
	    !answer.value[IFLA_IFNAME])
		return -EBADMSG;
	if (ARRAY_MAKE_ROOM(host->links, host->link_count, host->link_room) < 0)
		return -ENOMEM;
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	link = &host->links[host->link_count++];
	*link = (struct host_link){ .index = header.ifi_index,
				    .loopback = header.ifi_flags & IFF_LOOPBACK,
				    .dummy = is_dummy(&answer) };
	answer_text(&answer, IFLA_IFNAME, link->name, sizeof(link->name));
	if (answer.value[IFLA_ADDRESS] &&
	    answer.length[IFLA_ADDRESS] == HOST_HARDWARE_LENGTH)
		memcpy(link->hardware, answer.value[IFLA_ADDRESS], HOST_HARDWARE_LENGTH);
	return 0;
}

static int handle_address(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[IFA_FLAGS + 1] = {
		[IFA_ADDRESS] = { 4, 16 },
		[IFA_LOCAL] = { 4, 16 },
		[IFA_FLAGS] = { 4, 4 },
	};
	struct host_net *host = context;
	struct host_address added = { 0 };
	struct ifaddrmsg header;
	struct answer answer;
	uint32_t flags;

	if (message->nlmsg_type != RTM_NEWADDR)
		return 0;
	if (answer_find_in_message(&answer, message, sizeof(header), rules,
				   ARRAY_SIZE(rules)) < 0)
		return -EBADMSG;
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6)
		return 0;
	/* Of a point-to-point link IFA_ADDRESS is the other end. */
	if (take_address(&answer, answer.value[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS,
			 header.ifa_family, &added.address) < 0)
		return -EBADMSG;
	flags = answer.value[IFA_FLAGS] ? answer_u32(&answer, IFA_FLAGS)
					: header.ifa_flags;
	added.prefix = header.ifa_prefixlen;
	added.link = (int)header.ifa_index;
	added.global = header.ifa_scope == RT_SCOPE_UNIVERSE &&
		       !(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED));
	/* The same bit is an IPv6 address's IFA_F_TEMPORARY. */
	added.primary = !(flags & IFA_F_SECONDARY);
	if (ARRAY_MAKE_ROOM(host->addresses, host->address_count, host->address_room) < 0)
		return -ENOMEM;
	host->addresses[host->address_count++] = added;
	return 0;
}

static const struct answer_rule route_rules[RTA_VIA + 1] = {
	[RTA_DST] = { 4, 16 },	   [RTA_OIF] = { 4, 4 },
	[RTA_GATEWAY] = { 4, 16 }, [RTA_PRIORITY] = { 4, 4 },
	[RTA_PREFSRC] = { 4, 16 }, [RTA_MULTIPATH] = { 0, UINT16_MAX },
	[RTA_TABLE] = { 4, 4 },	   [RTA_VIA] = { 2, 64 },
};

struct route_reader {
	struct host_net *host;
	uint8_t family; /* kernels without IPv6 answer for every family */
};

/*
 * Whether the message is a route of this table and family, and then its header and
 * attributes.
 */
static bool take_route(const struct route_reader *reader, const struct nlmsghdr *message,
		       uint32_t table, struct rtmsg *header, struct answer *answer)
{
	uint32_t found;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    answer_find_in_message(answer, message, sizeof(*header), route_rules,
				   ARRAY_SIZE(route_rules)) < 0)
		return false;
	memcpy(header, NLMSG_DATA(message), sizeof(*header));
	found = answer->value[RTA_TABLE] ? answer_u32(answer, RTA_TABLE)
					 : header->rtm_table;
	return header->rtm_family == reader->family && found == table &&
	       !(header->rtm_flags & RTM_F_CLONED);
}

static int handle_own_route(const struct nlmsghdr *message, void *context)
{
	struct route_reader *reader = context;
	struct host_net *host = reader->host;
	struct host_route route = { 0 };
	struct answer answer;
	struct rtmsg header;

	if (!take_route(reader, message, RT_TABLE_LOCAL, &header, &answer) ||
	    header.rtm_type != RTN_LOCAL || header.rtm_protocol != HOST_ROUTE_PROTOCOL)
		return 0;
	route.network.prefix = header.rtm_dst_len;
	if (!answer.value[RTA_DST] ||
	    take_address(&answer, RTA_DST, header.rtm_family, &route.network.address) < 0)
		return 0;
	if (answer.value[RTA_PREFSRC] &&
	    take_address(&answer, RTA_PREFSRC, header.rtm_family, &route.source) < 0)
		return -EBADMSG;
	if (ARRAY_MAKE_ROOM(host->routes, host->route_count, host->route_room) < 0)
		return -ENOMEM;
	host->routes[host->route_count++] = route;
	return 0;
}

/* A gateway's attributes stand in the route, or in each of its next hops. */
static int add_gateway(struct route_reader *reader, const struct answer *answer, int link,
		       uint32_t metric)
{
	struct host_gateway gateway = { .family = reader->family,
					.link = link,
					.metric = metric };
	struct host_net *host = reader->host;

	if (answer->value[RTA_GATEWAY]) {
		if (take_address(answer, RTA_GATEWAY, reader->family, &gateway.address) <
		    0)
			return -EBADMSG;
	} else if (answer->value[RTA_VIA]) {
		/* struct rtvia: a family, then the address */
		const char *via = answer->value[RTA_VIA];
		size_t size = answer->length[RTA_VIA] - sizeof(uint16_t);
		uint16_t family;

		memcpy(&family, via, sizeof(family));
		if (family == AF_INET6 && size == sizeof(gateway.address.v6)) {
			memcpy(gateway.address.bytes, via + sizeof(family), size);
			gateway.address.family = AF_INET6;
		}
	}
	if (ARRAY_MAKE_ROOM(host->gateways, host->gateway_count, host->gateway_room) < 0)
		return -ENOMEM;
	host->gateways[host->gateway_count++] = gateway;
	return 0;
}

static int add_hops(struct route_reader *reader, const struct answer *route,
		    uint32_t metric)
{
	const char *at = route->value[RTA_MULTIPATH];
	size_t left = route->length[RTA_MULTIPATH];
	int r = 0;

	while (r == 0 && left >= sizeof(struct rtnexthop)) {
		struct rtnexthop hop;
		struct answer answer;

		memcpy(&hop, at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return -EBADMSG;
		r = answer_find(&answer, at + sizeof(hop), hop.rtnh_len - sizeof(hop),
				route_rules, ARRAY_SIZE(route_rules));
		if (r == 0)
			r = add_gateway(reader, &answer, hop.rtnh_ifindex, metric);
		at += MIN_OF((size_t)RTNH_ALIGN(hop.rtnh_len), left);
		left -= MIN_OF((size_t)RTNH_ALIGN(hop.rtnh_len), left);
	}
	return r;
}

static int handle_default_route(const struct nlmsghdr *message, void *context)
{
	struct route_reader *reader = context;
	struct answer answer;
	struct rtmsg header;
	uint32_t metric;
	int link;

	if (!take_route(reader, message, RT_TABLE_MAIN, &header, &answer) ||
	    header.rtm_dst_len != 0 || header.rtm_type != RTN_UNICAST)
		return 0;
	metric = answer.value[RTA_PRIORITY] ? answer_u32(&answer, RTA_PRIORITY) : 0;
	if (answer.value[RTA_MULTIPATH])
		return add_hops(reader, &answer, metric);
	link = answer.value[RTA_OIF] ? (int)answer_u32(&answer, RTA_OIF) : 0;
	return add_gateway(reader, &answer, link, metric);
}

/* --- dumps --- */

static int dump_routes(struct rtnl *rtnl, struct host_net *host, uint8_t family,
		       uint8_t table, netlink_handler handle)
{
	bool own = table == RT_TABLE_LOCAL;
	const struct rtmsg header = { .rtm_family = family,
				      .rtm_table = table,
				      .rtm_type = own ? RTN_LOCAL : RTN_UNSPEC,
				      .rtm_protocol =
					      own ? HOST_ROUTE_PROTOCOL : RTPROT_UNSPEC };
	struct route_reader reader = { .host = host, .family = family };
	int r = rtnl_dump(rtnl, RTM_GETROUTE, &header, sizeof(header), handle, &reader);

	/* A table in which nothing has ever been. */
	return r == -ENOENT ? 0 : r;
}

static int dump_all(struct rtnl *rtnl, enum rtnl_extent extent, struct host_net *host)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	const struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	const struct ifaddrmsg address = { .ifa_family = AF_UNSPEC };
	int r = rtnl_dump(rtnl, RTM_GETLINK, &link, sizeof(link), handle_link, host);

	if (r == 0)
		r = rtnl_dump(rtnl, RTM_GETADDR, &address, sizeof(address),
			      handle_address, host);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(families); i++) {
		if (extent >= RTNL_OWN_ROUTES)
			r = dump_routes(rtnl, host, families[i], RT_TABLE_LOCAL,
					handle_own_route);
		if (r == 0 && extent >= RTNL_GATEWAYS)
			r = dump_routes(rtnl, host, families[i], RT_TABLE_MAIN,
					handle_default_route);
	}
	return r;
}

int rtnl_read_node(struct rtnl *rtnl, enum rtnl_extent extent, struct host_net *host,
		   struct err *err)
{
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		host_net_clear(host);
		rtnl->takes_interrupted = i == DUMP_TRIES - 1;
		r = dump_all(rtnl, extent, host);
	}
	if (r < 0) {
		host_net_clear(host);
		return err_errno(err, -r, "reading links, addresses and routes");
	}
	host_net_sort(host);
	return 0;
}
