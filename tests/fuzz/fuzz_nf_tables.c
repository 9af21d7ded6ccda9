/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any answers of nf_tables: a generation, a table with all that is in it, then its notifications. */
#include <sys/socket.h>

#include "agent/kernel/netlink/monitor.h"
#include "agent/kernel/nft_table.h"
#include "tests/fuzz/netlink_answers.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char name[] = "ipvs-node";

static void read_table(void)
{
	cleanup_nft_reader struct nft_reader *reader = NULL;
	struct nft_table table = { 0 };
	struct err err = { 0 };
	uint32_t generation;
	int r;

	REQUIRE(nft_reader_open(&reader, &err) == 0);
	r = nft_read_generation(reader, &generation, &err);
	REQUIRE(r == 0 || err.text[0] != '\0');
	r = nft_read_table(reader, AF_INET, name, "marker-", &table, &err);
	REQUIRE(r == 0 || err.text[0] != '\0');
	REQUIRE(r < 0 || !table.exists || table.sum != 0);
}

static void watch(void)
{
	cleanup_monitor struct monitor *monitor = NULL;
	struct err err = { 0 };

	REQUIRE(monitor_new(&monitor, MONITOR_TABLE, name, &err) == 0);
	REQUIRE(monitor_dispatch(monitor) <= MONITOR_CHANGED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t half = size > 0 ? data[0] * size / 256 : 0;

	if (size == 0)
		return 0;
	answers_begin(data + 1, MIN_OF(half, size - 1));
	read_table();
	answers_begin(data + 1 + MIN_OF(half, size - 1),
		      size - 1 - MIN_OF(half, size - 1));
	answers_end_quietly();
	watch();
	return 0;
}
