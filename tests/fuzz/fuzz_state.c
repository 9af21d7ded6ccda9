/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a state file: refused with a place, or taken, written and taken back the same. */
#include "tests/fuzz/state_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };

	if (read_text((const char *)data, size, &table, &problems)) {
		size_t length;
		int outcome;
		char *text = write_text(&table, &length, &outcome);

		/* All that can be read can be written. */
		REQUIRE(outcome == STATE_WRITTEN);
		require_round_trip(text, length);
		free(text);
	}
	table_clear(&table);
	state_problems_clear(&problems);
	return 0;
}
