/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/netlink_answers.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "common/macro.h"
#include "tests/fuzz/require.h"

enum { DATAGRAM_MAX = 65535, REQUESTS_MAX = 64 };

static struct {
	const uint8_t *data;
	size_t left;
	uint32_t first;	   /* the sequence number of the first request of the last send */
	uint32_t requests; /* how many it had */
	bool dump;	   /* and the last of them wants a list */
	bool quiet;
} answers;

void answers_begin(const uint8_t *data, size_t size)
{
	answers.data = data;
	answers.left = size;
	answers.first = 0;
	answers.requests = 0;
	answers.quiet = false;
}

void answers_end_quietly(void)
{
	answers.quiet = true;
}

static void note_requests(const void *messages, size_t length)
{
	const char *at = messages;

	answers.requests = 0;
	while (length >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header;

		memcpy(&header, at, sizeof(header));
		REQUIRE(header.nlmsg_len >= sizeof(header) && header.nlmsg_len <= length);
		if (answers.requests++ == 0)
			answers.first = header.nlmsg_seq;
		answers.dump = (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
		at += MIN_OF(NLMSG_ALIGN(header.nlmsg_len), length);
		length -= MIN_OF(NLMSG_ALIGN(header.nlmsg_len), length);
	}
}

/* So that a message is one of the answers that are waited for. */
static void put_sequence_numbers(char *datagram, size_t length)
{
	while (length >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header;
		size_t step;

		memcpy(&header, datagram, sizeof(header));
		if (header.nlmsg_seq < answers.requests) {
			header.nlmsg_seq += answers.first;
			memcpy(datagram, &header, sizeof(header));
		}
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (step < sizeof(header) || step >= length)
			return;
		datagram += step;
		length -= step;
	}
}

/* Or ends the list, which libnl waits for once its first part has come. */
static size_t acknowledge_all(char *datagram)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} message = { .header = { .nlmsg_len = sizeof(message),
				  .nlmsg_type =
					  answers.dump ? NLMSG_DONE : NLMSG_ERROR } };
	size_t count = MIN_OF(answers.requests, (uint32_t)REQUESTS_MAX);

	for (size_t i = 0; i < count; i++) {
		message.header.nlmsg_seq = answers.first + i;
		memcpy(datagram + i * sizeof(message), &message, sizeof(message));
	}
	return count * sizeof(message);
}

/* The next datagram, newly allocated at its own size; its length, or -EAGAIN. Empty ones are passed over. */
static ssize_t take_datagram(char **datagram)
{
	char last[REQUESTS_MAX * (sizeof(struct nlmsghdr) + sizeof(struct nlmsgerr))];
	const void *from = last;
	size_t length;

	while (answers.left > 2 && (answers.data[0] | answers.data[1]) == 0) {
		answers.data += 2;
		answers.left -= 2;
	}
	if (answers.left > 2) {
		length = answers.data[0] | (size_t)answers.data[1] << 8;
		length = MIN_OF(length, answers.left - 2);
		from = answers.data + 2;
		answers.data += 2 + length;
		answers.left -= 2 + length;
	} else {
		length = answers.quiet ? 0 : acknowledge_all(last);
		answers.requests = 0;
		if (length == 0)
			return -EAGAIN;
	}
	*datagram = malloc(length);
	REQUIRE(*datagram);
	memcpy(*datagram, from, length);
	put_sequence_numbers(*datagram, length);
	return (ssize_t)length;
}

/* --- in place of the C library's --- */

ssize_t sendto(int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG addr,
	       socklen_t addr_len)
{
	(void)fd, (void)flags, (void)addr, (void)addr_len;
	note_requests(buf, n);
	return (ssize_t)n;
}

int recvmmsg(int fd, struct mmsghdr *vmessages, unsigned int vlen, int flags,
	     struct timespec *tmo)
{
	struct msghdr *header = &vmessages[0].msg_hdr;
	char *datagram;
	ssize_t length;

	(void)fd, (void)vlen, (void)flags, (void)tmo;
	length = take_datagram(&datagram);
	if (length < 0) {
		errno = (int)-length;
		return -1;
	}
	header->msg_flags = (size_t)length > header->msg_iov->iov_len ? MSG_TRUNC : 0;
	vmessages[0].msg_len =
		(unsigned int)MIN_OF((size_t)length, header->msg_iov->iov_len);
	memcpy(header->msg_iov->iov_base, datagram, vmessages[0].msg_len);
	free(datagram);
	return 1;
}

/* --- in place of libnl's --- */

static int receive_for_libnl(struct nl_sock *socket UNUSED, struct sockaddr_nl *sender,
			     unsigned char **buffer, struct ucred **credentials UNUSED)
{
	char *datagram;
	ssize_t length = take_datagram(&datagram);

	if (length < 0)
		return -NLE_AGAIN;
	*sender = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	*buffer = (unsigned char *)datagram;
	return (int)length;
}

int nl_connect(struct nl_sock *socket, int protocol UNUSED)
{
	struct nl_cb *callbacks = nl_socket_get_cb(socket);

	nl_cb_overwrite_recv(callbacks, receive_for_libnl);
	nl_cb_put(callbacks);
	return 0;
}

int nl_send_auto(struct nl_sock *socket, struct nl_msg *message)
{
	nl_complete_msg(socket, message);
	note_requests(nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len);
	return (int)nlmsg_hdr(message)->nlmsg_len;
}

/* One that takes options and nothing else. */
int nl_socket_get_fd(const struct nl_sock *socket UNUSED)
{
	static int pair[2] = { -1, -1 };

	if (pair[0] < 0)
		REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
	return pair[0];
}

int nl_socket_add_memberships(struct nl_sock *socket UNUSED, int group UNUSED, ...)
{
	return 0;
}

int nl_socket_set_nonblocking(const struct nl_sock *socket UNUSED)
{
	return 0;
}
