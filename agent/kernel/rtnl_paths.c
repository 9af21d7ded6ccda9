/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/rtnl_paths.h"

#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/kernel/netlink/answer.h"
#include "agent/kernel/rtnl_socket.h"
#include "common/array.h"

enum { DUMP_TRIES = 3 };

struct paths_reader {
	struct rtnl_paths *paths;
	uint8_t family;
};

/* --- one message each --- */

static int handle_link(const struct nlmsghdr *message, void *context)
{
	static const struct answer_rule rules[IFLA_IFNAME + 1] = {
		[IFLA_IFNAME] = { 1, IF_NAMESIZE },
	};
	struct rtnl_paths *paths = ((struct paths_reader *)context)->paths;
	struct usability_link *link;
	struct ifinfomsg header;
	struct answer answer;

	if (message->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (answer_find_in_message(&answer, message, sizeof(header), rules,
				   ARRAY_SIZE(rules)) < 0 ||
	    !answer.value[IFLA_IFNAME])
		return -EBADMSG;
	if (ARRAY_MAKE_ROOM(paths->links, paths->link_count, paths->link_room) < 0)
		return -ENOMEM;
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	link = &paths->links[paths->link_count++];
	*link = (struct usability_link){ .index = header.ifi_index };
	answer_text(&answer, IFLA_IFNAME, link->name, sizeof(link->name));
	return 0;
}

/*
 * IPv4 asks the link that a packet came in over (ip_input.c: IN_DEV_FORWARD); IPv6 asks
 * "all", and since 6.17 also force_forwarding of the link (ip6_output.c: ip6_forward),
 * which no header of an older kernel has a name for.
 */
static int handle_netconf(const struct nlmsghdr *message, void *context)
{
	enum { FORCE_FORWARDING = 9 };
	static const struct answer_rule rules[FORCE_FORWARDING + 1] = {
		[NETCONFA_IFINDEX] = { 4, 4 },
		[NETCONFA_FORWARDING] = { 4, 4 },
		[FORCE_FORWARDING] = { 4, 4 },
	};
	struct paths_reader *reader = context;
	struct rtnl_paths *paths = reader->paths;
	bool v6 = reader->family == AF_INET6, forced;
	struct netconfmsg header;
	struct answer answer;
	int link;

	if (message->nlmsg_type != RTM_NEWNETCONF)
		return 0;
	if (answer_find_in_message(&answer, message, sizeof(header), rules,
				   ARRAY_SIZE(rules)) < 0)
		return -EBADMSG;
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	if (header.ncm_family != reader->family || !answer.value[NETCONFA_IFINDEX] ||
	    !answer.value[NETCONFA_FORWARDING])
		return 0;
	link = (int)answer_u32(&answer, NETCONFA_IFINDEX);
	forced = v6 && answer.value[FORCE_FORWARDING] &&
		 answer_u32(&answer, FORCE_FORWARDING);
	if (link != NETCONFA_IFINDEX_ALL && (link <= 0 || (v6 && !forced)))
		return 0;
	if (ARRAY_MAKE_ROOM(paths->forwarding, paths->forwarding_count,
			    paths->forwarding_room) < 0)
		return -ENOMEM;
	paths->forwarding[paths->forwarding_count++] = (struct forwarding){
		.family = reader->family,
		.link = link == NETCONFA_IFINDEX_ALL ? FORWARDING_ALL : link,
		.on = forced || answer_u32(&answer, NETCONFA_FORWARDING),
	};
	return 0;
}

static const struct answer_rule route_rules[RTA_TABLE + 1] = {
	[RTA_DST] = { 4, 16 },	   [RTA_OIF] = { 4, 4 },
	[RTA_PRIORITY] = { 4, 4 }, [RTA_MULTIPATH] = { 0, UINT16_MAX },
	[RTA_TABLE] = { 4, 4 },
};

/* ROUTE_NONE for a route that says nothing of whether an address can be reached. */
static uint8_t kind_of(const struct rtmsg *header, uint32_t table)
{
	switch (header->rtm_type) {
	case RTN_LOCAL:
	case RTN_ANYCAST:
		return ROUTE_LOCAL;
	case RTN_UNICAST:
		return ROUTE_LINK;
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
		/* In a table of another kind it holds for some packets only. */
		return table == RT_TABLE_MAIN ? ROUTE_REFUSED : ROUTE_NONE;
	default:
		return ROUTE_NONE;
	}
}

static int handle_route(const struct nlmsghdr *message, void *context)
{
	struct paths_reader *reader = context;
	struct route route = { 0 };
	struct answer answer;
	struct rtmsg header;
	uint32_t table;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	if (answer_find_in_message(&answer, message, sizeof(header), route_rules,
				   ARRAY_SIZE(route_rules)) < 0)
		return -EBADMSG;
	memcpy(&header, NLMSG_DATA(message), sizeof(header));
	table = answer.value[RTA_TABLE] ? answer_u32(&answer, RTA_TABLE)
					: header.rtm_table;
	route.kind = kind_of(&header, table);
	if (route.kind == ROUTE_NONE || header.rtm_family != reader->family ||
	    (header.rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD)))
		return 0;
	route.network.address.family = header.rtm_family;
	route.network.prefix = header.rtm_dst_len;
	if (answer.value[RTA_DST])
		memcpy(route.network.address.bytes, answer.value[RTA_DST],
		       MIN_OF((size_t)answer.length[RTA_DST],
			      header.rtm_family == AF_INET6 ? (size_t)16 : (size_t)4));
	if (route.network.prefix > (header.rtm_family == AF_INET6 ? 128 : 32))
		return -EBADMSG;
	network_mask(&route.network);
	if (answer.value[RTA_OIF] && !answer.value[RTA_MULTIPATH])
		route.link = (int)answer_u32(&answer, RTA_OIF);
	route.metric = answer.value[RTA_PRIORITY] ? answer_u32(&answer, RTA_PRIORITY) : 0;
	return route_map_add(&reader->paths->routes, &route);
}

/* --- dumps --- */

static int dump_family(struct rtnl *rtnl, struct paths_reader *reader)
{
	const struct rtmsg route = { .rtm_family = reader->family };
	const struct netconfmsg netconf = { .ncm_family = reader->family };
	int r = rtnl_dump(rtnl, RTM_GETROUTE, &route, sizeof(route), handle_route,
			  reader);

	if (r == 0)
		r = rtnl_dump(rtnl, RTM_GETNETCONF, &netconf, sizeof(netconf),
			      handle_netconf, reader);
	/* A kernel without IPv6. */
	return r == -EOPNOTSUPP || r == -ENOENT || r == -EAFNOSUPPORT ? 0 : r;
}

static int dump_all(struct rtnl *rtnl, struct rtnl_paths *paths)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	const struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct paths_reader reader = { .paths = paths };
	int r = rtnl_dump(rtnl, RTM_GETLINK, &link, sizeof(link), handle_link, &reader);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(families); i++) {
		reader.family = families[i];
		r = dump_family(rtnl, &reader);
	}
	return r;
}

int rtnl_read_paths(struct rtnl *rtnl, struct rtnl_paths *paths, struct err *err)
{
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		rtnl_paths_clear(paths);
		rtnl->takes_interrupted = i == DUMP_TRIES - 1;
		r = dump_all(rtnl, paths);
	}
	if (r == 0)
		r = route_map_finish(&paths->routes);
	if (r < 0) {
		rtnl_paths_clear(paths);
		return err_errno(err, -r, "reading links and routes");
	}
	return 0;
}

void rtnl_paths_clear(struct rtnl_paths *paths)
{
	free(paths->links);
	route_map_clear(&paths->routes);
	free(paths->forwarding);
	memset(paths, 0, sizeof(*paths));
}
