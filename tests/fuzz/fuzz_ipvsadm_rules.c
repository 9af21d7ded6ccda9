/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as what ipvsadm-save prints: refused with a place, or taken, and what is taken can be written
 * as a state and read back the same.
 */
#include "agent/state/ipvsadm/ipvsadm_rules.h"
#include "tests/fuzz/state_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each line of messages has the place and is fit to be printed. */
static void require_messages(char *messages)
{
	REQUIRE(is_utf8(messages));
	for (char *line = strsep(&messages, "\n"); line && *line;
	     line = strsep(&messages, "\n"))
		REQUIRE(strncmp(line, "rules:", 6) == 0 && line[6] >= '1' &&
			line[6] <= '9' && strlen(line) < 300);
}

static void require_problems(const struct state_problems *problems)
{
	for (size_t i = 0; i < problems->count && i < STATE_PROBLEMS_MAX; i++)
		require_messages(problems->lines[i]);
}

static void require_state(const struct table *table)
{
	size_t length;
	int outcome;
	char *text = write_text(table, &length, &outcome);

	REQUIRE(outcome == STATE_WRITTEN);
	require_round_trip(text, length);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_problems problems = { 0 };
	struct table table = { 0 };
	char *text = strndup((const char *)data, size), *left_out = NULL;
	size_t length;
	FILE *out = open_memstream(&left_out, &length);
	int r;

	REQUIRE(text && out);
	r = ipvsadm_rules_read("rules", text, &table, out, &problems);
	REQUIRE(fclose(out) == 0 && r >= 0);
	REQUIRE((r == RULES_UNREADABLE) == (problems.count > 0));
	REQUIRE(r != RULES_READ || length == 0);
	require_messages(left_out);
	require_problems(&problems);
	require_state(&table);
	table_clear(&table);
	state_problems_clear(&problems);
	free(left_out);
	free(text);
	return 0;
}
