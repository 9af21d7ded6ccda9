/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/kernel/netlink/request.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * A netlink socket: the one way in which this program talks netlink. The socket, its port
 * number, generic families and multicast groups are libnl's. Sending and receiving are
 * done here, because libnl merges kernel errnos (ESRCH and ENOENT become one error,
 * lib/error.c: nl_syserr2nlerr) and its waits have no end. Every errno here is the
 * kernel's own.
 */
struct netlink_socket;

/*
 * How many bytes are received at once. For each message of a dump the kernel allocates a
 * buffer as large as the largest receive that the socket has seen, at least
 * NLMSG_GOODSIZE (af_netlink.c: netlink_dump), and clears it first with init_on_alloc, as
 * on Debian: in a dump of ten destinations, which is two messages, clearing 32 KiB twice
 * takes as long as everything else. RECEIVE_SHORT is what struct skb_shared_info leaves
 * of 8 KiB: no less than NLMSG_GOODSIZE with any page size, and so room for any
 * notification. RECEIVE_LONG is the most that a message of a dump has.
 */
enum { RECEIVE_SHORT = 7872, RECEIVE_LONG = 32768 };

/*
 * A new socket of a protocol (NETLINK_ROUTE, NETLINK_NETFILTER, …), which may load its
 * module. -EPROTONOSUPPORT if the kernel does not have the protocol.
 */
int netlink_open(struct netlink_socket **socket, int protocol, size_t receive_size,
		 struct err *err) MUST_CHECK;

/*
 * A new socket to a family of generic netlink. Looks the family up twice: the first
 * request after its module was loaded may fail (keepalived's libipvs.c: ipvs_getinfo).
 * -ENOENT if there is no such family.
 */
int netlink_open_family(struct netlink_socket **socket, const char *family,
			size_t receive_size, struct err *err) MUST_CHECK;

void netlink_close(struct netlink_socket *socket);

DEFINE_CLEANUP(netlink_cleanup, struct netlink_socket *, netlink_close)
#define cleanup_netlink CLEANUP(netlink_cleanup)

/*
 * Makes the kernel validate dump requests and filter by them (4.20). -errno before that.
 */
int netlink_check_strictly(struct netlink_socket *socket);

/*
 * For notifications: the descriptor to poll, and one multicast group (RTNLGRP_…). -errno.
 */
int netlink_fd(const struct netlink_socket *socket);
int netlink_join(struct netlink_socket *socket, int group) MUST_CHECK;

/*
 * Starts a request with the socket's next sequence number in buffer (request.h). header:
 * the protocol's own, size bytes.
 */
void netlink_start(struct netlink_socket *socket, struct request *request, void *buffer,
		   size_t room, uint16_t type, uint16_t flags, const void *header,
		   size_t size);

/* The same for a command of the family that the socket was opened for. */
void netlink_start_command(struct netlink_socket *socket, struct request *request,
			   void *buffer, size_t room, uint8_t command, uint8_t version,
			   uint16_t flags);

/*
 * Makes the socket's buffers large enough to send length bytes at once and to hold room
 * bytes of answers (SO_SNDBUFFORCE, SO_RCVBUFFORCE: needs CAP_NET_ADMIN, netlink(7)).
 */
int netlink_reserve(struct netlink_socket *socket, size_t length, size_t room) MUST_CHECK;

/* Sends complete netlink messages that lie one after another. -errno. */
int netlink_send(struct netlink_socket *socket, const void *messages,
		 size_t length) MUST_CHECK;

/*
 * Receives what is ready, at most two datagrams, and calls handle for each message from
 * the kernel in them. A non-zero return of handle stops and is returned. Waits at most
 * ANSWER_TIMEOUT_MS for the first, then -ETIMEDOUT. -ENOBUFS if the kernel dropped
 * messages, or one is longer than receive_size; other errnos are recvmsg(2)'s.
 */
enum { ANSWER_TIMEOUT_MS = 60000 };
typedef int (*netlink_handler)(const struct nlmsghdr *message, void *context);
int netlink_receive(struct netlink_socket *socket, netlink_handler handle,
		    void *context) MUST_CHECK;

/* The same, but returns -EAGAIN instead of waiting. */
int netlink_receive_ready(struct netlink_socket *socket, netlink_handler handle,
			  void *context) MUST_CHECK;

/*
 * Sends one request and calls handle (NULL: nothing) for each answer until the kernel
 * ends it: with the end of a dump, or with an acknowledgement. request NULL, one that did
 * not fit its buffer: -EMSGSIZE. Returns the kernel's errno; -EINTR for a dump that the
 * kernel marks as interrupted by a change: dump again. After -ETIMEDOUT and -ENOBUFS the
 * remaining answers are ignored by their sequence number.
 */
int netlink_ask(struct netlink_socket *socket, struct nlmsghdr *request,
		netlink_handler handle, void *context) MUST_CHECK;

/*
 * What NLMSG_ERROR or NLMSG_DONE says: 0 or the kernel's errno, negative. -EBADMSG if it
 * has no number, or one that is not an errno.
 */
int netlink_result(const struct nlmsghdr *message) MUST_CHECK;
