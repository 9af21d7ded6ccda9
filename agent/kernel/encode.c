/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/message.h"

#include <linux/ip_vs.h>
#include <netlink/attr.h>

/* The largest request is a service with all its attributes, about 150 bytes. */
enum { REQUEST_ROOM = 320 };

static bool put_service_key(struct nl_msg *message, const struct service_key *key)
{
	if (nla_put_u16(message, IPVS_SVC_ATTR_AF, key->address.family) < 0)
		return false;
	if (key->fwmark)
		return nla_put_u32(message, IPVS_SVC_ATTR_FWMARK, key->fwmark) == 0;
	/* The address field is a union of 16 bytes whatever the family (ip_vs_svc_policy). */
	return nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, key->protocol) == 0 &&
	       nla_put(message, IPVS_SVC_ATTR_ADDR, sizeof(key->address.bytes),
		       key->address.bytes) == 0 &&
	       nla_put_u16(message, IPVS_SVC_ATTR_PORT, htons(key->port)) == 0;
}

static bool put_service_attributes(struct nl_msg *message, const struct service *service)
{
	struct ip_vs_flags flags = { .mask = UINT32_MAX };

	flags.flags = (uint32_t)service->scheduler_flags * IP_VS_SVC_F_SCHED1;
	if (service->persistence_timeout)
		flags.flags |= IP_VS_SVC_F_PERSISTENT;
	if (service->one_packet)
		flags.flags |= IP_VS_SVC_F_ONEPACKET;
	if (service->engine[0] &&
	    nla_put_string(message, IPVS_SVC_ATTR_PE_NAME, service->engine) < 0)
		return false;
	return nla_put_string(message, IPVS_SVC_ATTR_SCHED_NAME, service->scheduler) ==
		       0 &&
	       nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags) == 0 &&
	       nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT,
			   service->persistence_timeout) == 0 &&
	       nla_put_u32(message, IPVS_SVC_ATTR_NETMASK,
			   service->persistence_netmask) == 0;
}

static bool put_service(struct nl_msg *message, const struct service *service,
			bool with_attributes)
{
	struct nlattr *nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);

	if (!nest || !put_service_key(message, &service->key))
		return false;
	if (with_attributes && !put_service_attributes(message, service))
		return false;
	return nla_nest_end(message, nest) == 0;
}

/* Kernels before 5.3 do not know the tunnel attributes; they are sent where they mean something. */
static bool put_tunnel(struct nl_msg *message, const struct destination *destination)
{
	if (destination->forward != FORWARD_TUNNEL)
		return true;
	return nla_put_u8(message, IPVS_DEST_ATTR_TUN_TYPE, destination->tunnel_type) ==
		       0 &&
	       nla_put_u16(message, IPVS_DEST_ATTR_TUN_PORT,
			   htons(destination->tunnel_port)) == 0 &&
	       nla_put_u16(message, IPVS_DEST_ATTR_TUN_FLAGS,
			   destination->tunnel_checksum) == 0;
}

static bool put_destination_attributes(struct nl_msg *message,
				       const struct destination *destination)
{
	return nla_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, destination->forward) ==
		       0 &&
	       nla_put_u32(message, IPVS_DEST_ATTR_WEIGHT, destination->weight) == 0 &&
	       nla_put_u32(message, IPVS_DEST_ATTR_U_THRESH,
			   destination->upper_threshold) == 0 &&
	       nla_put_u32(message, IPVS_DEST_ATTR_L_THRESH,
			   destination->lower_threshold) == 0 &&
	       put_tunnel(message, destination);
}

static bool put_destination(struct nl_msg *message, const struct destination *destination,
			    bool with_attributes)
{
	const struct address *address = &destination->address;
	struct nlattr *nest = nla_nest_start(message, IPVS_CMD_ATTR_DEST);

	if (!nest ||
	    nla_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, address->family) < 0 ||
	    nla_put(message, IPVS_DEST_ATTR_ADDR, sizeof(address->bytes),
		    address->bytes) < 0 ||
	    nla_put_u16(message, IPVS_DEST_ATTR_PORT, htons(destination->port)) < 0)
		return false;
	if (with_attributes && !put_destination_attributes(message, destination))
		return false;
	return nla_nest_end(message, nest) == 0;
}

static bool put_timeouts(struct nl_msg *message, const struct timeouts *timeouts)
{
	/* All three are required; 0 leaves one as it is (ip_vs_set_timeout). */
	return nla_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts->tcp) == 0 &&
	       nla_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts->tcp_fin) ==
		       0 &&
	       nla_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts->udp) == 0;
}

static bool put_daemon_options(struct nl_msg *message, const struct sync_daemon *daemon)
{
	const struct address *group = &daemon->group;

	if (daemon->max_length &&
	    nla_put_u16(message, IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon->max_length) < 0)
		return false;
	if (daemon->port &&
	    nla_put_u16(message, IPVS_DAEMON_ATTR_MCAST_PORT, daemon->port) < 0)
		return false;
	if (daemon->ttl &&
	    nla_put_u8(message, IPVS_DAEMON_ATTR_MCAST_TTL, daemon->ttl) < 0)
		return false;
	if (group->family == AF_INET)
		return nla_put_u32(message, IPVS_DAEMON_ATTR_MCAST_GROUP,
				   group->v4.s_addr) == 0;
	if (group->family == AF_INET6)
		return nla_put(message, IPVS_DAEMON_ATTR_MCAST_GROUP6, sizeof(group->v6),
			       &group->v6) == 0;
	return true;
}

static bool put_daemon(struct nl_msg *message, const struct sync_daemon *daemon,
		       bool with_options)
{
	struct nlattr *nest = nla_nest_start(message, IPVS_CMD_ATTR_DAEMON);

	if (!nest || nla_put_u32(message, IPVS_DAEMON_ATTR_STATE, daemon->role) < 0 ||
	    nla_put_string(message, IPVS_DAEMON_ATTR_MCAST_IFN, daemon->interface) < 0 ||
	    nla_put_u32(message, IPVS_DAEMON_ATTR_SYNC_ID, daemon->sync_id) < 0)
		return false;
	if (with_options && !put_daemon_options(message, daemon))
		return false;
	return nla_nest_end(message, nest) == 0;
}

static bool put_operation(struct nl_msg *message, const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_NEW_SERVICE:
	case OPERATION_SET_SERVICE:
		return put_service(message, operation->service, true);
	case OPERATION_DELETE_SERVICE:
		return put_service(message, operation->service, false);
	case OPERATION_NEW_DESTINATION:
	case OPERATION_SET_DESTINATION:
		return put_service(message, operation->service, false) &&
		       put_destination(message, operation->destination, true);
	case OPERATION_DELETE_DESTINATION:
		return put_service(message, operation->service, false) &&
		       put_destination(message, operation->destination, false);
	case OPERATION_SET_TIMEOUTS:
		return put_timeouts(message, &operation->timeouts);
	case OPERATION_START_DAEMON:
		return put_daemon(message, operation->daemon, true);
	case OPERATION_STOP_DAEMON:
		return put_daemon(message, operation->daemon, false);
	case OPERATION_SET_SYSCTL:
		break;
	}
	return false;
}

struct nl_msg *message_encode(struct genl_socket *socket,
			      const struct operation *operation)
{
	static const uint8_t commands[] = {
		[OPERATION_SET_TIMEOUTS] = IPVS_CMD_SET_CONFIG,
		[OPERATION_STOP_DAEMON] = IPVS_CMD_DEL_DAEMON,
		[OPERATION_START_DAEMON] = IPVS_CMD_NEW_DAEMON,
		[OPERATION_NEW_SERVICE] = IPVS_CMD_NEW_SERVICE,
		[OPERATION_SET_SERVICE] = IPVS_CMD_SET_SERVICE,
		[OPERATION_NEW_DESTINATION] = IPVS_CMD_NEW_DEST,
		[OPERATION_SET_DESTINATION] = IPVS_CMD_SET_DEST,
		[OPERATION_DELETE_DESTINATION] = IPVS_CMD_DEL_DEST,
		[OPERATION_DELETE_SERVICE] = IPVS_CMD_DEL_SERVICE,
	};
	cleanup_nl_msg struct nl_msg *message = NULL;

	message = genl_request(socket, commands[operation->kind], IPVS_GENL_VERSION, 0,
			       REQUEST_ROOM);
	if (!message || !put_operation(message, operation))
		return NULL;
	return TAKE_PTR(message);
}

struct nl_msg *message_encode_get_destinations(struct genl_socket *socket,
					       const struct service_key *key)
{
	const struct service service = { .key = *key };
	cleanup_nl_msg struct nl_msg *message = NULL;

	message = genl_request(socket, IPVS_CMD_GET_DEST, IPVS_GENL_VERSION, NLM_F_DUMP,
			       REQUEST_ROOM);
	if (!message || !put_service(message, &service, false))
		return NULL;
	return TAKE_PTR(message);
}
