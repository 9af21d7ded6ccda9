/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs_message.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <string.h>

#include "agent/kernel/netlink/answer.h"

/*
 * Lengths are checked before a value is read: a short attribute makes the whole message
 * refused.
 */
#define NUMBER(type)                                                                     \
	{                                                                                \
		sizeof(type), sizeof(type)                                               \
	}
#define TEXT(room)                                                                       \
	{                                                                                \
		1, room                                                                  \
	}
#define ADDRESS                                                                          \
	{                                                                                \
		16, 16                                                                   \
	}
#define NEST                                                                             \
	{                                                                                \
		0, UINT16_MAX                                                            \
	}

static const struct answer_rule command_rules[] = {
	[IPVS_CMD_ATTR_SERVICE] = NEST,
	[IPVS_CMD_ATTR_DEST] = NEST,
	[IPVS_CMD_ATTR_DAEMON] = NEST,
	[IPVS_CMD_ATTR_TIMEOUT_TCP] = NUMBER(uint32_t),
	[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN] = NUMBER(uint32_t),
	[IPVS_CMD_ATTR_TIMEOUT_UDP] = NUMBER(uint32_t),
};

static const struct answer_rule service_rules[] = {
	[IPVS_SVC_ATTR_AF] = NUMBER(uint16_t),
	[IPVS_SVC_ATTR_PROTOCOL] = NUMBER(uint16_t),
	[IPVS_SVC_ATTR_ADDR] = ADDRESS,
	[IPVS_SVC_ATTR_PORT] = NUMBER(uint16_t),
	[IPVS_SVC_ATTR_FWMARK] = NUMBER(uint32_t),
	[IPVS_SVC_ATTR_SCHED_NAME] = TEXT(IP_VS_SCHEDNAME_MAXLEN),
	[IPVS_SVC_ATTR_FLAGS] = { sizeof(struct ip_vs_flags),
				  sizeof(struct ip_vs_flags) },
	[IPVS_SVC_ATTR_TIMEOUT] = NUMBER(uint32_t),
	[IPVS_SVC_ATTR_NETMASK] = NUMBER(uint32_t),
	[IPVS_SVC_ATTR_PE_NAME] = TEXT(IP_VS_PENAME_MAXLEN),
};

static const struct answer_rule destination_rules[] = {
	[IPVS_DEST_ATTR_ADDR] = ADDRESS,
	[IPVS_DEST_ATTR_PORT] = NUMBER(uint16_t),
	[IPVS_DEST_ATTR_FWD_METHOD] = NUMBER(uint32_t),
	[IPVS_DEST_ATTR_WEIGHT] = NUMBER(uint32_t),
	[IPVS_DEST_ATTR_U_THRESH] = NUMBER(uint32_t),
	[IPVS_DEST_ATTR_L_THRESH] = NUMBER(uint32_t),
	[IPVS_DEST_ATTR_ACTIVE_CONNS] = NUMBER(uint32_t),
	[IPVS_DEST_ATTR_INACT_CONNS] = NUMBER(uint32_t),
	[IPVS_DEST_ATTR_ADDR_FAMILY] = NUMBER(uint16_t),
	[IPVS_DEST_ATTR_TUN_TYPE] = NUMBER(uint8_t),
	[IPVS_DEST_ATTR_TUN_PORT] = NUMBER(uint16_t),
	[IPVS_DEST_ATTR_TUN_FLAGS] = NUMBER(uint16_t),
};

static const struct answer_rule daemon_rules[] = {
	[IPVS_DAEMON_ATTR_STATE] = NUMBER(uint32_t),
	[IPVS_DAEMON_ATTR_MCAST_IFN] = TEXT(IP_VS_IFNAME_MAXLEN),
	[IPVS_DAEMON_ATTR_SYNC_ID] = NUMBER(uint32_t),
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN] = NUMBER(uint16_t),
	[IPVS_DAEMON_ATTR_MCAST_GROUP] = NUMBER(uint32_t),
	[IPVS_DAEMON_ATTR_MCAST_GROUP6] = ADDRESS,
	[IPVS_DAEMON_ATTR_MCAST_PORT] = NUMBER(uint16_t),
	[IPVS_DAEMON_ATTR_MCAST_TTL] = NUMBER(uint8_t),
};

static const struct answer_rule info_rules[] = {
	[IPVS_INFO_ATTR_VERSION] = NUMBER(uint32_t),
	[IPVS_INFO_ATTR_CONN_TAB_SIZE] = NUMBER(uint32_t),
};

static int find_command(struct answer *command, const struct nlmsghdr *message)
{
	return answer_find_in_message(command, message, sizeof(struct genlmsghdr),
				      command_rules, ARRAY_SIZE(command_rules));
}

/* The attributes nested in one of the command's. */
static int find_nested(struct answer *answer, const struct nlmsghdr *message,
		       unsigned int command_attribute, const struct answer_rule *rules,
		       unsigned int count)
{
	struct answer command;
	int r = find_command(&command, message);

	return r < 0 ? r
		     : answer_find_nested(answer, &command, command_attribute, rules,
					  count);
}

/* Whether each attribute of a list that ends with 0 is there. */
static bool has_all(const struct answer *answer, const uint8_t *required)
{
	for (; *required; required++) {
		if (!answer->value[*required])
			return false;
	}
	return true;
}

static int decode_address(const void *bytes, unsigned int family, struct address *address)
{
	if (family != AF_INET && family != AF_INET6)
		return -EPROTONOSUPPORT;
	address->family = (uint8_t)family;
	/* The kernel copies its whole union; only the family's own bytes count. */
	memcpy(address->bytes, bytes, family == AF_INET ? 4 : 16);
	return 0;
}

static int decode_service_key(const struct answer *answer, struct service_key *key)
{
	static const uint8_t by_address[] = { IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR,
					      IPVS_SVC_ATTR_PORT, 0 };
	unsigned int family = answer_u16(answer, IPVS_SVC_ATTR_AF);

	if (answer->value[IPVS_SVC_ATTR_FWMARK]) {
		if (family != AF_INET && family != AF_INET6)
			return -EPROTONOSUPPORT;
		key->fwmark = answer_u32(answer, IPVS_SVC_ATTR_FWMARK);
		key->address.family = (uint8_t)family;
		return 0;
	}
	if (!has_all(answer, by_address))
		return -EBADMSG;
	key->protocol = (uint8_t)answer_u16(answer, IPVS_SVC_ATTR_PROTOCOL);
	if (!protocol_name(key->protocol))
		return -EPROTONOSUPPORT;
	key->port = ntohs(answer_u16(answer, IPVS_SVC_ATTR_PORT));
	return decode_address(answer->value[IPVS_SVC_ATTR_ADDR], family, &key->address);
}

static void decode_persistence(const struct answer *answer, uint32_t flags,
			       struct service *service)
{
	service->persistence_netmask =
		service_default_netmask(service->key.address.family);
	/*
	 * ip_vs_ctl.c, ip_vs_add_service: an engine needs no persistence, and looks at
	 * connections without.
	 */
	if (answer->value[IPVS_SVC_ATTR_PE_NAME])
		answer_text(answer, IPVS_SVC_ATTR_PE_NAME, service->engine,
			    sizeof(service->engine));
	if (!(flags & IP_VS_SVC_F_PERSISTENT))
		return;
	service->persistence_timeout = answer_u32(answer, IPVS_SVC_ATTR_TIMEOUT);
	service->persistence_netmask = answer_u32(answer, IPVS_SVC_ATTR_NETMASK);
}

int ipvs_decode_service(const struct nlmsghdr *message, struct service *service)
{
	static const uint8_t required[] = {
		IPVS_SVC_ATTR_AF,      IPVS_SVC_ATTR_SCHED_NAME, IPVS_SVC_ATTR_FLAGS,
		IPVS_SVC_ATTR_TIMEOUT, IPVS_SVC_ATTR_NETMASK,	 0
	};
	struct answer found;
	const struct answer *answer = &found;
	struct ip_vs_flags flags;
	int r;

	r = find_nested(&found, message, IPVS_CMD_ATTR_SERVICE, service_rules,
			ARRAY_SIZE(service_rules));
	if (r < 0)
		return r;
	if (!has_all(answer, required))
		return -EBADMSG;
	r = decode_service_key(answer, &service->key);
	if (r < 0)
		return r;
	answer_text(answer, IPVS_SVC_ATTR_SCHED_NAME, service->scheduler,
		    sizeof(service->scheduler));
	memcpy(&flags, answer->value[IPVS_SVC_ATTR_FLAGS], sizeof(flags));
	/* IP_VS_SVC_F_HASHED is the kernel's own and left out. */
	service->scheduler_flags = flags.flags / IP_VS_SVC_F_SCHED1 & 7;
	service->one_packet = flags.flags & IP_VS_SVC_F_ONEPACKET;
	decode_persistence(answer, flags.flags, service);
	return 0;
}

static void decode_tunnel(const struct answer *answer, struct destination *destination)
{
	if (destination->forward != FORWARD_TUNNEL ||
	    !answer->value[IPVS_DEST_ATTR_TUN_TYPE])
		return;
	destination->tunnel_type = answer_u8(answer, IPVS_DEST_ATTR_TUN_TYPE);
	if (answer->value[IPVS_DEST_ATTR_TUN_PORT])
		destination->tunnel_port =
			ntohs(answer_u16(answer, IPVS_DEST_ATTR_TUN_PORT));
	if (answer->value[IPVS_DEST_ATTR_TUN_FLAGS])
		destination->tunnel_checksum =
			(uint8_t)answer_u16(answer, IPVS_DEST_ATTR_TUN_FLAGS);
}

int ipvs_decode_destination(const struct nlmsghdr *message, uint8_t family,
			    struct destination *destination)
{
	static const uint8_t required[] = { IPVS_DEST_ATTR_ADDR,
					    IPVS_DEST_ATTR_PORT,
					    IPVS_DEST_ATTR_FWD_METHOD,
					    IPVS_DEST_ATTR_WEIGHT,
					    IPVS_DEST_ATTR_U_THRESH,
					    IPVS_DEST_ATTR_L_THRESH,
					    IPVS_DEST_ATTR_ACTIVE_CONNS,
					    IPVS_DEST_ATTR_INACT_CONNS,
					    0 };
	struct answer found;
	const struct answer *answer = &found;
	int r;

	r = find_nested(&found, message, IPVS_CMD_ATTR_DEST, destination_rules,
			ARRAY_SIZE(destination_rules));
	if (r < 0)
		return r;
	if (!has_all(answer, required))
		return -EBADMSG;
	if (answer->value[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = (uint8_t)answer_u16(answer, IPVS_DEST_ATTR_ADDR_FAMILY);
	r = decode_address(answer->value[IPVS_DEST_ATTR_ADDR], family,
			   &destination->address);
	if (r < 0)
		return r;
	destination->port = ntohs(answer_u16(answer, IPVS_DEST_ATTR_PORT));
	destination->forward =
		answer_u32(answer, IPVS_DEST_ATTR_FWD_METHOD) & IP_VS_CONN_F_FWD_MASK;
	destination->weight = answer_u32(answer, IPVS_DEST_ATTR_WEIGHT);
	destination->upper_threshold = answer_u32(answer, IPVS_DEST_ATTR_U_THRESH);
	destination->lower_threshold = answer_u32(answer, IPVS_DEST_ATTR_L_THRESH);
	destination->active_connections = answer_u32(answer, IPVS_DEST_ATTR_ACTIVE_CONNS);
	destination->inactive_connections =
		answer_u32(answer, IPVS_DEST_ATTR_INACT_CONNS);
	decode_tunnel(answer, destination);
	return 0;
}

int ipvs_decode_timeouts(const struct nlmsghdr *message, struct timeouts *timeouts)
{
	static const uint8_t required[] = { IPVS_CMD_ATTR_TIMEOUT_TCP,
					    IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, 0 };
	struct answer found;
	const struct answer *answer = &found;
	int r = find_command(&found, message);

	if (r < 0)
		return r;
	if (!has_all(answer, required))
		return -EBADMSG;
	timeouts->tcp = answer_u32(answer, IPVS_CMD_ATTR_TIMEOUT_TCP);
	timeouts->tcp_fin = answer_u32(answer, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN);
	/* Left out by a kernel built without UDP (CONFIG_IP_VS_PROTO_UDP). */
	if (answer->value[IPVS_CMD_ATTR_TIMEOUT_UDP])
		timeouts->udp = answer_u32(answer, IPVS_CMD_ATTR_TIMEOUT_UDP);
	return 0;
}

static void decode_group(const struct answer *answer, struct address *group)
{
	if (answer->value[IPVS_DAEMON_ATTR_MCAST_GROUP]) {
		group->family = AF_INET;
		group->v4.s_addr = answer_u32(answer, IPVS_DAEMON_ATTR_MCAST_GROUP);
	} else if (answer->value[IPVS_DAEMON_ATTR_MCAST_GROUP6]) {
		group->family = AF_INET6;
		memcpy(&group->v6, answer->value[IPVS_DAEMON_ATTR_MCAST_GROUP6],
		       sizeof(group->v6));
	}
}

int ipvs_decode_sync_daemon(const struct nlmsghdr *message, struct sync_daemon *daemon)
{
	static const uint8_t required[] = { IPVS_DAEMON_ATTR_STATE,
					    IPVS_DAEMON_ATTR_MCAST_IFN,
					    IPVS_DAEMON_ATTR_SYNC_ID, 0 };
	struct answer found;
	const struct answer *answer = &found;
	uint32_t role;
	int r;

	r = find_nested(&found, message, IPVS_CMD_ATTR_DAEMON, daemon_rules,
			ARRAY_SIZE(daemon_rules));
	if (r < 0)
		return r;
	if (!has_all(answer, required))
		return -EBADMSG;
	role = answer_u32(answer, IPVS_DAEMON_ATTR_STATE);
	if (role != SYNC_MASTER && role != SYNC_BACKUP)
		return -EPROTONOSUPPORT;
	daemon->role = role;
	answer_text(answer, IPVS_DAEMON_ATTR_MCAST_IFN, daemon->interface,
		    sizeof(daemon->interface));
	daemon->sync_id = (uint8_t)answer_u32(answer, IPVS_DAEMON_ATTR_SYNC_ID);
	if (answer->value[IPVS_DAEMON_ATTR_SYNC_MAXLEN])
		daemon->max_length = answer_u16(answer, IPVS_DAEMON_ATTR_SYNC_MAXLEN);
	if (answer->value[IPVS_DAEMON_ATTR_MCAST_PORT])
		daemon->port = answer_u16(answer, IPVS_DAEMON_ATTR_MCAST_PORT);
	if (answer->value[IPVS_DAEMON_ATTR_MCAST_TTL])
		daemon->ttl = answer_u8(answer, IPVS_DAEMON_ATTR_MCAST_TTL);
	decode_group(answer, &daemon->group);
	return 0;
}

int ipvs_decode_info(const struct nlmsghdr *message, uint32_t *version,
		     uint32_t *table_size)
{
	struct answer found;
	const struct answer *answer = &found;
	int r = answer_find_in_message(&found, message, sizeof(struct genlmsghdr),
				       info_rules, ARRAY_SIZE(info_rules));

	if (r < 0)
		return r;
	if (!answer->value[IPVS_INFO_ATTR_VERSION] ||
	    !answer->value[IPVS_INFO_ATTR_CONN_TAB_SIZE])
		return -EBADMSG;
	*version = answer_u32(answer, IPVS_INFO_ATTR_VERSION);
	*table_size = answer_u32(answer, IPVS_INFO_ATTR_CONN_TAB_SIZE);
	return 0;
}
