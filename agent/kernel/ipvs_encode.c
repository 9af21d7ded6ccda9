/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs_message.h"

#include <linux/ip_vs.h>

static void put_service_key(struct request *request, const struct service_key *key)
{
	request_put_u16(request, IPVS_SVC_ATTR_AF, key->address.family);
	if (key->fwmark) {
		request_put_u32(request, IPVS_SVC_ATTR_FWMARK, key->fwmark);
		return;
	}
	request_put_u16(request, IPVS_SVC_ATTR_PROTOCOL, key->protocol);
	/*
	 * The address field is a union of 16 bytes whatever the family
	 * (ip_vs_svc_policy).
	 */
	request_put(request, IPVS_SVC_ATTR_ADDR, key->address.bytes,
		    sizeof(key->address.bytes));
	request_put_u16(request, IPVS_SVC_ATTR_PORT, htons(key->port));
}

static void put_service_attributes(struct request *request, const struct service *service)
{
	struct ip_vs_flags flags = { .mask = UINT32_MAX };

	flags.flags = (uint32_t)service->scheduler_flags * IP_VS_SVC_F_SCHED1;
	if (service->persistence_timeout)
		flags.flags |= IP_VS_SVC_F_PERSISTENT;
	if (service->one_packet)
		flags.flags |= IP_VS_SVC_F_ONEPACKET;
	if (service->engine[0])
		request_put_text(request, IPVS_SVC_ATTR_PE_NAME, service->engine);
	request_put_text(request, IPVS_SVC_ATTR_SCHED_NAME, service->scheduler);
	request_put(request, IPVS_SVC_ATTR_FLAGS, &flags, sizeof(flags));
	request_put_u32(request, IPVS_SVC_ATTR_TIMEOUT, service->persistence_timeout);
	request_put_u32(request, IPVS_SVC_ATTR_NETMASK, service->persistence_netmask);
}

static void put_service(struct request *request, const struct service *service,
			bool with_attributes)
{
	size_t nest = request_start_nest(request, IPVS_CMD_ATTR_SERVICE);

	put_service_key(request, &service->key);
	if (with_attributes)
		put_service_attributes(request, service);
	request_end_nest(request, nest);
}

static void put_destination_attributes(struct request *request,
				       const struct destination *destination)
{
	request_put_u32(request, IPVS_DEST_ATTR_FWD_METHOD, destination->forward);
	request_put_u32(request, IPVS_DEST_ATTR_WEIGHT, destination->weight);
	request_put_u32(request, IPVS_DEST_ATTR_U_THRESH, destination->upper_threshold);
	request_put_u32(request, IPVS_DEST_ATTR_L_THRESH, destination->lower_threshold);
	/*
	 * Kernels before 5.3 do not know these; they are sent where they mean something.
	 */
	if (destination->forward != FORWARD_TUNNEL)
		return;
	request_put_u8(request, IPVS_DEST_ATTR_TUN_TYPE, destination->tunnel_type);
	request_put_u16(request, IPVS_DEST_ATTR_TUN_PORT,
			htons(destination->tunnel_port));
	request_put_u16(request, IPVS_DEST_ATTR_TUN_FLAGS, destination->tunnel_checksum);
}

static void put_destination(struct request *request,
			    const struct destination *destination, bool with_attributes)
{
	const struct address *address = &destination->address;
	size_t nest = request_start_nest(request, IPVS_CMD_ATTR_DEST);

	request_put_u16(request, IPVS_DEST_ATTR_ADDR_FAMILY, address->family);
	request_put(request, IPVS_DEST_ATTR_ADDR, address->bytes, sizeof(address->bytes));
	request_put_u16(request, IPVS_DEST_ATTR_PORT, htons(destination->port));
	if (with_attributes)
		put_destination_attributes(request, destination);
	request_end_nest(request, nest);
}

static void put_timeouts(struct request *request, const struct timeouts *timeouts)
{
	/* All three are required; 0 leaves one as it is (ip_vs_set_timeout). */
	request_put_u32(request, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts->tcp);
	request_put_u32(request, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts->tcp_fin);
	request_put_u32(request, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts->udp);
}

static void put_daemon_options(struct request *request, const struct sync_daemon *daemon)
{
	const struct address *group = &daemon->group;

	if (daemon->max_length)
		request_put_u16(request, IPVS_DAEMON_ATTR_SYNC_MAXLEN,
				daemon->max_length);
	if (daemon->port)
		request_put_u16(request, IPVS_DAEMON_ATTR_MCAST_PORT, daemon->port);
	if (daemon->ttl)
		request_put_u8(request, IPVS_DAEMON_ATTR_MCAST_TTL, daemon->ttl);
	if (group->family == AF_INET)
		request_put_u32(request, IPVS_DAEMON_ATTR_MCAST_GROUP, group->v4.s_addr);
	if (group->family == AF_INET6)
		request_put(request, IPVS_DAEMON_ATTR_MCAST_GROUP6, &group->v6,
			    sizeof(group->v6));
}

static void put_daemon(struct request *request, const struct sync_daemon *daemon,
		       bool with_options)
{
	size_t nest = request_start_nest(request, IPVS_CMD_ATTR_DAEMON);

	request_put_u32(request, IPVS_DAEMON_ATTR_STATE, daemon->role);
	request_put_text(request, IPVS_DAEMON_ATTR_MCAST_IFN, daemon->interface);
	request_put_u32(request, IPVS_DAEMON_ATTR_SYNC_ID, daemon->sync_id);
	if (with_options)
		put_daemon_options(request, daemon);
	request_end_nest(request, nest);
}

static void put_operation(struct request *request, const struct operation *operation)
{
	switch (operation->kind) {
	case OPERATION_NEW_SERVICE:
	case OPERATION_SET_SERVICE:
		put_service(request, operation->service, true);
		break;
	case OPERATION_DELETE_SERVICE:
		put_service(request, operation->service, false);
		break;
	case OPERATION_NEW_DESTINATION:
	case OPERATION_SET_DESTINATION:
		put_service(request, operation->service, false);
		put_destination(request, operation->destination, true);
		break;
	case OPERATION_DELETE_DESTINATION:
		put_service(request, operation->service, false);
		put_destination(request, operation->destination, false);
		break;
	case OPERATION_SET_TIMEOUTS:
		put_timeouts(request, &operation->timeouts);
		break;
	case OPERATION_START_SYNC_DAEMON:
		put_daemon(request, operation->daemon, true);
		break;
	case OPERATION_STOP_SYNC_DAEMON:
		put_daemon(request, operation->daemon, false);
		break;
	case OPERATION_SET_SYSCTL:
	case OPERATION_NEW_RULESET:
	case OPERATION_SET_RULESET:
	case OPERATION_CHANGE_RULESET:
	case OPERATION_DELETE_RULESET:
		break;
	}
}

struct nlmsghdr *ipvs_encode(struct netlink_socket *socket,
			     const struct operation *operation, void *buffer, size_t room)
{
	static const uint8_t commands[] = {
		[OPERATION_SET_TIMEOUTS] = IPVS_CMD_SET_CONFIG,
		[OPERATION_STOP_SYNC_DAEMON] = IPVS_CMD_DEL_DAEMON,
		[OPERATION_START_SYNC_DAEMON] = IPVS_CMD_NEW_DAEMON,
		[OPERATION_NEW_SERVICE] = IPVS_CMD_NEW_SERVICE,
		[OPERATION_SET_SERVICE] = IPVS_CMD_SET_SERVICE,
		[OPERATION_NEW_DESTINATION] = IPVS_CMD_NEW_DEST,
		[OPERATION_SET_DESTINATION] = IPVS_CMD_SET_DEST,
		[OPERATION_DELETE_DESTINATION] = IPVS_CMD_DEL_DEST,
		[OPERATION_DELETE_SERVICE] = IPVS_CMD_DEL_SERVICE,
	};
	struct request request;

	netlink_start_command(socket, &request, buffer, room, commands[operation->kind],
			      IPVS_GENL_VERSION, 0);
	put_operation(&request, operation);
	return request_end(&request);
}

static struct nlmsghdr *encode_get(struct netlink_socket *socket,
				   const struct service_key *key, uint8_t command,
				   uint16_t flags, void *buffer, size_t room)
{
	const struct service service = { .key = *key };
	struct request request;

	netlink_start_command(socket, &request, buffer, room, command, IPVS_GENL_VERSION,
			      flags);
	put_service(&request, &service, false);
	return request_end(&request);
}

struct nlmsghdr *ipvs_encode_get_service(struct netlink_socket *socket,
					 const struct service_key *key, void *buffer,
					 size_t room)
{
	return encode_get(socket, key, IPVS_CMD_GET_SERVICE, 0, buffer, room);
}

struct nlmsghdr *ipvs_encode_get_destinations(struct netlink_socket *socket,
					      const struct service_key *key, void *buffer,
					      size_t room)
{
	return encode_get(socket, key, IPVS_CMD_GET_DEST, NLM_F_DUMP, buffer, room);
}
