/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Documentation/accounting/taskstats.rst. The kernel fills in the name for each process
 * that is queried (kernel/tsacct.c: bacct_add_tsk).
 */
#include "common/process_names.h"

#include <errno.h>
#include <linux/taskstats.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { ANSWER_SECONDS = 5 };

_Static_assert(PROCESS_NAME == TS_COMM_LEN, "the kernel's length of a name");

struct process_names {
	struct nl_sock *socket;
	int family;
};

struct process_answer {
	char *comm; /* of PROCESS_NAME bytes */
	int code;   /* 0 once the name is known, else a positive errno */
};

void process_names_free(struct process_names *names)
{
	nl_socket_free(names->socket);
	free(names);
}

struct process_names *process_names_new(void)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	cleanup_process_names struct process_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->socket = nl_socket_alloc();
	if (!names->socket || genl_connect(names->socket) < 0)
		return NULL;
	if (setsockopt(nl_socket_get_fd(names->socket), SOL_SOCKET, SO_RCVTIMEO, &limit,
		       sizeof(limit)) < 0)
		return NULL;
	names->family = genl_ctrl_resolve(names->socket, TASKSTATS_GENL_NAME);
	if (names->family < 0)
		return NULL;
	/* The answer is one message or an error. */
	nl_socket_disable_auto_ack(names->socket);
	return TAKE_PTR(names);
}

static int on_error(UNUSED struct sockaddr_nl *who, struct nlmsgerr *error, void *context)
{
	struct process_answer *answer = context;

	answer->code = -error->error;
	return NL_STOP;
}

/* The kernel's structure only grows at its end; the name keeps its offset. */
static int on_statistics(struct nl_msg *message, void *context)
{
	const int end = offsetof(struct taskstats, ac_comm) + TS_COMM_LEN;
	struct process_answer *answer = context;
	struct nlattr *all, *one;

	all = nlmsg_find_attr(nlmsg_hdr(message), GENL_HDRLEN, TASKSTATS_TYPE_AGGR_PID);
	one = all ? nla_find(nla_data(all), nla_len(all), TASKSTATS_TYPE_STATS) : NULL;
	if (!one || nla_len(one) < end)
		return NL_SKIP;
	snprintf(answer->comm, PROCESS_NAME, "%s",
		 (const char *)nla_data(one) + offsetof(struct taskstats, ac_comm));
	answer->code = 0;
	return NL_STOP;
}

static int query_name(struct process_names *names, uint32_t pid)
{
	struct nl_msg *message = nlmsg_alloc();
	int r = -NLE_NOMEM;

	if (message &&
	    genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, names->family, 0, 0,
			TASKSTATS_CMD_GET, TASKSTATS_GENL_VERSION) &&
	    nla_put_u32(message, TASKSTATS_CMD_ATTR_PID, pid) == 0)
		r = nl_send_auto(names->socket, message);
	nlmsg_free(message);
	return r < 0 ? -EIO : 0;
}

int process_names_get(struct process_names *names, uint32_t pid,
		      char comm[static PROCESS_NAME])
{
	struct process_answer answer = { .comm = comm, .code = EIO };
	int r = query_name(names, pid);

	if (r < 0)
		return r;
	nl_socket_modify_cb(names->socket, NL_CB_VALID, NL_CB_CUSTOM, on_statistics,
			    &answer);
	nl_socket_modify_err_cb(names->socket, NL_CB_CUSTOM, on_error, &answer);
	nl_recvmsgs_default(names->socket);
	return -answer.code;
}
