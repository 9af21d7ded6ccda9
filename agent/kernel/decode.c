/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/message.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

/* Minimum lengths: a short attribute makes the whole message refused, never read over its end. */
static const struct nla_policy command_policy[IPVS_CMD_ATTR_MAX + 1] = {
	[IPVS_CMD_ATTR_SERVICE] = { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_DEST] = { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_DAEMON] = { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_TIMEOUT_TCP] = { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN] = { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_UDP] = { .type = NLA_U32 },
};

static const struct nla_policy service_policy[IPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF] = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_PROTOCOL] = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_ADDR] = { .type = NLA_UNSPEC, .minlen = 16, .maxlen = 16 },
	[IPVS_SVC_ATTR_PORT] = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_FWMARK] = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_SCHED_NAME] = { .type = NLA_STRING,
				       .minlen = 1,
				       .maxlen = IP_VS_SCHEDNAME_MAXLEN },
	[IPVS_SVC_ATTR_FLAGS] = { .type = NLA_UNSPEC,
				  .minlen = sizeof(struct ip_vs_flags) },
	[IPVS_SVC_ATTR_TIMEOUT] = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_NETMASK] = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_PE_NAME] = { .type = NLA_STRING,
				    .minlen = 1,
				    .maxlen = IP_VS_PENAME_MAXLEN },
};

static const struct nla_policy destination_policy[IPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_ADDR] = { .type = NLA_UNSPEC, .minlen = 16, .maxlen = 16 },
	[IPVS_DEST_ATTR_PORT] = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_FWD_METHOD] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_WEIGHT] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_U_THRESH] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_L_THRESH] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_ACTIVE_CONNS] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_INACT_CONNS] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_ADDR_FAMILY] = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_TUN_TYPE] = { .type = NLA_U8 },
	[IPVS_DEST_ATTR_TUN_PORT] = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_TUN_FLAGS] = { .type = NLA_U16 },
};

static const struct nla_policy daemon_policy[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE] = { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_IFN] = { .type = NLA_STRING,
					 .minlen = 1,
					 .maxlen = IP_VS_IFNAME_MAXLEN },
	[IPVS_DAEMON_ATTR_SYNC_ID] = { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN] = { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP] = { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP6] = { .type = NLA_UNSPEC,
					    .minlen = 16,
					    .maxlen = 16 },
	[IPVS_DAEMON_ATTR_MCAST_PORT] = { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_TTL] = { .type = NLA_U8 },
};

static const struct nla_policy info_policy[IPVS_INFO_ATTR_MAX + 1] = {
	[IPVS_INFO_ATTR_VERSION] = { .type = NLA_U32 },
	[IPVS_INFO_ATTR_CONN_TAB_SIZE] = { .type = NLA_U32 },
};

static int parse_command(const struct nlmsghdr *message, struct nlattr **attributes,
			 int max, const struct nla_policy *policy)
{
	/* libnl's parsers take the message as writable and only read it. */
	struct nlmsghdr *header = (struct nlmsghdr *)message;

	if (!genlmsg_valid_hdr(header, 0))
		return -EBADMSG;
	return genlmsg_parse(header, 0, attributes, max, policy) < 0 ? -EBADMSG : 0;
}

/* The attributes nested in one of the command's. */
static int parse_nested(const struct nlmsghdr *message, int command_attribute,
			struct nlattr **attributes, int max,
			const struct nla_policy *policy)
{
	struct nlattr *command[IPVS_CMD_ATTR_MAX + 1];
	int r = parse_command(message, command, IPVS_CMD_ATTR_MAX, command_policy);

	if (r < 0)
		return r;
	if (!command[command_attribute])
		return -EBADMSG;
	r = nla_parse_nested(attributes, max, command[command_attribute], policy);
	return r < 0 ? -EBADMSG : 0;
}

/* Whether each attribute of a list that ends with 0 is there. */
static bool has_all(struct nlattr *const *attributes, const int *required)
{
	for (; *required; required++) {
		if (!attributes[*required])
			return false;
	}
	return true;
}

static int decode_address(const struct nlattr *attribute, unsigned int family,
			  struct address *address)
{
	if (family != AF_INET && family != AF_INET6)
		return -EPROTONOSUPPORT;
	address->family = (uint8_t)family;
	/* The kernel copies its whole union; only the family's own bytes count. */
	memcpy(address->bytes, nla_data(attribute), family == AF_INET ? 4 : 16);
	return 0;
}

static int decode_service_key(struct nlattr *const *attributes, struct service_key *key)
{
	static const int by_address[] = { IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR,
					  IPVS_SVC_ATTR_PORT, 0 };
	unsigned int family = nla_get_u16(attributes[IPVS_SVC_ATTR_AF]);

	if (attributes[IPVS_SVC_ATTR_FWMARK]) {
		if (family != AF_INET && family != AF_INET6)
			return -EPROTONOSUPPORT;
		key->fwmark = nla_get_u32(attributes[IPVS_SVC_ATTR_FWMARK]);
		key->address.family = (uint8_t)family;
		return 0;
	}
	if (!has_all(attributes, by_address))
		return -EBADMSG;
	key->protocol = (uint8_t)nla_get_u16(attributes[IPVS_SVC_ATTR_PROTOCOL]);
	if (!protocol_name(key->protocol))
		return -EPROTONOSUPPORT;
	key->port = ntohs(nla_get_u16(attributes[IPVS_SVC_ATTR_PORT]));
	return decode_address(attributes[IPVS_SVC_ATTR_ADDR], family, &key->address);
}

static void decode_persistence(struct nlattr *const *attributes, uint32_t flags,
			       struct service *service)
{
	service->persistence_netmask =
		service_default_netmask(service->key.address.family);
	if (!(flags & IP_VS_SVC_F_PERSISTENT))
		return;
	service->persistence_timeout = nla_get_u32(attributes[IPVS_SVC_ATTR_TIMEOUT]);
	service->persistence_netmask = nla_get_u32(attributes[IPVS_SVC_ATTR_NETMASK]);
	if (attributes[IPVS_SVC_ATTR_PE_NAME])
		nla_strlcpy(service->engine, attributes[IPVS_SVC_ATTR_PE_NAME],
			    sizeof(service->engine));
}

int message_decode_service(const struct nlmsghdr *message, struct service *service)
{
	static const int required[] = { IPVS_SVC_ATTR_AF,      IPVS_SVC_ATTR_SCHED_NAME,
					IPVS_SVC_ATTR_FLAGS,   IPVS_SVC_ATTR_TIMEOUT,
					IPVS_SVC_ATTR_NETMASK, 0 };
	struct nlattr *attributes[IPVS_SVC_ATTR_MAX + 1];
	struct ip_vs_flags flags;
	int r;

	r = parse_nested(message, IPVS_CMD_ATTR_SERVICE, attributes, IPVS_SVC_ATTR_MAX,
			 service_policy);
	if (r < 0)
		return r;
	if (!has_all(attributes, required))
		return -EBADMSG;
	r = decode_service_key(attributes, &service->key);
	if (r < 0)
		return r;
	nla_strlcpy(service->scheduler, attributes[IPVS_SVC_ATTR_SCHED_NAME],
		    sizeof(service->scheduler));
	memcpy(&flags, nla_data(attributes[IPVS_SVC_ATTR_FLAGS]), sizeof(flags));
	/* IP_VS_SVC_F_HASHED is the kernel's own and left out. */
	service->scheduler_flags = flags.flags / IP_VS_SVC_F_SCHED1 & 7;
	service->one_packet = flags.flags & IP_VS_SVC_F_ONEPACKET;
	decode_persistence(attributes, flags.flags, service);
	return 0;
}

static void decode_tunnel(struct nlattr *const *attributes,
			  struct destination *destination)
{
	if (destination->forward != FORWARD_TUNNEL ||
	    !attributes[IPVS_DEST_ATTR_TUN_TYPE])
		return;
	destination->tunnel_type = nla_get_u8(attributes[IPVS_DEST_ATTR_TUN_TYPE]);
	if (attributes[IPVS_DEST_ATTR_TUN_PORT])
		destination->tunnel_port =
			ntohs(nla_get_u16(attributes[IPVS_DEST_ATTR_TUN_PORT]));
	if (attributes[IPVS_DEST_ATTR_TUN_FLAGS])
		destination->tunnel_checksum =
			(uint8_t)nla_get_u16(attributes[IPVS_DEST_ATTR_TUN_FLAGS]);
}

int message_decode_destination(const struct nlmsghdr *message, uint8_t family,
			       struct destination *destination)
{
	static const int required[] = { IPVS_DEST_ATTR_ADDR,
					IPVS_DEST_ATTR_PORT,
					IPVS_DEST_ATTR_FWD_METHOD,
					IPVS_DEST_ATTR_WEIGHT,
					IPVS_DEST_ATTR_U_THRESH,
					IPVS_DEST_ATTR_L_THRESH,
					IPVS_DEST_ATTR_ACTIVE_CONNS,
					IPVS_DEST_ATTR_INACT_CONNS,
					0 };
	struct nlattr *attributes[IPVS_DEST_ATTR_MAX + 1];
	int r;

	r = parse_nested(message, IPVS_CMD_ATTR_DEST, attributes, IPVS_DEST_ATTR_MAX,
			 destination_policy);
	if (r < 0)
		return r;
	if (!has_all(attributes, required))
		return -EBADMSG;
	if (attributes[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = (uint8_t)nla_get_u16(attributes[IPVS_DEST_ATTR_ADDR_FAMILY]);
	r = decode_address(attributes[IPVS_DEST_ATTR_ADDR], family,
			   &destination->address);
	if (r < 0)
		return r;
	destination->port = ntohs(nla_get_u16(attributes[IPVS_DEST_ATTR_PORT]));
	destination->forward = nla_get_u32(attributes[IPVS_DEST_ATTR_FWD_METHOD]) &
			       IP_VS_CONN_F_FWD_MASK;
	destination->weight = nla_get_u32(attributes[IPVS_DEST_ATTR_WEIGHT]);
	destination->upper_threshold = nla_get_u32(attributes[IPVS_DEST_ATTR_U_THRESH]);
	destination->lower_threshold = nla_get_u32(attributes[IPVS_DEST_ATTR_L_THRESH]);
	destination->active_connections =
		nla_get_u32(attributes[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	destination->inactive_connections =
		nla_get_u32(attributes[IPVS_DEST_ATTR_INACT_CONNS]);
	decode_tunnel(attributes, destination);
	return 0;
}

int message_decode_timeouts(const struct nlmsghdr *message, struct timeouts *timeouts)
{
	static const int required[] = { IPVS_CMD_ATTR_TIMEOUT_TCP,
					IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, 0 };
	struct nlattr *attributes[IPVS_CMD_ATTR_MAX + 1];
	int r = parse_command(message, attributes, IPVS_CMD_ATTR_MAX, command_policy);

	if (r < 0)
		return r;
	if (!has_all(attributes, required))
		return -EBADMSG;
	timeouts->tcp = nla_get_u32(attributes[IPVS_CMD_ATTR_TIMEOUT_TCP]);
	timeouts->tcp_fin = nla_get_u32(attributes[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]);
	/* Left out by a kernel built without UDP (CONFIG_IP_VS_PROTO_UDP). */
	if (attributes[IPVS_CMD_ATTR_TIMEOUT_UDP])
		timeouts->udp = nla_get_u32(attributes[IPVS_CMD_ATTR_TIMEOUT_UDP]);
	return 0;
}

static int decode_group(struct nlattr *const *attributes, struct address *group)
{
	struct nlattr *v4 = attributes[IPVS_DAEMON_ATTR_MCAST_GROUP];
	struct nlattr *v6 = attributes[IPVS_DAEMON_ATTR_MCAST_GROUP6];

	if (v4) {
		group->family = AF_INET;
		group->v4.s_addr = nla_get_u32(v4);
	} else if (v6) {
		group->family = AF_INET6;
		memcpy(&group->v6, nla_data(v6), sizeof(group->v6));
	}
	return 0;
}

int message_decode_daemon(const struct nlmsghdr *message, struct sync_daemon *daemon)
{
	static const int required[] = { IPVS_DAEMON_ATTR_STATE,
					IPVS_DAEMON_ATTR_MCAST_IFN,
					IPVS_DAEMON_ATTR_SYNC_ID, 0 };
	struct nlattr *attributes[IPVS_DAEMON_ATTR_MAX + 1];
	uint32_t role;
	int r;

	r = parse_nested(message, IPVS_CMD_ATTR_DAEMON, attributes, IPVS_DAEMON_ATTR_MAX,
			 daemon_policy);
	if (r < 0)
		return r;
	if (!has_all(attributes, required))
		return -EBADMSG;
	role = nla_get_u32(attributes[IPVS_DAEMON_ATTR_STATE]);
	if (role != SYNC_MASTER && role != SYNC_BACKUP)
		return -EPROTONOSUPPORT;
	daemon->role = role;
	nla_strlcpy(daemon->interface, attributes[IPVS_DAEMON_ATTR_MCAST_IFN],
		    sizeof(daemon->interface));
	daemon->sync_id = (uint8_t)nla_get_u32(attributes[IPVS_DAEMON_ATTR_SYNC_ID]);
	if (attributes[IPVS_DAEMON_ATTR_SYNC_MAXLEN])
		daemon->max_length =
			nla_get_u16(attributes[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
	if (attributes[IPVS_DAEMON_ATTR_MCAST_PORT])
		daemon->port = nla_get_u16(attributes[IPVS_DAEMON_ATTR_MCAST_PORT]);
	if (attributes[IPVS_DAEMON_ATTR_MCAST_TTL])
		daemon->ttl = nla_get_u8(attributes[IPVS_DAEMON_ATTR_MCAST_TTL]);
	return decode_group(attributes, &daemon->group);
}

int message_decode_info(const struct nlmsghdr *message, uint32_t *version,
			uint32_t *table_size)
{
	struct nlattr *attributes[IPVS_INFO_ATTR_MAX + 1];
	int r = parse_command(message, attributes, IPVS_INFO_ATTR_MAX, info_policy);

	if (r < 0)
		return r;
	if (!attributes[IPVS_INFO_ATTR_VERSION] ||
	    !attributes[IPVS_INFO_ATTR_CONN_TAB_SIZE])
		return -EBADMSG;
	*version = nla_get_u32(attributes[IPVS_INFO_ATTR_VERSION]);
	*table_size = nla_get_u32(attributes[IPVS_INFO_ATTR_CONN_TAB_SIZE]);
	return 0;
}
