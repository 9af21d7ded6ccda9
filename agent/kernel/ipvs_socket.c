/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/kernel/ipvs.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <stdlib.h>

#include "agent/kernel/ipvs_socket.h"
#include "agent/kernel/ipvs_message.h"

int ipvs_open(struct ipvs **ipvs, struct err *err)
{
	cleanup_ipvs struct ipvs *opened = calloc(1, sizeof(*opened));
	int r;

	if (!opened)
		return err_errno(err, ENOMEM, "IPVS");
	r = netlink_open_family(&opened->socket, IPVS_GENL_NAME, RECEIVE_SHORT, err);
	if (r == -ENOENT)
		return err_set(
			err, ENOENT,
			"the kernel has no IPVS: its module ip_vs is not loaded; ipvs-preflight loads it and says why it cannot");
	if (r < 0)
		return r;
	*ipvs = TAKE_PTR(opened);
	return 0;
}

void ipvs_close(struct ipvs *ipvs)
{
	if (!ipvs)
		return;
	netlink_close(ipvs->socket);
	netlink_close(ipvs->long_socket);
	ipvs_close(ipvs->second_reader);
	free(ipvs);
}

static int handle_info(const struct nlmsghdr *message, void *context)
{
	struct ipvs_info *info = context;

	return ipvs_decode_info(message, &info->version, &info->connection_table_size);
}

int ipvs_get_info(struct ipvs *ipvs, struct ipvs_info *info, struct err *err)
{
	struct ipvs_info answer = { 0 };
	struct request_buffer buffer;
	struct request request;
	int r;

	netlink_start_command(ipvs->socket, &request, buffer.bytes, sizeof(buffer.bytes),
			      IPVS_CMD_GET_INFO, IPVS_GENL_VERSION, 0);
	ipvs->counts.reads++;
	r = netlink_ask(ipvs->socket, request_end(&request), handle_info, &answer);
	if (r < 0)
		return err_errno(err, -r, "IPVS: reading its version");
	*info = answer;
	return 0;
}

void ipvs_pursue(struct ipvs *ipvs, struct ipvs_pursuit *pursuit)
{
	ipvs->pursuit = pursuit;
}

const struct ipvs_counts *ipvs_get_counts(const struct ipvs *ipvs)
{
	return &ipvs->counts;
}
