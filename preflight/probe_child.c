/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services have addresses of RFC 5737. They exist only in a namespace without links,
 * which ends with this process.
 */
#include "preflight/probe_child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_SECONDS = 5, FIRST_PORT = 1 };

static void write_answer(int fd, int index, int code, int step)
{
	struct probe_answer record = { .index = index, .code = code, .step = step };

	if (write(fd, &record, sizeof(record)) != sizeof(record))
		_exit(1);
}

/* The kernel's own errno: libnl maps several to one. */
static int keep_errno(struct sockaddr_nl *who, struct nlmsgerr *error, void *data)
{
	(void)who;
	*(int *)data = -error->error;
	return NL_STOP;
}

/*
 * Sends the message, consumes it, and waits for its acknowledgement: a positive errno or
 * 0.
 */
static int transact(struct nl_sock *socket, struct nl_msg *message)
{
	int code = 0, r;

	nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, keep_errno, &code);
	r = nl_send_auto(socket, message);
	nlmsg_free(message);
	if (r >= 0)
		r = nl_wait_for_ack(socket);
	if (code != 0)
		return code;
	return r < 0 ? EIO : 0;
}

static struct nl_msg *new_service(int family, const struct probe_item *item,
				  uint16_t port)
{
	struct ip_vs_flags flags = { .flags = item->engine ? IP_VS_SVC_F_PERSISTENT : 0,
				     .mask = ~0U };
	struct nl_msg *message = nlmsg_alloc();
	struct nlattr *service;
	/*
	 * An engine such as sip works with UDP only (ip_vs_pe_sip.c:
	 * ip_vs_sip_fill_param).
	 */
	uint16_t protocol = item->engine ? IPPROTO_UDP : IPPROTO_TCP;
	struct in_addr address;

	if (!message)
		return NULL;
	inet_pton(AF_INET, "198.51.100.1", &address);
	if (!genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_ACK,
			 IPVS_CMD_NEW_SERVICE, IPVS_GENL_VERSION))
		goto fail;
	service = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
	if (!service || nla_put_u16(message, IPVS_SVC_ATTR_AF, AF_INET) < 0 ||
	    nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, protocol) < 0 ||
	    nla_put(message, IPVS_SVC_ATTR_ADDR, sizeof(address), &address) < 0 ||
	    nla_put_u16(message, IPVS_SVC_ATTR_PORT, htons(port)) < 0 ||
	    nla_put_string(message, IPVS_SVC_ATTR_SCHED_NAME, item->scheduler) < 0 ||
	    nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags) < 0 ||
	    nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, item->engine ? 60 : 0) < 0 ||
	    nla_put_u32(message, IPVS_SVC_ATTR_NETMASK, 0xffffffff) < 0)
		goto fail;
	if (item->engine &&
	    nla_put_string(message, IPVS_SVC_ATTR_PE_NAME, item->engine) < 0)
		goto fail;
	nla_nest_end(message, service);
	return message;
fail:
	nlmsg_free(message);
	return NULL;
}

static struct nl_sock *connect_socket(void)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct nl_sock *socket = nl_socket_alloc();

	if (!socket || genl_connect(socket) < 0)
		return NULL;
	if (setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit,
		       sizeof(limit)) < 0)
		return NULL;
	return socket;
}

/* The first request after the module was loaded may fail once. */
static int resolve_family(struct nl_sock *socket)
{
	int family = genl_ctrl_resolve(socket, IPVS_GENL_NAME);

	return family >= 0 ? family : genl_ctrl_resolve(socket, IPVS_GENL_NAME);
}

static int try_item(struct nl_sock *socket, int family, const struct probe_item *item,
		    uint16_t port)
{
	struct nl_msg *message = new_service(family, item, port);

	return message ? transact(socket, message) : ENOMEM;
}

void probe_child_main(const struct probe_item *items, size_t count, int fd)
{
	struct nl_sock *socket;
	int family;

	if (unshare(CLONE_NEWNET) < 0) {
		write_answer(fd, -1, errno, PROBE_STEP_NAMESPACE);
		_exit(1);
	}
	socket = connect_socket();
	family = socket ? resolve_family(socket) : -ENOMEM;
	if (family < 0) {
		write_answer(fd, -1, ENOENT, PROBE_STEP_FAMILY);
		_exit(1);
	}
	write_answer(fd, -1, 0, PROBE_STEP_SERVICES);
	for (size_t i = 0; i < count; i++)
		write_answer(
			fd, (int)i,
			try_item(socket, family, &items[i], (uint16_t)(FIRST_PORT + i)),
			PROBE_STEP_SERVICES);
	_exit(0);
}
