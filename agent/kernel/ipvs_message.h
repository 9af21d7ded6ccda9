/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <netlink/msg.h>

#include "agent/kernel/netlink/socket.h"
#include "agent/plan/plan.h"
#include "agent/model/table.h"

/*
 * IPVS's generic-netlink messages (linux/ip_vs.h; net/netfilter/ipvs/ip_vs_ctl.c:
 * ip_vs_genl_set_cmd, ip_vs_svc_policy, ip_vs_dest_policy) to and from our structs.
 * Encoding knows one operation, decoding one message; neither sends or receives.
 */

/*
 * The request for an operation that is one (not SET_SYSCTL), written to the start of
 * buffer, which is aligned to NLMSG_ALIGNTO; NULL where room is too small. REQUEST_ROOM
 * is enough.
 */
struct nlmsghdr *ipvs_encode(struct netlink_socket *socket,
			     const struct operation *operation, void *buffer,
			     size_t room);

/* The request for one service; buffer and NULL as above. */
struct nlmsghdr *ipvs_encode_get_service(struct netlink_socket *socket,
					 const struct service_key *key, void *buffer,
					 size_t room);

/* The dump request for a service's destinations; buffer and NULL as above. */
struct nlmsghdr *ipvs_encode_get_destinations(struct netlink_socket *socket,
					      const struct service_key *key, void *buffer,
					      size_t room);

/*
 * Decoders of one message each. They fill a zeroed struct; -EBADMSG where an attribute
 * that every kernel sends is missing or too short, -EPROTONOSUPPORT for a service of a
 * kind unknown to us.
 */
int ipvs_decode_service(const struct nlmsghdr *message,
			struct service *service) MUST_CHECK;
/* family: the service's; kernels before 3.18 leave the destination's out. */
int ipvs_decode_destination(const struct nlmsghdr *message, uint8_t family,
			    struct destination *destination) MUST_CHECK;
int ipvs_decode_timeouts(const struct nlmsghdr *message,
			 struct timeouts *timeouts) MUST_CHECK;
int ipvs_decode_sync_daemon(const struct nlmsghdr *message,
			    struct sync_daemon *daemon) MUST_CHECK;
/* version and connection table size */
int ipvs_decode_info(const struct nlmsghdr *message, uint32_t *version,
		     uint32_t *table_size) MUST_CHECK;
