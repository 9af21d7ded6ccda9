/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any answers to what is asked of the node's own sockets. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "agent/kernel/listeners.h"
#include "common/cleanup.h"
#include "tests/fuzz/netlink_answers.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free struct listener *listeners = NULL;
	struct err err = { 0 };
	size_t count = 0;
	int r;

	answers_begin(data, size);
	r = listeners_read(&listeners, &count, &err);
	REQUIRE(r == 0 || err.text[0] != '\0');
	/* What could be had is there also where it fails. */
	for (size_t i = 0; i < count; i++) {
		char text[ADDRESS_TEXT];

		REQUIRE(listeners[i].address.family == AF_INET ||
			listeners[i].address.family == AF_INET6);
		REQUIRE(listeners[i].protocol == IPPROTO_TCP ||
			listeners[i].protocol == IPPROTO_UDP);
		address_format(&listeners[i].address, text);
	}
	return 0;
}
