/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a state file: refused with a place, or taken, written and taken back the same. In
 * slices it is taken where it is without, and gives the same.
 */
#include <errno.h>

#include "agent/state/merge.h"
#include "common/cluster_document.h"
#include "tests/fuzz/state_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLICES = 4 };

static bool read_in_slices(const uint8_t *data, size_t size, struct table *table)
{
	struct source source = { .data = (char *)data, .length = size };
	struct state_cache cache = { 0 };
	struct draft *draft = calloc(1, sizeof(*draft));
	int r;

	REQUIRE(draft);
	draft->kept = DRAFT_NOT_KEPT;
	draft->file.path = strdup("state.json");
	REQUIRE(draft->file.path);
	r = draft_parse(draft, &source, SLICES, 1);
	if (r == 0)
		r = merge_drafts(&cache, draft, 1);
	drafts_free(draft, 1);
	REQUIRE(r == 0 || r == -ECANCELED);
	*table = cache.table;
	cache.table = (struct table){ 0 };
	state_cache_clear(&cache);
	return r == 0;
}

static bool is_cluster(const uint8_t *data, size_t size)
{
	struct json_text text;

	json_text_init(&text, (const char *)data, size);
	return cluster_document_is(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 }, other = { 0 };
	bool in_slices, valid = read_text((const char *)data, size, &table, &problems);

	in_slices = read_in_slices(data, size, &other);
	/* Objects of a cluster are read in one piece. */
	REQUIRE(in_slices ? valid : !valid || is_cluster(data, size));
	if (valid) {
		size_t length, other_length;
		int outcome;
		char *text = write_text(&table, &length, &outcome), *again;

		/* All that can be read can be written. */
		REQUIRE(outcome == STATE_WRITTEN);
		require_round_trip(text, length);
		if (in_slices) {
			again = write_text(&other, &other_length, &outcome);
			REQUIRE(other_length == length &&
				memcmp(text, again, length) == 0);
			free(again);
		}
		free(text);
	}
	table_clear(&table);
	table_clear(&other);
	state_problems_clear(&problems);
	return 0;
}
