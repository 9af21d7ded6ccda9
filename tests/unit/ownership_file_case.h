/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/temporary.h"

#include "agent/store/ownership_file.h"

static const char identity[] = "8d1a1f00-aaaa-bbbb-cccc-000000000001 4:4026531840";

static inline struct service_key tcp_key(const char *address, uint16_t port)
{
	struct service_key key = { .protocol = IPPROTO_TCP, .port = port };

	assert_int_equal(address_parse(address, &key.address), 0);
	return key;
}

static inline struct service_key fwmark_key(uint8_t family, uint32_t fwmark)
{
	return (struct service_key){ .address.family = family, .fwmark = fwmark };
}

/* One of everything that can be owned. */
static inline void fill(struct ownership *ownership)
{
	struct service_key keys[] = {
		tcp_key("10.0.0.1", 443),
		tcp_key("fd00::1", 0),
		fwmark_key(AF_INET, 7),
		fwmark_key(AF_INET6, UINT32_MAX),
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(
			ownership_mark(ownership, &keys[i],
				       i % 2 ? OWNERSHIP_INTENDED : OWNERSHIP_OWNED,
				       i % 2 ? 0xfedcba9876543210ULL : 0),
			0);
	for (unsigned int i = 0; i < 2; i++) {
		struct drain drain = { .service = keys[2 * i], .port = 8080 };

		assert_int_equal(
			address_parse(i ? "fd00::9" : "10.0.1.1", &drain.address), 0);
		drain.deadline_msec = i ? 0 : UINT64_MAX;
		assert_int_equal(ownership_set_drain(ownership, &drain), 0);
	}
	ownership->good_fingerprint = 0x0123456789abcdefULL;
	ownership->good_saved = true;
	ownership->timeouts_before = (struct timeouts){ .tcp = 900, .udp = 300 };
	ownership->daemons[sync_slot(SYNC_MASTER)] =
		(struct owned_daemon){ .mark = OWNERSHIP_OWNED, .link = 7 };
	ownership->daemons[sync_slot(SYNC_BACKUP)] =
		(struct owned_daemon){ .mark = OWNERSHIP_INTENDED,
				       .fingerprint = 0xaULL };
	ownership->rulesets[ruleset_slot(AF_INET)] =
		(struct owned_ruleset){ .mark = OWNERSHIP_OWNED,
					.fingerprint = 0xbULL,
					.handle = 42,
					.sum = UINT64_MAX };
	ownership->rulesets[ruleset_slot(AF_INET6)] =
		(struct owned_ruleset){ .mark = OWNERSHIP_INTENDED,
					.fingerprint = 0xcULL };
	assert_int_equal(
		globals_add_sysctl(&ownership->before, "net.ipv4.vs.conntrack", "0"), 0);
	assert_int_equal(globals_add_sysctl(&ownership->before, "net.ipv4.tcp_rmem",
					    "4096\t131072 6291456%\xff"),
			 0);
	assert_int_equal(globals_add_sysctl(&ownership->before, "net.core.empty", ""), 0);
	assert_int_equal(ownership_note_made(ownership,
					     "net.netfilter.nf_conntrack_buckets",
					     "100000", "100352"),
			 0);
	ownership->link = (struct owned_link){ "ipvs0", { 2, 0, 0x5e, 0, 0xff, 1 } };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(address_list_add(&ownership->bound, &keys[i].address),
				 0);
	ownership->routes = true;
}
