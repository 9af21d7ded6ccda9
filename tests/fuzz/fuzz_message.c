/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kernel/ipvs_message.h"

/* One netlink message as the kernel might send it, to every decoder. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct nlmsghdr *message)
{
	struct service service = { 0 };
	struct destination destination = { 0 };
	struct timeouts timeouts = { 0 };
	struct sync_daemon daemon = { 0 };
	char text[SERVICE_KEY_TEXT + DESTINATION_KEY_TEXT];
	uint32_t version, table_size;

	if (ipvs_decode_service(message, &service) == 0)
		service_key_format(&service.key, text);
	if (ipvs_decode_destination(message, AF_INET, &destination) == 0)
		destination_key_format(&destination, text);
	if (ipvs_decode_timeouts(message, &timeouts) < 0)
		timeouts.tcp = 0;
	if (ipvs_decode_sync_daemon(message, &daemon) < 0)
		daemon.role = SYNC_NONE;
	if (ipvs_decode_info(message, &version, &table_size) < 0)
		version = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory of its own size, so that a read past its end is seen. */
	struct nlmsghdr *message;

	if (size < sizeof(*message))
		return 0;
	message = malloc(size);
	if (!message)
		return 0;
	memcpy(message, data, size);
	/* What recvmsg() gave is known to be this long (socket.c checks with nlmsg_ok()). */
	message->nlmsg_len = (uint32_t)size;
	decode(message);
	free(message);
	return 0;
}
