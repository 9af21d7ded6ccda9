/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/netlink/socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

/*
 * A small dump is two datagrams, its entries and its end, which is ready when they are
 * taken.
 */
enum { RECEIVE_COUNT = 2 };

struct netlink_socket {
	struct nl_sock *nl;
	int family;
	uint32_t sequence; /* the next request's */
	size_t send_room, receive_room;
	size_t receive_size;
	char *buffer; /* RECEIVE_COUNT times receive_size bytes */
};

static int resolve_family(struct nl_sock *nl, const char *family)
{
	int id = genl_ctrl_resolve(nl, family);

	return id >= 0 ? id : genl_ctrl_resolve(nl, family);
}

int netlink_open(struct netlink_socket **socket, int protocol, size_t receive_size,
		 struct err *err)
{
	cleanup_netlink struct netlink_socket *opened = NULL;
	int on = 1;

	opened = calloc(1, sizeof(*opened));
	if (!opened)
		return err_errno(err, ENOMEM, "netlink");
	opened->nl = nl_socket_alloc();
	opened->receive_size = receive_size;
	opened->buffer = malloc(RECEIVE_COUNT * receive_size);
	/*
	 * libnl receives the family's number: the kernel would remember a larger receive.
	 */
	if (!opened->nl || !opened->buffer ||
	    nl_socket_set_msg_buf_size(opened->nl, receive_size) < 0)
		return err_errno(err, ENOMEM, "netlink");
	opened->sequence = 1;
	errno = 0;
	/* Its own error has merged errnos; the system call's is still there. */
	if (nl_connect(opened->nl, protocol) < 0)
		return err_errno(err, errno ? errno : EIO, "netlink");
	/*
	 * The header of a failed request is enough of an echo; older kernels send all of
	 * it.
	 */
	setsockopt(nl_socket_get_fd(opened->nl), SOL_NETLINK, NETLINK_CAP_ACK, &on,
		   sizeof(on));
	*socket = TAKE_PTR(opened);
	return 0;
}

int netlink_open_family(struct netlink_socket **socket, const char *family,
			size_t receive_size, struct err *err)
{
	cleanup_netlink struct netlink_socket *opened = NULL;
	int r = netlink_open(&opened, NETLINK_GENERIC, receive_size, err);

	if (r < 0)
		return r;
	opened->family = resolve_family(opened->nl, family);
	if (opened->family < 0)
		return err_set(err, ENOENT, "the kernel has no generic netlink family %s",
			       family);
	*socket = TAKE_PTR(opened);
	return 0;
}

void netlink_close(struct netlink_socket *socket)
{
	if (!socket)
		return;
	if (socket->nl)
		nl_socket_free(socket->nl);
	free(socket->buffer);
	free(socket);
}

void netlink_start_command(struct netlink_socket *socket, struct request *request,
			   void *buffer, size_t room, uint8_t command, uint8_t version,
			   uint16_t flags)
{
	request_start(request, buffer, room, (uint16_t)socket->family, socket->sequence++,
		      flags, command, version);
}

int netlink_fd(const struct netlink_socket *socket)
{
	return nl_socket_get_fd(socket->nl);
}

int netlink_join(struct netlink_socket *socket, int group)
{
	errno = 0;
	if (nl_socket_add_memberships(socket->nl, group, 0) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

int netlink_check_strictly(struct netlink_socket *socket)
{
	int on = 1;

	return setsockopt(netlink_fd(socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			  sizeof(on)) < 0
		       ? -errno
		       : 0;
}

void netlink_start(struct netlink_socket *socket, struct request *request, void *buffer,
		   size_t room, uint16_t type, uint16_t flags, const void *header,
		   size_t size)
{
	request_start_plain(request, buffer, room, type, socket->sequence++, flags,
			    header, size);
}

static int reserve_buffer(int fd, int option, size_t size, size_t *reserved)
{
	/*
	 * The kernel doubles the value for its own accounting, socket(7); ask for all the
	 * same.
	 */
	int value = (int)size;

	if (size <= *reserved)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)) < 0)
		return -errno;
	*reserved = size;
	return 0;
}

int netlink_reserve(struct netlink_socket *socket, size_t length, size_t room)
{
	int fd = netlink_fd(socket);
	int r = reserve_buffer(fd, SO_SNDBUFFORCE, length, &socket->send_room);

	return r < 0 ? r
		     : reserve_buffer(fd, SO_RCVBUFFORCE, room, &socket->receive_room);
}

int netlink_send(struct netlink_socket *socket, const void *messages, size_t length)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = netlink_fd(socket);

	/*
	 * nl_sendto() would fold the errno; a netlink send is never partial
	 * (af_netlink.c).
	 */
	for (;;) {
		ssize_t sent = sendto(fd, messages, length, 0, (struct sockaddr *)&kernel,
				      sizeof(kernel));

		if (sent >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

static int for_each_message(const char *buffer, size_t length, netlink_handler handle,
			    void *context)
{
	struct nlmsghdr *message = (struct nlmsghdr *)(void *)buffer;
	int left = (int)length;

	while (nlmsg_ok(message, left)) {
		int r = handle(message, context);

		if (r != 0)
			return r;
		message = nlmsg_next(message, &left);
	}
	return 0;
}

/* What one datagram has for handle. */
static int take_datagram(const struct mmsghdr *datagram, netlink_handler handle,
			 void *context)
{
	const struct msghdr *header = &datagram->msg_hdr;
	const struct sockaddr_nl *sender = header->msg_name;

	if (header->msg_flags & MSG_TRUNC)
		return -ENOBUFS;
	if (sender->nl_pid != 0)
		return 0; /* another process may send to us, too */
	return for_each_message(header->msg_iov->iov_base, datagram->msg_len, handle,
				context);
}

static int receive(struct netlink_socket *socket, int flags, netlink_handler handle,
		   void *context)
{
	struct sockaddr_nl senders[RECEIVE_COUNT] = { 0 };
	struct mmsghdr datagrams[RECEIVE_COUNT] = { 0 };
	struct iovec iov[RECEIVE_COUNT];
	int count, r = 0;

	for (int i = 0; i < RECEIVE_COUNT; i++) {
		iov[i] =
			(struct iovec){ socket->buffer + (size_t)i * socket->receive_size,
					socket->receive_size };
		datagrams[i].msg_hdr = (struct msghdr){
			.msg_name = &senders[i],
			.msg_namelen = sizeof(senders[i]),
			.msg_iov = &iov[i],
			.msg_iovlen = 1,
		};
	}
	do {
		count = recvmmsg(netlink_fd(socket), datagrams, RECEIVE_COUNT, flags,
				 NULL);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return -errno;
	/* What was received is worth taking also where one of them is not. */
	for (int i = 0; i < count; i++) {
		int taken = take_datagram(&datagrams[i], handle, context);

		r = r ? r : taken;
	}
	return r;
}

int netlink_receive_ready(struct netlink_socket *socket, netlink_handler handle,
			  void *context)
{
	return receive(socket, MSG_DONTWAIT, handle, context);
}

int netlink_receive(struct netlink_socket *socket, netlink_handler handle, void *context)
{
	struct pollfd ready = { .fd = netlink_fd(socket), .events = POLLIN };
	int r = receive(socket, MSG_DONTWAIT, handle, context);

	/* The kernel answers within the send, so that waiting is the exception. */
	while (r == -EAGAIN) {
		r = poll(&ready, 1, ANSWER_TIMEOUT_MS);
		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		r = receive(socket, MSG_DONTWAIT, handle, context);
	}
	return r;
}

int netlink_result(const struct nlmsghdr *message)
{
	enum { ERRNO_MAX = 4095 }; /* include/linux/err.h: MAX_ERRNO */
	int result;

	/*
	 * Both carry an int first: nlmsgerr's error, and a dump's result, which may be
	 * left out.
	 */
	if (nlmsg_datalen(message) < (int)sizeof(result))
		return message->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&result, nlmsg_data(message), sizeof(result));
	return result > 0 || result < -ERRNO_MAX ? -EBADMSG : result;
}

struct question {
	uint32_t sequence;
	netlink_handler handle;
	void *context;
	bool ended;
	bool interrupted;
	int result; /* the kernel's, once ended */
};

static int handle_answer(const struct nlmsghdr *message, void *context)
{
	struct question *question = context;

	if (message->nlmsg_seq != question->sequence)
		return 0;
	question->interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
		question->result = netlink_result(message);
		question->ended = true;
		return 0;
	}
	return question->handle ? question->handle(message, question->context) : 0;
}

int netlink_ask(struct netlink_socket *socket, struct nlmsghdr *request,
		netlink_handler handle, void *context)
{
	struct question question = { .handle = handle, .context = context };
	int r;

	if (!request)
		return -EMSGSIZE;
	question.sequence = request->nlmsg_seq;
	/*
	 * Each of NLM_F_DUMP's two bits means something else in a request that makes
	 * something.
	 */
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->nlmsg_flags |= NLM_F_ACK;
	r = netlink_send(socket, request, request->nlmsg_len);
	while (r == 0 && !question.ended)
		r = netlink_receive(socket, handle_answer, &question);
	if (r == 0 && question.result == 0 && question.interrupted)
		return -EINTR;
	return r != 0 ? r : question.result;
}
