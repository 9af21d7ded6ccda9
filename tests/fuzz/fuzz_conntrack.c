/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any answers to what is asked of connection tracking, and to the deletion of what it has. */
#include <netinet/in.h>

#include "agent/kernel/conntrack.h"
#include "tests/fuzz/netlink_answers.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service_key make_key(const char *address, uint16_t port, uint8_t protocol)
{
	struct service_key key = { .port = port, .protocol = protocol };

	REQUIRE(address_parse(address, &key.address) == 0);
	return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct service_key keys[] = {
		make_key("10.0.0.1", 53, IPPROTO_UDP),
		make_key("fd00::1", 53, IPPROTO_UDP),
	};
	struct err err = { 0 };
	size_t deleted = 0;
	int r;

	answers_begin(data, size);
	r = conntrack_forget(keys, ARRAY_SIZE(keys), &deleted, &err);
	REQUIRE(r == 0 || err.text[0] != '\0');
	return 0;
}
