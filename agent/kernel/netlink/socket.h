/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <netlink/msg.h>

#include "agent/kernel/netlink/request.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/macro.h"

/*
 * A generic-netlink socket to one family, or one of another netlink protocol. The socket is libnl's. Receiving is done
 * here, since libnl folds the kernel's errnos together (ESRCH and ENOENT become
 * one, lib/error.c: nl_syserr2nlerr) and has no end to its waits.
 */
struct genl_socket;

/*
 * How much is received at once. For each message of a dump the kernel allocates a buffer as large as
 * the largest receive that the socket has seen, at least NLMSG_GOODSIZE (af_netlink.c: netlink_dump),
 * and one with init_on_alloc, Debian's for instance, clears it first: for a dump of ten destinations,
 * two messages, twice 32 KiB take as long as all the rest. GENL_SHORT is what the kernel's own
 * struct skb_shared_info leaves of 8 KiB, and not less than NLMSG_GOODSIZE with any size of pages;
 * GENL_LONG is the most that a dump's message ever has.
 */
enum { GENL_SHORT = 7872, GENL_LONG = 32768 };

/*
 * Resolves the family once more where the first look-up fails: the first request after a module
 * was loaded may (keepalived's libipvs.c: ipvs_getinfo). -ENOENT where the family is not there.
 */
int genl_open(struct genl_socket **socket, const char *family, size_t receive_size,
	      struct err *err) MUST_CHECK;
void genl_close(struct genl_socket *socket);

DEFINE_CLEANUP(genl_cleanup, struct genl_socket *, genl_close)
#define cleanup_genl CLEANUP(genl_cleanup)

/*
 * Starts a request to the family in buffer (request.h), with the next of the socket's sequence
 * numbers.
 */
void genl_request(struct genl_socket *socket, struct request *request, void *buffer,
		  size_t room, uint8_t command, uint8_t version, uint16_t flags);

/* The same for another protocol: NETLINK_ROUTE, NETLINK_SOCK_DIAG. */
int netlink_open(struct genl_socket **socket, int protocol, size_t receive_size,
		 struct err *err) MUST_CHECK;

/* Has the kernel check the requests for dumps and filter by them (NETLINK_GET_STRICT_CHK, 4.20). */
int netlink_be_strict(struct genl_socket *socket);

/* And a request on it: header, size bytes, is the protocol's own. */
void netlink_request(struct genl_socket *socket, struct request *request, void *buffer,
		     size_t room, uint16_t type, uint16_t flags, const void *header,
		     size_t size);

/*
 * Makes the buffers large enough for messages of length bytes in one send and for room bytes of
 * answers (SO_SNDBUFFORCE, SO_RCVBUFFORCE: needs CAP_NET_ADMIN, netlink(7)).
 */
int genl_reserve(struct genl_socket *socket, size_t length, size_t room) MUST_CHECK;

/* Sends complete netlink messages that lie one after another. -errno. */
int genl_send(struct genl_socket *socket, const void *messages, size_t length) MUST_CHECK;

/*
 * Receives what lies ready, at most two datagrams, and calls handle for each message in it that the
 * kernel sent. Waits at most GENL_TIMEOUT_MS for the first. handle's non-zero return stops and is returned. -ETIMEDOUT; -ENOBUFS
 * where the kernel had to drop answers; other negative errnos as recvmsg(2) has them.
 */
enum { GENL_TIMEOUT_MS = 60000 };
typedef int (*genl_handler)(const struct nlmsghdr *message, void *context);
int genl_receive(struct genl_socket *socket, genl_handler handle,
		 void *context) MUST_CHECK;

/* As genl_receive(), but returns -EAGAIN where nothing lies ready. */
int genl_receive_ready(struct genl_socket *socket, genl_handler handle,
		       void *context) MUST_CHECK;

/*
 * Sends one request and calls handle for each answer until the kernel's last word on it: the end
 * of a dump, or an acknowledgement. The kernel's own errno is returned; -EINTR for a dump that it has
 * marked as interrupted by a change, which is to be made again. After -ETIMEDOUT and
 * -ENOBUFS what is left of the answers is ignored by its sequence number.
 */
int genl_ask(struct genl_socket *socket, struct nlmsghdr *request, genl_handler handle,
	     void *context) MUST_CHECK;

/*
 * What NLMSG_ERROR and NLMSG_DONE say: 0 or the kernel's errno, negative. -EBADMSG where there is none, or
 * a number that is no errno.
 */
int netlink_result(const struct nlmsghdr *message) MUST_CHECK;
